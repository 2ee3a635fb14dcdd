#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# drivers.sh swiftshader|newest: the suites of numbers on a driver that nobody
# tunes to.
#
# SwiftShader (of Debian's chromium-common) is only as exact as Vulkan demands;
# the lavapipe of Debian unstable may lose what the released one keeps. Prints
# TAP. Skipped, with the reason, where the packages cannot be had.

. "$(dirname "$0")/../../scripts/lib.sh"
T=$(mktemp -d) || die "cannot make a temporary folder (disk full?)"
trap 'rm -rf "$T"' EXIT
. "$(dirname "$0")/newest.sh"
n=0

swiftshader_fetch() {
	local tree
	tree=$("$top/scripts/fetch.sh" host "$arch" chromium-common 2>"$T/err") || return
	icd=$tree/usr/lib/chromium/vk_swiftshader_icd.json
	[ -e "$icd" ] || { echo "chromium-common has no SwiftShader" >"$T/err"; return 1; }
}
# the validation layer would judge the driver, not the library
swiftshader() {
	env -u VK_INSTANCE_LAYERS VK_ICD_FILENAMES="$icd" VK_DRIVER_FILES="$icd" \
		ACCEL_CACHE_DIR='' "$@"
}
# on DRIVER SUITE [ARGUMENT]: one line; a suite that skips has not run
on() {
	local rc passed bad
	"$1" "$BUILD/unit/test_$2" ${3:+"$3"} >"$T/out" 2>&1
	rc=$?
	passed=$(grep '^ok' "$T/out" | grep -vc '# SKIP')
	bad=$(grep -c '^not ok' "$T/out")
	n=$((n + 1))
	[ $rc = 0 ] && [ "$bad" = 0 ] && [ "$passed" -gt 10 ] || {
		grep -B2 -A2 '^not ok' "$T/out" | tail -30 | sed 's/^/# /'
		echo "# it ended with $rc: $(tail -1 "$T/out")"
		printf 'not '
	}
	echo "ok $n - test_$2 on $1: $passed passed, $bad failed"
}

case ${1:-} in
swiftshader | newest) ;;
*) die "usage: drivers.sh swiftshader|newest" ;;
esac
if ! "$1_fetch"; then
	echo "ok 1 - the suites of numbers on $1 # SKIP $(tail -1 "$T/err")"
	echo "1..1"
	exit 0
fi
on "$1" kernels
for s in special ops grad elementwise fit; do on "$1" $s vulkan; done
echo "1..$n"
