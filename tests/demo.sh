#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# demo.sh: the main job, narrated. Exits 0 when every step did what it said.

. "$(dirname "$0")/../scripts/lib.sh"
cat <<'END'
libaccel: a Linux board that learns from its sensors and acts on its relays.

1. A machine boots (Debian's own kernel, in an emulator; no board is needed).
2. The kernel module piaccel.ko is loaded into it.
3. accelctl asks the module what it can do.

END
out=$BUILD/vm-demo.tap
VM_NAME=demo "$top/tests/vm/vm.sh" smp "$top/tests/vm/guest/demo.sh" || {
	sed -n '/^##SUITE/,/^##END/{/^##/!p}' "$out" 2>/dev/null
	die "the demo failed; the machine's console is in ${BUILD#"$top"/}/vm-console-demo.log"
}
echo
sed -n '/^##SUITE/,/^##END/{/^##/!p}' "$out" | tr -d '\r' | sed 's/^# \{0,1\}//; /^1\.\./d; s/^ok [0-9]* - /done: /'
echo
echo "The module works. 'make vm' gives you a shell in that machine."
