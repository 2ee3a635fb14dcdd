#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# pins.sh CONFIG OUT: the demo on this machine's own pins, by a control file of
# yours: its sensors are recorded, the controller acts, dies, hangs, is rearmed and
# ends. Its outputs really switch. Exits 0 when every step did what it said; what
# it writes is in OUT.
#
#   DEMO_SECONDS (20)  how long it records, and how long the controller acts

. "$(dirname "$0")/../../scripts/lib.sh"
config=${1:-} out=${2:-}
[ -n "$config" ] && [ -n "$out" ] || die "usage: pins.sh CONFIG OUT"
[ -r "$config" ] || die "$config: no such control file, or not readable; docs/control.md says what is in one"
seconds=${DEMO_SECONDS:-20}
A=$BUILD/accel ctl=$BUILD/accelctl

if [ ! -e /dev/piaccel ]; then
	"$ctl" info || true # says how to load the module
	die "the demo on real pins needs the module; without CONFIG= it runs in an emulator"
fi
[ -r /dev/piaccel ] && [ -w /dev/piaccel ] ||
	die "/dev/piaccel: no permission: sudo usermod -aG gpio ${USER:-$(id -un)}, then log in again"
mkdir -p "$out" || die "cannot make $out"
log=$out/run.log

indent() { sed 's/^/  /'; }
fail() { # TEXT
	echo "FAILED: $1"
	[ ! -e "$log" ] || tail -5 "$log" | indent
	exit 1
}
controller=
trap '[ -z "$controller" ] || kill -TERM $controller 2>/dev/null' EXIT
start() {
	"$A" run "$config" --log >"$log" 2>&1 &
	controller=$!
	until says 'outputs, .* rules, every'; do
		kill -0 $controller 2>/dev/null || fail "the controller does not start"
		sleep 0.1
	done
}
says() { grep -q "$1" "$log"; }
wait_for() { # SECONDS COMMAND...
	local i tries=$(($1 * 10)) end=$((SECONDS + $1)); shift
	for ((i = 0; i < tries || SECONDS < end; i++)); do
		"$@" && return 0
		sleep 0.1
	done
	return 1
}
# are the outputs as the file calls safe? Of a line in use only root is told.
all_safe() {
	[ "$(id -u)" = 0 ] || return 0
	[ "$("$ctl" get $lines 2>/dev/null | sed 's/.*=//' | tr '\n' ' ')" = "$safe " ]
}
trips() { cat /sys/class/misc/piaccel/trips; }
tripped() { [ "$(trips)" -ge "$1" ] && all_safe; }

said=$("$A" run "$config" --check) || fail "the control file has a mistake"
indent <<<"$said"
echo "done: accel run --check $config"
lines=$(sed -n 's/^  output [^:]*: \([^,]*\), safe: .*/\1/p' <<<"$said")
safe=$(sed -n 's/^  output [^:]*: [^,]*, safe: on .*/1/p; s/^  output [^:]*: [^,]*, safe: off .*/0/p' <<<"$said" | paste -sd' ')
deadline=$(sed -n 's/.*within \([0-9]*\).*/\1/p' <<<"$said" | sort -n | tail -1)
outputs=$(grep -c . <<<"$lines")

"$A" record "$config" --out "$out/data.csv" --for "$seconds" 2>"$out/record.log" </dev/null ||
	{ indent <"$out/record.log"; fail "its sensors cannot be recorded"; }
{ cat "$out/record.log"; head -1 "$out/data.csv"; tail -2 "$out/data.csv"; } | indent
[ "$(grep -c . "$out/data.csv")" -gt 2 ] || fail "no rows in $out/data.csv"
echo "done: accel record: its sensors for $seconds s"

start
echo "  the controller acts for $seconds s"
for ((i = 0; i < seconds * 10; i++)); do
	kill -0 $controller 2>/dev/null || fail "the controller ended"
	sleep 0.1
done
grep 'output\|sensor\|model' "$log" | tail -12 | indent
! says TRIPPED || fail "an output tripped while the controller ran"
echo "done: accel run $config"

before=$(trips)
kill -KILL $controller; wait $controller 2>/dev/null; controller=
wait_for $((deadline + 5)) tripped $((before + outputs)) || fail "an output is not safe after the controller's death"
echo "done: the controller is killed: the kernel drives all $outputs outputs to their safe states"

start; echo "done: started again, it takes the lines over"
before=$(trips)
kill -STOP $controller
wait_for $((deadline + 5)) tripped $((before + outputs)) || { kill -CONT $controller; fail "no trip though the controller hangs"; }
echo "done: the controller hangs: $((deadline)) s later at most the kernel has driven them safe"
kill -CONT $controller
wait_for 10 says TRIPPED || fail "the controller does not notice the trip"
grep TRIPPED "$log" | indent
echo "done: awake again, it finds the trip and leaves it so"
kill -USR1 $controller
wait_for 10 says rearmed || fail "it is not rearmed"
grep rearmed "$log" | indent
echo "done: rearmed by hand"
before=$(trips)
kill -TERM $controller
wait $controller || fail "it did not end well"
controller=
all_safe && [ "$(trips)" = "$before" ] || fail "an output is not safe after its end"
tail -1 "$log" | indent
echo "done: asked to end, it leaves safe states, held by the kernel (accelctl release gives them back)"
