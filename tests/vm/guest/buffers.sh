# SPDX-License-Identifier: MIT
# buffers.sh: the buffers' test with every kind of DMA-BUF, on a Vulkan driver that
# imports them and on one that takes their mapping.
. "$top/tests/vm/guest/lib-debug.sh"
TAP=$out/tap-buffers
: >"$TAP"

load testboard || echo "buffers: testboard does not load"
load piaccel || echo "buffers: piaccel does not load"
for t in buffers zero_copy; do
	suite "$t-cpu" "$build/unit/test_$t" cpu
	suite "$t-host" "$build/unit/test_$t" vulkan
	[ ! -e "$out/lvp.json" ] ||
		VK_ICD_FILENAMES=$out/lvp.json suite "$t-import" "$build/unit/test_$t" vulkan
done
rmmod piaccel testboard
exit 0
