# SPDX-License-Identifier: MIT
# one.sh SCRIPT...: these tests of tests/vm/guest alone, by name:
# tests/vm/vm.sh smp tests/vm/guest/one.sh test-smp-control
. "$top/tests/vm/guest/lib.sh"
modules_up || exit 1
for s; do suite "${s#test-*-}" bash "$top/tests/vm/guest/$s.sh"; done
exit 0
