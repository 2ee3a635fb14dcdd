#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# buffers.sh: tensors in DMA-BUFs of the real piaccel, udmabuf and system heap.
#
# Boots the user-mode debug kernel, which has all three, and runs
# build/unit/test_buffers and test_zero_copy (a capture ring as a model's input,
# sampled from the simulated board) there on this release's lavapipe and, where that is
# older than Mesa 25, on the one of backports, which imports DMA-BUFs. Results:
# build/results/buffers-*.tap; the console: build/uml-console-buffers.log.

. "$(dirname "$0")/../../scripts/lib.sh"
unset MAKEFLAGS MFLAGS MAKELEVEL ARCH CROSS_COMPILE
vm=$top/tests/vm work=$BUILD/debug
mkdir -p "$BUILD/results" "$work/ko" 2>/dev/null || die "cannot write to $BUILD"
rm -f "$BUILD"/results/buffers-*.tap "$work/tap-buffers" "$work/lvp.json"

kernel=$("$vm/debug-kernel.sh" uml) || exit 1
for m in "$top" "$vm/testboard"; do
	name=$([ "$m" = "$top" ] && echo piaccel || basename "$m")
	MODULE_SRC=$m "$top/scripts/module.sh" "$kernel/kdir" "$work/$name" || exit 1
	cp "$work/$name/$name.ko" "$work/ko/" || die "cannot copy $name.ko (disk full?)"
done

if [ "$(. /etc/os-release && echo "$VERSION_CODENAME")" = bookworm ]; then
	mesa=$("$top/scripts/fetch.sh" backports amd64 mesa-vulkan-drivers) || exit 1
	printf '{ "file_format_version": "1.0.0", "ICD": { "api_version": "1.3.0",
	"library_path": "%s" } }\n' \
		"$mesa/usr/lib/x86_64-linux-gnu/libvulkan_lvp.so" >"$work/lvp.json"
fi
say BOOT "user-mode debug kernel, tensors in DMA-BUFs"
UML_SECONDS=${DEBUG_SECONDS:-600} UML_MEM=1024 \
	"$vm/uml.sh" "$kernel/linux" buffers buffers.sh || exit 1
exec "$vm/split-tap.sh" buffers "$BUILD/uml-console-buffers.log" "$work/tap-buffers" buffers
