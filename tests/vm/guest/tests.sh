# SPDX-License-Identifier: MIT
# The tests of one boot: every kselftest, then loading and unloading.
. "$top/tests/vm/guest/lib.sh"
export PIACCEL_TEST_MODE=$mode
export PIACCEL_FUZZ_CALLS=50000 PIACCEL_FUZZ_THREADS=4
export PIACCEL_MODULE=$build/vm/piaccel/piaccel.ko

modules_up || { echo "the modules do not load"; exit 1; }
for t in "$build"/kselftest/*_test; do
	[ -x "$t" ] || continue
	n=$(basename "$t")
	# programs about time say so by their name; the rest need no second look
	case $mode-$n in
	icount-*timing_test) ;;
	icount-*) continue ;;
	smp-*timing_test) continue ;;
	esac
	suite "$n" "$t"
done
for s in "$top"/tests/vm/guest/test-"$mode"-*.sh; do
	[ -e "$s" ] || continue
	n=$(basename "$s" .sh)
	suite "${n#test-"$mode"-}" bash "$s"
done
exit 0
