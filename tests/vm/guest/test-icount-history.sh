# SPDX-License-Identifier: MIT
# A disk that fills up under a controller's history: the outputs stay under
# control, it is said once, what was written stays, and it goes on when there is
# room again.
. "$top/tests/vm/guest/lib.sh"

A=$build/accel tb=$build/tbctl
if [ ! -c /dev/testboard ] || [ ! -x "$tb" ] || [ ! -x "$build/history" ]; then
	echo "1..0 # SKIP no test board, or accel was not built"
	exit 4
fi
warm
export OPENBLAS_NUM_THREADS=1
T=$(mktemp -d)
cd "$T" || exit 1
mkdir disk && mount -t tmpfs -o size=1m full disk || exit 1
"$tb" reset
"$tb" drive 17 1
cat >control.yaml <<END
every: 20 ms
deadline: 3 s
history: $T/disk/h.db
sensors:
  switch: button:GPIO17,debounce=0
outputs:
  fan: {line: GPIO23, safe: off}
rules:
- {when: pressed > 0.5, then: fan on}
END
says() { grep -q "$1" log; }
events() { "$build/history" disk/h.db "SELECT count(*) FROM event WHERE text LIKE 'output fan%'" | tail -1; }
has_events() { [ "$(events)" -ge "$1" ]; }
press() { "$tb" drive 17 0; until_true drives 23 1; }
let_go() { "$tb" drive 17 1; until_true drives 23 0; }

"$A" run control.yaml --log >log 2>&1 &
pid=$!
until_true says 'output fan off' && press && let_go && until_true has_events 3
result $? "the history has each change" "$(cat log)"
# everything that is left, to the last page
dd if=/dev/zero of=disk/filler bs=4096 2>/dev/null
before=$(events)
fill() { press && let_go && says 'history .*: database or disk is full'; }
until_true fill
result $? "the disk is full: that is said" "$(cat log; df disk | tail -1)"
trips=$(cat /sys/class/misc/piaccel/trips)
press && let_go && press
result $? "the relay still follows its rule" "$(tail -3 log)"
kill -0 $pid && [ "$(grep -c 'disk is full' log)" = 1 ] && [ "$(cat /sys/class/misc/piaccel/trips)" = "$trips" ]
result $? "it runs on without a trip, and does not repeat itself" "$(tail -5 log)"
out=$("$build/history" disk/h.db 2>&1); [ "$(head -1 <<<"$out")" = ok ] && [ "$(events)" -ge "$before" ]
result $? "what was written is whole: $before events" "$out, now $(events)"
rm disk/filler
again() { let_go && press && says 'history .*: is written again; it lacks [1-9][0-9]* entries'; }
until_true again; result $? "there is room: it is written again, and what it lacks is said" "$(tail -3 log)"
now=$(events); let_go; until_true has_events $((now + 1))
result $? "and goes on" "$(events) after $now"
kill -TERM $pid; wait $pid; [ $? = 0 ] && drives 23 0
result $? "it ends as it should" "$(tail -3 log)"
[ "$("$build/history" disk/h.db | head -1)" = ok ]; result $? "the history is whole"

"$build/accelctl" release GPIO23 >/dev/null
"$tb" reset
umount disk
rm -rf "$T"
echo "1..$n"
