# SPDX-License-Identifier: MIT
# big.sh: buffers and syncs where memory lies beyond 4 GiB, then each mistake of
# tests/vm/breaks/x86 under the test that must notice it.
. "$top/tests/vm/guest/lib.sh"
export PIACCEL_TEST_MODE=$mode

# notices NAME PROGRAM TEST: the module with that mistake fails this test.
notices() {
	local out
	rmmod piaccel && insmod "$build/vm/broken-$1/piaccel.ko" || return 1
	out=$(timeout -k 5 120 "$build/kselftest/$2" -t "$3" 2>&1 </dev/null)
	grep -q "^not ok [0-9]* .*[.]$3\>" <<<"$out"
	result $? "$2 notices $1: $3" "$out"
}
broken() {
	local p name line
	for p in "$top"/tests/vm/breaks/x86/*.patch; do
		name=$(basename "$p" .patch)
		line=$(sed -n "/^---/q; s/^Found by //p" "$p")
		notices "$name" "${line%%:*}" "${line#*: }"
	done
	echo "1..$n"
}

modules_up || { echo "the modules do not load"; exit 1; }
[ "$(awk '/^MemTotal/ { print $2 }' /proc/meminfo)" -gt $((5 << 20)) ] ||
	{ echo "this machine has no memory beyond 4 GiB"; exit 1; }
for t in buf_test sync_test; do suite "$t" "$build/kselftest/$t"; done
suite breaks broken
exit 0
