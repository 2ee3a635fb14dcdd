#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# coop.sh: matrix products by cooperative matrices against the double reference.
#
# On the lavapipe of Debian unstable, the only driver here that has them, with
# that release's C library. Prints TAP. Skipped without a network, unless the
# packages are in the cache.

. "$(dirname "$0")/../../scripts/lib.sh"
T=$(mktemp -d) || die "cannot make a temporary folder (disk full?)"
trap 'rm -rf "$T"' EXIT
arch=$(dpkg --print-architecture)
triplet=$(uname -m)-linux-gnu

get() { "$top/scripts/fetch.sh" sid "$arch" "$@"; }
# The libraries that an unpacked package asks for.
libraries() { # TREE
	dpkg-deb -f "$CACHE/debs/$(basename "$1").deb" Depends | tr ',' '\n' |
		sed 's/^ *//; s/[ :|(].*//' | grep '^lib'
}
# The driver, its libraries and those of its compiler; the host has the rest.
fetch_driver() {
	local mesa llvm
	mesa=$(get mesa-vulkan-drivers) || return
	# shellcheck disable=SC2046 # a list of names
	trees=$(get $(libraries "$mesa")) || return
	llvm=$(grep '/libllvm' <<<"$trees") || return
	# shellcheck disable=SC2046
	trees="$mesa $trees $(get $(libraries "$llvm"))"
}

if ! fetch_driver 2>"$T/err"; then
	echo "ok 1 - cooperative matrices # SKIP $(tail -1 "$T/err")"
	echo "1..1"
	exit 0
fi
path='' loader=''
for t in $trees; do
	path=$path$t/usr/lib/$triplet:
	case $t in */libc6_*) loader=$(echo "$t/usr/lib/$triplet"/ld-linux-*.so.*) ;; esac
done
cat >"$T/icd.json" <<EOI
{ "file_format_version": "1.0.0", "ICD": {
  "library_path": "${trees%% *}/usr/lib/$triplet/libvulkan_lvp.so", "api_version": "1.3.0" } }
EOI
# this machine's validation layer is older than what it would judge
env -u VK_INSTANCE_LAYERS VK_ICD_FILENAMES="$T/icd.json" VK_DRIVER_FILES="$T/icd.json" \
	ACCEL_CACHE_DIR='' ACCEL_KERNEL_LOG="$T/log" \
	"$loader" --library-path "$path/usr/lib/$triplet" \
	"$BUILD/unit/test_kernels" coop >"$T/out" 2>&1
rc=$?
n=$(grep -c '^ok .* matmul coop' "$T/out")
bad=$(grep -c '^not ok' "$T/out")
[ $rc = 0 ] && [ "$bad" = 0 ] && [ "$n" -gt 10 ]; rc=$?
[ $rc = 0 ] || { grep -v '^ok' "$T/out" | tail -20 | sed 's/^/# /'; printf 'not '; }
echo "ok 1 - matmul on the newest Mesa: $n cases of the shape, none wrong"
n=$(sort -u "$T/log" 2>/dev/null | grep -c '^matmul_coop ')
[ "$n" -gt 0 ] || printf 'not '
echo "ok 2 - cooperative matrices did them: $n pipelines"
echo "1..2"
