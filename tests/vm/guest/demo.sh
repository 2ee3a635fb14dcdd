# SPDX-License-Identifier: MIT
# What the demo does inside the machine.
. "$top/tests/vm/guest/lib.sh"

demo() {
	local said
	echo "1..3"
	load piaccel && [ -c /dev/piaccel ] || { echo "not ok 1 - insmod piaccel.ko"; return 1; }
	echo "# kernel $(uname -r), $(uname -m)"
	echo "ok 1 - insmod piaccel.ko"
	said=$("$build/accelctl" info) || { echo "not ok 2 - accelctl info"; return 1; }
	printf '%s\n' "$said" | sed 's/^/# /'
	echo "ok 2 - accelctl info"
	rmmod piaccel && [ ! -e /dev/piaccel ] || { echo "not ok 3 - rmmod piaccel"; return 1; }
	echo "ok 3 - rmmod piaccel"
}
suite demo demo
