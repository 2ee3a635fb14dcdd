# SPDX-License-Identifier: MIT
# The demo on real pins (make demo CONFIG=...), where the pins are the simulated
# board's.
. "$top/tests/vm/guest/lib.sh"

tb=$build/tbctl
if [ ! -c /dev/testboard ] || [ ! -x "$tb" ] || [ ! -x "$build/accel" ]; then
	echo "1..0 # SKIP no test board, or accel was not built"
	exit 4
fi
warm
export OPENBLAS_NUM_THREADS=1 BUILD=$build DEMO_SECONDS=3
T=$(mktemp -d)
demo=$top/tests/demo/pins.sh
"$tb" reset
"$tb" drive 17 0
cat >"$T/room.yaml" <<END
every: 100 ms
deadline: 2 s
sensors:
  switch: button:GPIO17
outputs:
  heater: {line: GPIO24, safe: off}
  lamp: {line: P16, safe: on, active: low}
rules:
- {when: pressed > 0.5, then: heater on}
END
out=$("$demo" "$T/room.yaml" "$T/out" 2>&1)
[ $? = 0 ] && [ "$(grep -c ^done: <<<"$out")" = 9 ] && [ "$(wc -l <"$T/out/data.csv")" -ge 20 ]
result $? "it senses, acts, dies, hangs, is rearmed and ends" "$out"
drives 24 0 && drives 23 0; result $? "heater off, lamp on (low): the safe states"
"$build/accelctl" release GPIO24 GPIO23 >/dev/null
out=$("$demo" "$T/none.yaml" "$T/out" 2>&1); [ $? = 1 ] && grep -q 'none.yaml: no such control file' <<<"$out"
result $? "without its file it says so" "$out"
sed 's/heater on/heater up/' "$T/room.yaml" >"$T/bad.yaml"
out=$("$demo" "$T/bad.yaml" "$T/out" 2>&1); [ $? = 1 ] && grep -q 'bad.yaml:9:.*on or off' <<<"$out" && drives 24 in
result $? "a file with a mistake: its place, and no line moves" "$out"
# the repository may lie where only root can look
mkdir -p "$T/tree/tests" && cp -r "$top/scripts" "$T/tree/" && cp -r "$top/tests/demo" "$T/tree/tests/"
chmod 755 "$T"
out=$(setpriv --reuid 65534 --regid 65534 --clear-groups "$T/tree/tests/demo/pins.sh" "$T/room.yaml" "$T/out" 2>&1)
[ $? = 1 ] && grep -q 'no permission: sudo usermod -aG gpio' <<<"$out"
result $? "without permission: which group" "$out"

"$tb" reset
rm -rf "$T"
echo "1..$n"
