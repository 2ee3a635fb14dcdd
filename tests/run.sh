#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# run.sh check|demo|bench|lint|check-kernels|check-debug|check-races|check-v3d|check-exchange:
# the jobs behind the Makefile's targets. Each leaves TAP in build/results/ and ends with
# "N passed, N failed, N skipped" over its own suites.

. "$(dirname "$0")/../scripts/lib.sh"
cd "$top" || exit 1
mkdir -p "$BUILD/results" 2>/dev/null && [ -w "$BUILD/results" ] ||
	die "cannot write to $BUILD/results"
suite=$top/scripts/suite.sh
bad=0
# what is looked up in the package index is looked up once
ACCEL_MEMO=$(mktemp -d) || die "cannot make a temporary folder (disk full?)"
export ACCEL_MEMO
trap 'rm -rf "$ACCEL_MEMO"' EXIT

# finish PREFIX...: sum the suites whose names begin so.
finish() {
	local p files=()
	for p; do files+=("$BUILD"/results/"$p"*.tap); done
	"$top/scripts/tap.sh" sum "${files[@]}" || bad=1
	exit $bad
}
clear_results() {
	local p
	for p; do rm -f "$BUILD"/results/"$p"*.tap; done
}
# TARGETS...: with this make's settings
build() {
	make --no-print-directory -j"$(nproc)" "$@" ||
		die "the build failed"
}

# go COMMAND...: in the background, as many at once as there are processors. What
# runs in the background is deaf to Ctrl-C unless told otherwise.
running=0
go() {
	if [ "$running" -ge "$(nproc)" ]; then
		wait -n || bad=1
	else
		running=$((running + 1))
	fi
	{ trap - INT QUIT; "$@"; } &
}
all_done() {
	for (( ; running; running--)); do wait -n || bad=1; done
}

# The conformance suites run on every backend, Vulkan under its validation
# layers, which must keep silent (scripts/tap.sh). AddressSanitizer judges the
# CPU backend: a driver's leaks are not ours.
unit() { # PREFIX BUILD
	local t n on
	for t in tests/unit/test_*.c "$2"/unit/test_fuzz_*; do
		n=$(basename "${t##*/test_}" .c)
		t=$2/unit/test_$n
		if grep -qs conform_main "tests/unit/test_$n.c"; then
			for on in cpu $([ "$1" = asan ] || echo vulkan v3d42); do
				go "$suite" "$1-$n-$on" "$t" "$on"
			done
		elif [ "$1-$n" != asan-kernels ]; then
			go "$suite" "$1-$n" "$t"
		fi
	done
}

# boot NAME RESULTS COMMAND...: a boot of the test machine, unless all that goes
# into it is as it was when it passed; its results stand then. FRESH=1 boots
# anyway, and so does a clean clone.
boot() {
	local name=$1 results=$2 key stamp; shift 2
	stamp=$BUILD/vm/passed-$name
	key=$(find "$BUILD"/kselftest "$BUILD"/docs "$BUILD"/tbctl "$BUILD"/accel* \
		"$BUILD"/libaccel.so* "$BUILD"/unit/test_zero_copy "$BUILD"/vm/*/*.ko \
		"$BUILD"/vm/kernel tests/vm \
		-type f -print0 | sort -z | xargs -0 sha256sum | sha256sum)
	if [ -z "${FRESH:-}" ] && [ "$(sed -n 1p "$stamp" 2>/dev/null)" = "$key" ] &&
	   compgen -G "$BUILD/results/$results*.tap" >/dev/null; then
		say VM "$name boot: nothing changed since it passed, $(sed -n 2p "$stamp") (FRESH=1 boots anyway)"
		return
	fi
	rm -f "$stamp"
	clear_results "$results"
	"$@" || return
	{ echo "$key"; date '+%F %H:%M'; } >"$stamp"
}

case ${1:-} in
check)
	need_space "$BUILD" 500
	clear_results unit- asan- e2e-
	export VK_INSTANCE_LAYERS=VK_LAYER_KHRONOS_validation
	build all unit-programs kselftest-programs exchange-programs
	BUILD=$BUILD/asan build SANITIZE=1 unit-programs
	tests/vm/vm.sh prepare || exit 1
	export VM_READY=1
	# what takes long goes first
	go boot smp vm-smp- tests/vm/vm.sh smp
	go boot icount vm-icount- tests/vm/vm.sh icount
	go boot big vm-big- env VM_NAME=big VM_MEM=6144 \
		tests/vm/vm.sh smp "$PWD/tests/vm/guest/big.sh"
	for t in tests/e2e/test-*.sh; do
		n=$(basename "$t" .sh)
		go "$suite" "e2e-${n#test-}" bash "$t"
	done
	for how in panic reboot poweroff; do
		go boot $how vm-$how tests/vm/panic.sh $how
	done
	unit unit "$BUILD"
	# who leaks decides scripts/tap.sh
	LSAN_OPTIONS=exitcode=0 unit asan "$BUILD/asan"
	all_done
	finish unit- asan- e2e- vm- ;;
demo)
	build all
	tests/demo.sh
	exit $? ;;
bench)
	build all
	for t in tests/bench/*.sh; do bash "$t" || bad=1; done
	exit $bad ;;
lint)
	clear_results lint
	"$suite" lint tests/lint.sh || bad=1
	finish lint ;;
check-kernels)
	clear_results kernels rt-
	build kselftest-programs
	tests/vm/kernels.sh || bad=1
	tests/vm/rt.sh || bad=1
	finish kernels rt- ;;
check-debug)
	clear_results debug buffers
	build kselftest-programs unit-programs
	tests/vm/debug.sh || bad=1
	tests/vm/buffers.sh || bad=1
	finish debug buffers ;;
check-races)
	clear_results races
	build kselftest-programs
	tests/vm/debug-x86.sh || bad=1
	finish races ;;
check-v3d)
	clear_results v3d coop drivers
	tests/v3d/check.sh || bad=1
	build unit-programs
	"$suite" coop tests/v3d/coop.sh || bad=1
	for driver in newest swiftshader; do
		go "$suite" "drivers-$driver" tests/v3d/drivers.sh $driver
	done
	all_done
	finish v3d coop drivers ;;
check-exchange)
	clear_results exchange
	build all exchange-programs
	COUNT=10000 "$suite" exchange-tables bash tests/e2e/test-tables.sh || bad=1
	"$suite" exchange-fit bash tests/exchange/fit.sh || bad=1
	finish exchange ;;
*) die "usage: run.sh check|demo|bench|lint|check-kernels|check-debug|check-races|check-v3d|check-exchange" ;;
esac
