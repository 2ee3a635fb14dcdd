#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Matrix products by cooperative matrices against the double reference: on the
# lavapipe of Debian unstable, the only driver here that has them, with that
# release's C library. Prints TAP. Without a network, and without the packages
# in the cache, it is skipped.

. "$(dirname "$0")/../../scripts/lib.sh"
T=$(mktemp -d) || die "no temporary folder"
trap 'rm -rf "$T"' EXIT
arch=$(dpkg --print-architecture)
triplet=$(uname -m)-linux-gnu
PACKAGES="mesa-vulkan-drivers libc6 libllvm22 libstdc++6 libgcc-s1 libz3-4 libxml2-16 libdrm2
libdisplay-info3 libwayland-client0 libxcb-dri3-0"

if ! trees=$("$top/scripts/fetch.sh" sid "$arch" $PACKAGES 2>"$T/err"); then
	echo "ok 1 - cooperative matrices # SKIP $(tail -1 "$T/err")"
	echo "1..1"
	exit 0
fi
path=
for t in $trees; do path=$path$t/usr/lib/$triplet:; done
set -- $trees
cat >"$T/icd.json" <<EOI
{ "file_format_version": "1.0.0", "ICD": {
  "library_path": "$1/usr/lib/$triplet/libvulkan_lvp.so", "api_version": "1.3.0" } }
EOI
loader=$(echo "$2"/usr/lib/"$triplet"/ld-linux-*.so.*)
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
