# SPDX-License-Identifier: MIT
# kill-control.sh [ROUNDS]: what test-icount-kill.sh does, for as many rounds as
# you like: tests/vm/vm.sh smp $PWD/tests/vm/guest/kill-control.sh 100
. "$top/tests/vm/guest/lib.sh"
. "$top/tests/vm/guest/lib-kill.sh"
modules_up || exit 1
warm
suite kill-control kill_rounds "${1:-100}"
exit 0
