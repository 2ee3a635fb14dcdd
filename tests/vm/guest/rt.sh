# SPDX-License-Identifier: MIT
# rt.sh [TEST...]: kselftests on a PREEMPT_RT kernel, those that have been seen to
# pass there where none is named; on instruction-counted time those about time.
. "$top/tests/vm/guest/lib.sh"
export PIACCEL_TEST_MODE=$mode
export PIACCEL_MODULE=$build/vm/piaccel/piaccel.ko
# the test board takes raw spinlocks, as the Raspberry Pi's driver does
export PIACCEL_MODULE_ARGS=atomic_drivers=testboard

kernel_is_realtime() {
	[[ $(uname -v) = *PREEMPT_RT* ]]
	result $? "the kernel is PREEMPT_RT" "$(uname -v)"
	echo "1..$n"
}

[ $# -gt 0 ] || case $mode in
icount) set -- defer_timing_test failsafe_timing_test ;;
*) set -- buf_test chip_test chip_name_test compat_test deaf_test defer_test \
	edge_test failsafe_test floor_test hold_test info_test invalid_test \
	line_test line_info_test line_share_test quota_test silent_test \
	stream_test suspend_test sync_test testboard_test uid_test unload_test \
	wait_test ;;
esac
modules_up || { echo "the modules do not load"; exit 1; }
suite kernel kernel_is_realtime
for t; do suite "$t" "$build/kselftest/$t"; done
exit 0
