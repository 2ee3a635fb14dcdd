#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# control.sh: measure accel run in the test machine on instruction-counted time:
# from an edge to the relay, through a rule and through a model, beside the same
# rule written by hand on libgpiod; and its CPU at 100 Hz.
# Prints a table. Fails only when it cannot measure.

. "$(dirname "$0")/../../scripts/lib.sh"

if [ "${1:-}" = judge ]; then # NAME CONSOLE TAP STATUS
	tr -d '\r' <"$4" | sed '/^##/d'
	tr -d '\r' <"$3" | grep -q '^TESTRC=0$' && grep -q '^accel run' "$4" ||
		die "the benchmark did not run to its end; see $3"
	exit
fi

B=$BUILD/bench/control
mkdir -p "$B" || die "cannot make $B"
need pkg-config pkg-config
gpiod=$(pkg-config --modversion libgpiod) || die "no libgpiod-dev: make deps"
# shellcheck disable=SC2046
${CC:-cc} -O2 -g -Wall -Wextra -D_GNU_SOURCE "-DLIBGPIOD_${gpiod%%.*}" -o "$B/peer" \
	"$top/tests/bench/control_peer.c" $(pkg-config --cflags --libs libgpiod) ||
	die "control_peer does not build"
echo "$gpiod" >"$B/gpiod"
# a model that learns what is to be seen: present is what the switch says
awk 'BEGIN { print "pressed,present"
	for (i = 0; i < 400; i++) print i % 2 "," i % 2 }' >"$B/data.csv"
"$BUILD/accel" train --data "$B/data.csv" --label present --epochs 20 \
	--out "$B/model.safetensors" >"$B/train.log" 2>&1 ||
	die "no model: $(tail -1 "$B/train.log")"
VM_NAME=bench-control VM_JUDGE=$top/tests/bench/control.sh VM_TIMEOUT=${VM_TIMEOUT:-900} \
	"$top/tests/vm/vm.sh" icount "$top/tests/vm/guest/bench-control.sh"
