#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# debug.sh [PROGRAM...]: the module under KASAN, lockdep, kmemleak and fault injection.
#
# Builds (once, cached) the user-mode debug kernel, then boots it
#   - once for each mistake of tests/vm/faultmod: each must be seen for what it is,
#     or this check could not fail and would be worth nothing;
#   - for the mistakes of tests/vm/breaks in the module itself: once for each that
#     the kernel's own tools must see, once for all that a kselftest must. Its
#     patch says by whom, in a line above the first ---:
#         Found by PROGRAM: CLASS	a class of scan-console.sh, on the console
#         Found by PROGRAM: TEST	that test of the program fails
#   - once with the simulated chips and the module: every program in
#     build/kselftest (or those named; make kselftest-programs builds them), 100
#     load and unload cycles, a search for leaks. Any complaint in the console
#     fails it.
# Results: build/results/debug-*.tap; consoles: build/uml-console*.log.
#
#   DEBUG_SECONDS (3600)  the limit of the long boot

# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
# the caller's make must not reach the kernel's
unset MAKEFLAGS MFLAGS MAKELEVEL ARCH CROSS_COMPILE
vm=$top/tests/vm

mkdir -p "$BUILD/results" "$BUILD/debug" 2>/dev/null || die "cannot write to $BUILD"
work=$BUILD/debug
rm -f "$BUILD"/results/debug-*.tap "$BUILD"/uml-console*.log

kernel=$("$vm/debug-kernel.sh" uml) || exit 1

