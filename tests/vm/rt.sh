#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# rt.sh: lines and fail-safe on Debian's PREEMPT_RT kernel: function on two CPUs,
# and what is about time on instruction-counted time (tests/vm/vm.sh). Results:
# build/results/rt-*.tap; consoles: build/rt/.
#
#   rt.sh [smp|icount [TEST...]]   one boot, and in it these tests alone

# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
vm=$top/tests/vm
case $BUILD in /*) ;; *) BUILD=$top/$BUILD ;; esac

# vm.sh asks how a boot went; it runs with the folder below
if [ "${1:-}" = judge ]; then
	exec "$vm/split-tap.sh" "$2" "$3" "$4" "$2"
fi

# Modules of another kernel need a folder of their own; programs do not.
mkdir -p "$BUILD/rt" "$BUILD/results" &&
	ln -sfn "$BUILD/kselftest" "$BUILD/rt/kselftest" &&
	ln -sfn "$BUILD/results" "$BUILD/rt/results" || die "cannot write to $BUILD"
[ -x "$BUILD/kselftest/defer_test" ] || die "no programs in $BUILD/kselftest: make check-kernels makes them"
export BUILD=$BUILD/rt VM_KERNEL=rt-amd64 VM_JUDGE=$vm/rt.sh
"$vm/vm.sh" prepare || exit 1
export VM_READY=1

modes=${1:-smp icount} bad=0
[ $# = 0 ] || shift
for mode in $modes; do
	rm -f "$BUILD"/results/rt-"$mode"-*.tap
	VM_NAME=rt-$mode VM_TIMEOUT=${VM_TIMEOUT:-2400} \
		"$vm/vm.sh" "$mode" "$vm/guest/rt.sh" "$@" || bad=1
done
exit $bad
