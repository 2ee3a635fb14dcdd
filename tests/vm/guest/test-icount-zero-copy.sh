# SPDX-License-Identifier: MIT
# A capture ring is a model's input, in place: build/unit/test_zero_copy on the
# simulated board. On Vulkan it runs in tests/vm/buffers.sh, at full speed.
. "$top/tests/vm/guest/lib.sh"

t=$build/unit/test_zero_copy
if [ ! -c /dev/testboard ] || [ ! -x "$t" ]; then
	echo "1..0 # SKIP no test board, or no $t"
	exit 4
fi
OPENBLAS_NUM_THREADS=1 exec "$t" cpu
