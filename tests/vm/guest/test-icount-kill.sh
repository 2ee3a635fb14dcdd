# SPDX-License-Identifier: MIT
# Controllers that are killed leave their relays safe; kill-control.sh has more
# rounds of it.
. "$top/tests/vm/guest/lib.sh"
. "$top/tests/vm/guest/lib-kill.sh"

if [ ! -c /dev/testboard ] || [ ! -x "$build/tbctl" ] || [ ! -x "$build/accel" ]; then
	echo "1..0 # SKIP no test board, or accel was not built"
	exit 4
fi
warm
kill_rounds 10