module() { # FOLDER NAME: built for that kernel, into the guest's ko/
	MODULE_SRC=$1 "$top/scripts/module.sh" "$kernel/kdir" "$work/$2" || exit 1
	cp "$work/$2/$2.ko" "$work/ko/" || die "cannot copy $2.ko (disk full?)"
}
rm -rf "$work/ko"
mkdir -p "$work/ko" || die "cannot write to $work"
cp "$kernel"/modules/*.ko "$work/ko/" || die "cannot copy the modules (disk full?)"
module "$top" piaccel
module "$vm/faultmod" faultmod
[ ! -d "$vm/testboard" ] || module "$vm/testboard" testboard

# The mistakes in the module, one after the other in one copy of it, so that only
# what a patch touches is built again. Rows "NAME PROGRAM CLASS" in $work/seen,
# "NAME PROGRAM TEST" in $work/tested.
breaks() {
	local p name program how src=$work/src
	rm -rf "$src" "$work/tested" "$work/seen"
	mkdir -p "$src" || die "cannot write to $work"
	cp -r "$top/Kbuild" "$top/driver" "$top/uapi" "$src/" ||
		die "cannot copy the driver (disk full?)"
	for p in "$vm"/breaks/*.patch; do
		name=$(basename "$p" .patch)
		IFS=: read -r program how < <(sed -n '/^---/q; s/^Found by //p' "$p")
		[ -x "$BUILD/kselftest/$program" ] && [ -n "${how:-}" ] ||
			die "$p does not say 'Found by PROGRAM: CLASS or TEST'"
		case $how in
		" kasan" | " sleep" | " lockdep" | " warn" | " hang")
			echo "$name $program$how" >>"$work/seen" ;;
		*) echo "$name $program$how" >>"$work/tested" ;;
		esac
		patch -s -d "$src" -p1 <"$p" ||
			die "$p does not fit the driver any more: make it again"
		MODULE_SRC=$src "$top/scripts/module.sh" "$kernel/kdir" "$work/broken" || exit 1
		cp "$work/broken/piaccel.ko" "$work/ko/$name.ko" ||
			die "cannot copy $name.ko (disk full?)"
		patch -s -R -d "$src" -p1 <"$p" || die "cannot take $p back"
	done
}
breaks

# ---- this check can fail -----------------------------------------------------
# fault KIND CLASS PROMISE [SCRIPT ARGUMENTS...]: a TAP line in $work/fault-KIND;
# CLASS is what the scanner must say.
fault() {
	local log=$BUILD/uml-console-$1.log found rc script
	if [ $# -gt 3 ]; then script=("${@:4}"); else script=(fault.sh "$1"); fi
	UML_SECONDS=$([ "$1" = hang ] && echo "$hang" || echo 300) \
		"$vm/uml.sh" "$kernel/linux" "$1" "${script[@]}" || exit 1
	found=$("$vm/scan-console.sh" -e "$log")
	rc=$?
	if ! grep -q "piaccel-test: fault $1" "$log"; then
		false
	elif [ "$2" = clean ]; then
		[ $rc = 0 ]
	else
		[ $rc = 1 ] && grep -q "^[^ ]*:[0-9]*: $2: " <<<"$found"
	fi && { echo "ok - $3" >"$work/fault-$1"; return 0; }
	# shellcheck disable=SC2001 # each of many lines
	{ sed 's/^/# /' <<<"${found:-nothing found in $log}"; echo "not ok - $3"; } >"$work/fault-$1"
	return 1
}

# tested: the mistakes that a test must notice, all in one boot; TAP lines in
# $work/fault-tested. A boot that died has no results for the rest.
tested() {
	local name program test
	rm -rf "$work/broken-tap"
	mkdir -p "$work/broken-tap" || die "cannot write to $work"
	UML_SECONDS=1200 "$vm/uml.sh" "$kernel/linux" tested broken.sh || exit 1
	while read -r name program test; do
		if grep -q "^not ok [0-9]* .*[.]$test\>" "$work/broken-tap/$name"; then
			echo "ok - $program notices $name: $test"
			continue
		fi
		sed 's/^/# /' "$work/broken-tap/$name" ||
			tail -20 "$BUILD/uml-console-tested.log" | sed 's/^/# /'
		echo "not ok - $program notices $name: $test"
	done <"$work/tested" >"$work/fault-tested" 2>&1
}

# faults: one that makes no mistake first, then the others side by side.
faults() {
	rm -f "$work"/fault-*
	local start=$SECONDS hang name program class
	fault none clean "a module without a mistake leaves a clean console"
	# enough for it to get there, on a machine as slow as this one is now
	hang=$((15 + 6 * (SECONDS - start)))
	cat "$work/fault-none"
	grep -q ^ok "$work/fault-none" || return 1
	fault oob kasan "KASAN catches an off-by-one" &
	fault uaf kasan "KASAN catches a use after free" &
	fault sleep sleep "a sleeping call under a spinlock is caught" &
	fault lock lockdep "lockdep catches a lock inversion" &
	fault leak kmemleak "kmemleak catches a lost buffer" &
	fault pages kmemleak "the page owner list catches a lost page" &
	fault warn warn "a WARN is caught" &
	fault hang end "the time limit ends a machine that hangs, and that fails" &
	wait
	while read -r name program class; do
		fault "$name" "$class" "$class is seen when $program meets $name" \
			break.sh "$name" "$program" &
	done <"$work/seen"
	tested &
	wait
	mv "$work/fault-none" "$work/none"
	cat "$work"/fault-*
	echo "1..$(cat "$work/none" "$work"/fault-* | grep -cE '^(not )?ok ')"
}

bad=0
"$top/scripts/suite.sh" debug-scanner "$vm/scan-console-test.sh" || bad=1
say BOOT "user-mode debug kernel, once for each mistake on purpose"
faults >"$BUILD/results/debug-faults.tap" || {
	! grep -qi ptrace "$BUILD/uml-console-none.log" ||
		say HINT "user-mode Linux needs ptrace; a container must allow it (--cap-add SYS_PTRACE --security-opt seccomp=unconfined)"
	"$top/scripts/tap.sh" check debug-faults "$BUILD/results/debug-faults.tap" 0
	die "the debug kernel does not run cleanly here; its console: $BUILD/uml-console-none.log"
}
"$top/scripts/tap.sh" check debug-faults "$BUILD/results/debug-faults.tap" 0 || bad=1

# ---- the module ----------------------------------------------------------------
say BOOT "user-mode debug kernel, every kselftest"
rm -f "$work/tap"
UML_SECONDS=${DEBUG_SECONDS:-3600} UML_MEM=1024 \
	"$vm/uml.sh" "$kernel/linux" tests debug.sh "$@" || exit 1
mv "$BUILD/uml-console-tests.log" "$BUILD/uml-console.log"
"$vm/split-tap.sh" debug "$BUILD/uml-console.log" "$work/tap" debug || bad=1
exit $bad
