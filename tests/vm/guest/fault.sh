# SPDX-License-Identifier: MIT
# fault.sh KIND: one mistake of tests/vm/faultmod. It ends well: whether the
# mistake was seen is read from the console.
. "$top/tests/vm/guest/lib-debug.sh"

mark "fault $1"
load faultmod kind="$1" || exit 1
[ "$1" != pages ] || pages faultmod
rmmod faultmod || exit 1
[ "$1" != leak ] || leaks
exit 0
