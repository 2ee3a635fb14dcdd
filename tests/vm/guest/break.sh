# SPDX-License-Identifier: MIT
# break.sh NAME PROGRAM: the module with the mistake of tests/vm/breaks/NAME.patch
# under one test program. Whether the mistake was seen is read from the console.
. "$top/tests/vm/guest/lib-debug.sh"

load gpio-sim && sim_up && load testboard || exit 1
mark "fault $1"
load "$1" || exit 1
timeout -k 5 100 "$build/kselftest/$2" >/dev/null 2>&1
rmmod piaccel
exit 0
