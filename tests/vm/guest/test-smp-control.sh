# SPDX-License-Identifier: MIT
# accel run on the simulated board: it acts on its rules, and however it ends,
# its outputs are in their safe states.
. "$top/tests/vm/guest/lib.sh"

A=$build/accel tb=$build/tbctl
if [ ! -c /dev/testboard ] || [ ! -x "$tb" ] || [ ! -x "$A" ]; then
	echo "1..0 # SKIP no test board, or accel was not built"
	exit 4
fi
export OPENBLAS_NUM_THREADS=1
T=$(mktemp -d)
says() { grep -q "$1" "$T/log"; }
"$tb" reset

cat >"$T/control.yaml" <<END
every: 50 ms
history: $T/history.db
sensors:
  hall: pir:GPIO17
  tank: {spec: "hcsr04:GPIO24,GPIO25", every: 200 ms, max_age: 1 s}
outputs:
  fan: {line: GPIO23, safe: off, deadline: 1 s}
  alarm: {line: P15, safe: on, deadline: 1 s}
  lamp: {line: GPIO26, safe: off, deadline: 1 h}
rules:
- when: motion > 0.5
  then: fan on
- when: distance < 50 cm
  then: alarm on
- when: fan is on
  then: lamp on
END
out=$("$A" run "$T/control.yaml" --check 2>&1)
result $? "the file is checked" "$out"
sed 's/P15/P16/' "$T/control.yaml" >"$T/twice.yaml"
out=$("$A" run "$T/twice.yaml" --check 2>&1)
[ $? = 1 ] && grep -q 'twice.yaml:8:3: alarm: P16 is the line of fan already' <<<"$out"
result $? "a pin used twice is found, by two names" "$out"

start() { "$A" run "$T/control.yaml" --log >"$T/log" 2>&1 & pid=$!; }
start
until_true says 'output fan off'
result $? "it starts, and the fan rests" "$(cat "$T/log")"
until_true says 'sensor tank: distance is dead: HC-SR04' && until_true drives 22 1
result $? "a sensor without an answer is dead, and its output safe" "$(cat "$T/log")"
"$tb" drive 17 1; until_true drives 23 1 && until_true says 'output fan on: motion > 0.5' && until_true drives 26 1
result $? "motion: the fan runs, and lights the lamp" "$(cat "$T/log")"
kill -STOP $pid; until_true drives 23 0
result $? "the controller hangs: the kernel stops the fan"
kill -CONT $pid; until_true says 'output fan TRIPPED: keep-alive missed'
result $? "it notices the trip, and leaves it so" "$(cat "$T/log")"
until_true drives 26 0 && says 'output lamp off' && drives 23 0
result $? "its rules see the fan stand still: no lamp" "$(cat "$T/log")"
kill -USR1 $pid; until_true says 'output fan rearmed' && until_true drives 23 1
result $? "rearmed, the fan runs again" "$(cat "$T/log")"
kill -KILL $pid; wait $pid 2>/dev/null; until_true drives 23 0 && drives 22 1
result $? "killed, fan off and alarm on: the safe states"
start
until_true drives 23 1; result $? "the next one takes over, and acts" "$(cat "$T/log")"
kill -TERM $pid; wait $pid; rc=$?
[ $rc = 0 ] && drives 23 0 && drives 22 1 && says 'ends: outputs'
result $? "asked to end, it leaves the safe states, status 0" "$(cat "$T/log")"
[ -s "$T/history.db" ] && grep -aq 'output fan on: motion' "$T/history.db"*
result $? "the history has what happened"
cat >"$T/slow.yaml" <<END
every: 20 min
deadline: 1 h
outputs: {fan: {line: GPIO23, safe: off}}
rules: [{when: always, then: fan on}]
END
"$A" run "$T/slow.yaml" --log >"$T/slow" 2>&1 & pid=$!
until_true drives 23 1 && kill -TERM $pid && SECONDS=0 && wait $pid && [ $SECONDS -lt 10 ] && drives 23 0
result $? "one that waits for 20 min ends at once when it is asked to" "$(cat "$T/slow")"
sed "s|^history.*|history: /nonexistent/h.db|" "$T/control.yaml" >"$T/bad.yaml"
out=$("$A" run "$T/bad.yaml" --log --for 1 2>&1); [ $? = 1 ] && grep -q 'history /nonexistent' <<<"$out" && drives 23 0
result $? "a history that cannot be opened: no start, and nothing moves" "$out"
"$build/accelctl" release GPIO23 GPIO22 GPIO26
out=$("$A" record "$T/control.yaml" --out "$T/d.csv" --label present --value 1 --for 0.6 2>&1 </dev/null)
[ $? = 0 ] && head -1 "$T/d.csv" | grep -q 'time,hall.motion,hall.motions,tank.distance,present' &&
	tail -1 "$T/d.csv" | grep -q '^[0-9.]*,1,[0-9]*,,1$'
result $? "record writes rows; a dead sensor leaves its field empty" "$out $(tail -2 "$T/d.csv")"

! grep '^request:' /sys/kernel/debug/piaccel/summary >"$T/held"
result $? "nothing is held at the end" "$(cat "$T/held")"

"$tb" reset
rm -rf "$T"
echo "1..$n"
