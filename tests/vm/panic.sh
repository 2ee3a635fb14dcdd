#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# panic.sh: the machine panics, reboots and powers off under a running
# controller, one boot each. The board prints what its outputs do on the
# console: the safe values must stand there before the end.
#
# TAP in build/results/vm-panic.tap, vm-reboot.tap, vm-poweroff.tap.

. "$(dirname "$0")/../../scripts/lib.sh"

# shellcheck disable=SC2317 # called through ok()
judge() { # NAME CONSOLE TAP STATUS
	local name=$1 log=$2 rc=$4 tap=$BUILD/results/vm-$1.tap n=0 text
	# what follows the controller's mark; the console writes CR LF
	text=$(tr -d '\r' <"$log" 2>/dev/null | sed -n '/last_words: the relays run/,$p')

	ok() { # TEXT COMMAND...
		local what=$1; shift
		n=$((n + 1))
		if "$@"; then echo "ok $n $what"; else echo "not ok $n $what"; fi
	}
	has() { grep -q "$1" <<<"$text"; }
	# the last value that the board printed for a line
	stands() { # LINE VALUE
		[ "$(sed -n "s/.*testboard: line $1 = \([01Z]\) at .*/\1/p" <<<"$text" |
			tail -1)" = "$2" ]
	}
	after() { # A B: line B comes after line A
		sed -n "/$1/,\$p" <<<"$text" | grep -q "$2"
	}
	# a panic lets the safe values follow it, an orderly end comes after them
	case $name in
	panic) first='Kernel panic - not syncing: sysrq' then='testboard: line 21 = 1' ;;
	reboot) first='testboard: line 21 = 1' then='reboot: Restarting system' ;;
	*) first='testboard: line 21 = 1' then='reboot: Power down' ;;
	esac
	{
		echo "1..8"
		ok "the relays ran and the machine ended" test "$rc" = 0
		ok "the controller did not live on" test "$text" = "${text#*still here}"
		ok "'$first' comes before '$then'" after "$first" "$then"
		ok "relay 0 stands low at the end" stands 20 0
		ok "relay 1 stands high at the end" stands 21 1
		ok "relay 2 stands low at the end" stands 22 0
		ok "relay 3 stands high at the end" stands 23 1
		if [ "$name" = panic ]; then
			ok "no second panic" test "$(grep -c 'Kernel panic - not syncing' <<<"$text")" = 1
		else
			ok "the chip that sleeps tripped by the same cause" \
				has 'piaccel_trip: sim-board last-words cause=6'
		fi
		sed -n "s/.*\(testboard: line 2[0-3] = .*\)/# \1/p" <<<"$text"
	} >"$tap"
	"$top/scripts/tap.sh" check "vm-$name" "$tap" 0
}

if [ "${1:-}" = judge ]; then
	shift; judge "$@"
	exit
fi

vm=$top/tests/vm
mkdir -p "$BUILD/vm" "$BUILD/results" || die "cannot make $BUILD"
${CC:-cc} -O2 -Wall -Wextra -Werror -I"$top/uapi" -o "$BUILD/vm/last_words" \
	"$vm/guest/last_words.c" || die "last_words does not build"
bad=0
[ $# -gt 0 ] || set -- panic reboot poweroff
for how; do
	VM_NAME=$how VM_JUDGE=$vm/panic.sh VM_APPEND="tp_printk" VM_TIMEOUT=300 \
		"$vm/vm.sh" smp "$vm/guest/end.sh" "$how" || bad=1
done
exit $bad
