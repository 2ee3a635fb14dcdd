# SPDX-License-Identifier: MIT
# A shell with everything loaded.
. "$top/tests/vm/guest/lib.sh"
modules_up
cd "$top" || exit 1
export PATH=$build:$PATH PS1='piaccel-vm# '
echo "piaccel is loaded; try: accelctl info"
exec setsid -c bash --norc -i </dev/ttyS0 >/dev/ttyS0 2>&1
