# SPDX-License-Identifier: MIT
# A running controller's model and sensor change under it: a newer model takes the
# old one's place if it is whole and fits, and a sensor that goes or talks
# nonsense has no value, which drives its outputs safe.
. "$top/tests/vm/guest/lib.sh"

A=$build/accel tb=$build/tbctl
if [ ! -c /dev/testboard ] || [ ! -x "$tb" ] || [ ! -x "$A" ]; then
	echo "1..0 # SKIP no test board, or accel was not built"
	exit 4
fi
warm
export OPENBLAS_NUM_THREADS=1
T=$(mktemp -d)
cd "$T" || exit 1
"$tb" reset

# a thermometer of the kernel's, in a /sys of our own
iio=$T/root/sys/bus/iio/devices/iio:device0
mkdir -p "$iio" "$T/root/proc/device-tree"
printf 'raspberrypi,4-model-b\0brcm,bcm2711\0' >"$T/root/proc/device-tree/compatible"
echo bme280 >"$iio/name"
feels() { echo $(($1 * 1000)) >"$iio/new" && mv "$iio/new" "$iio/in_temp_input"; }
export ACCEL_ROOT=$T/root

# learn FILE CONDITION COLUMN: hot is when CONDITION holds of COLUMN
learn() {
	awk -v name="$3" 'BEGIN { print name ",hot"
		for (i = 0; i < 200; i++) { t = 10 + i * 7 % 30; print t "," ('"$2"') } }' >data.csv
	"$A" train --data data.csv --label hot --epochs 15 --lr 0.1 --device cpu --out "$1" >train.log 2>&1 ||
		echo "# $(tail -1 train.log)"
}
learn hot.safetensors 't > 25' temperature
learn cold.safetensors 't < 25' temperature
learn wet.safetensors 't > 25' humidity
[ -s hot.safetensors ] && [ -s cold.safetensors ] && [ -s wet.safetensors ]
result $? "three models are learned"

cat >control.yaml <<END
every: 50 ms
deadline: 2 s
sensors:
  room: {spec: "iio:bme280", every: 100 ms, max_age: 1 s}
models:
  warm: {file: model.safetensors, class: "1", inputs: {temperature: temperature}}
outputs:
  fan: {line: GPIO23, safe: off}
  alarm: {line: GPIO22, safe: on}
rules:
- {when: warm > 0.5, then: fan on}
- {when: temperature > 60 °C, then: alarm on}
END
feels 30
cp wet.safetensors model.safetensors
out=$("$A" run control.yaml --check 2>&1)
[ $? = 1 ] && grep -q "control.yaml:6:3: model warm: it wants the input 'humidity'" <<<"$out"
result $? "--check finds a model of other inputs, by line and column" "$out"
out=$("$A" run control.yaml --log --for 1 2>&1); [ $? = 1 ] && drives 23 in
result $? "nor does it start with one, and no line moves" "$out"
head -c 300 hot.safetensors >model.safetensors
out=$("$A" run control.yaml --check 2>&1); [ $? = 1 ] && grep -q 'control.yaml:6:3: model warm: .*model.safetensors' <<<"$out"
result $? "nor one that is cut off" "$out"

swap() { cp "$1" new && mv new model.safetensors; }
says() { grep -q "$1" log; }
count() { grep -c "$1" log; }
twice() { [ "$(count "$1")" -ge 2 ]; }
swap hot.safetensors
"$A" run control.yaml --log --device cpu >log 2>&1 &
pid=$!
until_true drives 23 1 && drives 22 0
result $? "30 °C is warm: the fan runs" "$(cat log)"
swap cold.safetensors
until_true says 'model warm: model.safetensors is in use' && until_true drives 23 0
result $? "a newer model takes over while it runs: the fan stops" "$(cat log)"
head -c 300 hot.safetensors >new && mv new model.safetensors
until_true says 'the new model.safetensors is refused, the old one goes on'
result $? "one that is cut off is refused, and why is said" "$(cat log)"
swap wet.safetensors
until_true says "refused, the old one goes on: it wants the input 'humidity'"
result $? "so is one of other inputs" "$(cat log)"
echo nonsense >new && mv new model.safetensors
until_true twice 'refused, the old one goes on: .*model.safetensors'
result $? "so is what is no model" "$(cat log)"
rm model.safetensors
feels 12; until_true drives 23 1
result $? "and without a file the old one goes on: 12 °C is cold" "$(cat log)"
swap hot.safetensors
until_true drives 23 0 && [ "$(count 'is in use')" = 2 ]
result $? "the next good one is used again" "$(cat log)"
feels 30; until_true drives 23 1; result $? "30 °C is warm for it"

# ---- the sensor
rm "$iio/in_temp_input"
until_true says 'sensor room: temperature is dead' && until_true drives 23 0 && until_true drives 22 1
result $? "a sensor that is gone: both outputs are safe" "$(cat log)"
feels 30; until_true drives 23 1 && until_true drives 22 0
result $? "back again, they act" "$(cat log)"
echo apple >"$iio/in_temp_input"
until_true drives 23 0 && until_true drives 22 1; result $? "a sensor that talks nonsense: safe" "$(cat log)"
feels 30; until_true drives 23 1
feels 9999999; until_true drives 23 0 && until_true drives 22 1
result $? "9,999,999 °C are no temperature: safe" "$(cat log)"
feels 30; until_true drives 23 1

trips=$(cat /sys/class/misc/piaccel/trips)
kill -TERM $pid; wait $pid
[ $? = 0 ] && drives 23 0 && drives 22 1 && [ "$(cat /sys/class/misc/piaccel/trips)" = "$trips" ]
result $? "SIGTERM: safe states by its own hand, not by a trip; status 0" "$(tail -3 log) $trips"
env -u ACCEL_ROOT "$build/accelctl" release GPIO22 GPIO23 >/dev/null
# the repository may lie where only root can look
cp -L "$build/accel" "$build/libaccel.so.0" "$T/" && chmod 755 "$T"
out=$(setpriv --reuid 65534 --regid 65534 --clear-groups "$T/accel" run control.yaml --log --for 1 2>&1)
[ $? = 1 ] && grep -q 'fan: .*usermod -aG gpio' <<<"$out" && drives 23 in
result $? "without permission: which group, and no line moves" "$out"

"$tb" reset
rm -rf "$T"
echo "1..$n"
