# SPDX-License-Identifier: MIT
# buffers.sh: the buffers' test with every kind of DMA-BUF, on a Vulkan driver that
# imports them and on one that takes their mapping.
. "$top/tests/vm/guest/lib-debug.sh"
TAP=$out/tap-buffers
: >"$TAP"

load piaccel || echo "buffers: piaccel does not load"
suite cpu "$build/unit/test_buffers" cpu
suite host "$build/unit/test_buffers" vulkan
[ ! -e "$out/lvp.json" ] ||
	VK_ICD_FILENAMES=$out/lvp.json suite import "$build/unit/test_buffers" vulkan
rmmod piaccel
exit 0
