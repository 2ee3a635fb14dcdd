# SPDX-License-Identifier: MIT
# The module's benchmark; see tests/bench/driver.sh.
. "$top/tests/vm/guest/lib.sh"
modules_up || exit 1
suite driver "$build/bench/driver_bench"
