#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# accel run and record where there is no module: files checked and replayed, what
# is said of mistakes, the programs and files of the documents. Prints TAP.

. "$(dirname "$0")/lib.sh"
A=$(cd "$BUILD" && pwd)/accel

# refused PATTERN TEXT SED...: the documents' file, changed so, fails its check
refused() {
	local pattern=$1 text=$2 out rc; shift 2
	sed "$@" "$T/control.yaml" >"$T/bad.yaml"
	out=$("$A" run "$T/bad.yaml" --check 2>&1); rc=$?
	[ $rc = 1 ] && grep -q -- "bad.yaml:$pattern" <<<"$out"
	result $? "--check: $text" "status $rc: $out"
}

# a Raspberry Pi 4 with a light sensor that a driver of the kernel's reads
mkdir -p "$T/root/proc/device-tree" "$T/root/sys/bus/iio/devices/iio:device0"
printf 'raspberrypi,4-model-b\0brcm,bcm2711\0' >"$T/root/proc/device-tree/compatible"
echo tsl2561 >"$T/root/sys/bus/iio/devices/iio:device0/name"
echo 120 >"$T/root/sys/bus/iio/devices/iio:device0/in_illuminance_input"
export ACCEL_ROOT=$T/root TZ=UTC
awk '/^```yaml/ {on = 1; next} /^```/ {on = 0} on' docs/control.md |
	sed "s|file: room.safetensors|file: $T/room.safetensors|" >"$T/all.yaml"
# the first of its files; others follow
awk '/^every:/ {k++} k < 2' "$T/all.yaml" >"$T/control.yaml"

out=$("$A" run "$T/control.yaml" --check 2>&1); [ $? = 1 ] && grep -q 'control.yaml:18:3: model occupied: .*No such file' <<<"$out"
result $? "--check: a model that is not there" "$out"
awk 'BEGIN { print "Temperature,Humidity,Light,occupied"
	for (i = 0; i < 200; i++) print 18 + i % 5 "," 40 + i % 9 "," i * 3 % 400 "," (i * 3 % 400 > 200) }' >"$T/room.csv"
out=$("$A" train --data "$T/room.csv" --label occupied --epochs 3 --device cpu --out "$T/room.safetensors" 2>&1)
result $? "a model for it is learned" "$out"
out=$("$A" run "$T/control.yaml" --check 2>&1)
[ $? = 0 ] && grep -q '3 sensors, 1 models, 3 outputs, 5 rules' <<<"$out" &&
	grep -q 'output heater: GPIO24, safe: off (level 1), within 1 s' <<<"$out"
result $? "--check: the file of docs/control.md is right" "$out"

refused "19:5: unknown key \"colour\"" "an unknown key" 's/    file: .*/    colour: red/'
refused "6:3: room: sensor .dht33:GPIO4." "an unknown sensor" 's/dht22/dht33/'
refused "6:3: room: 'GPIO44'" "a pin that is none, of a sensor" 's/dht22:GPIO4/dht22:GPIO44/'
refused "25:3: heater: 'P99'" "a pin that is none, of an output" 's/line: GPIO24/line: P99/'
refused "25:3: heater: P13 is the line of window already" "a sensor's pin used by an output, by another name" 's/line: GPIO24/line: P13/'
refused "25:3: heater: P16 is the line of fan already" "one pin for two outputs" 's/line: GPIO24/line: P16/'
refused "33:16: in this comparison °C and % do not fit" "a unit that does not fit" 's/when: warm < 19 °C/when: warm < 19 %/'
refused '37:9: this rule can never fire' "a rule that can never fire" 's/temperature > 30 °C with/temperature > 90 °C with/'
refused "11:3: light: sensor .iio:none." "a sensor of the kernel's that is not there" 's/iio:tsl2561/iio:none/'
out=$(sed '/^rules/,$d' "$T/control.yaml" >"$T/bad.yaml"; "$A" run "$T/bad.yaml" --check 2>&1); [ $? = 1 ] && grep -q 'there are no rules' <<<"$out"
result $? "--check: no rules" "$out"
printf 'every: 1 s\n\xff\xfe' >"$T/bytes.yaml"
out=$("$A" run "$T/bytes.yaml" --check 2>&1); [ $? = 1 ] && grep -q 'bytes.yaml' <<<"$out"
result $? "--check: bytes that are no text" "$out"
out=$("$A" run 2>&1); [ $? = 2 ]; result $? "no file: status 2" "$out"
head -c 500 "$T/room.safetensors" >"$T/cut" && mv "$T/cut" "$T/room.safetensors"
out=$("$A" run "$T/control.yaml" --check 2>&1); [ $? = 1 ] && grep -q 'control.yaml:18:3: model occupied: ' <<<"$out"
result $? "--check: a model that is cut off" "$out"

# ---- replay
cat >"$T/session.csv" <<END
time,temperature,humidity,window,light,occupied
0,18,40,0,100,0
60,18,40,0,100,0.9
120,18,40,1,100,0.9
180,31,40,0,100,0.9
195,31,40,0,100,0.9
200,,40,0,100,0.9
END
out=$("$A" run "$T/control.yaml" --replay "$T/session.csv" 2>&1); rc=$?
echo "$out" >"$T/replay"
[ $rc = 0 ] && grep -q 'heater on' "$T/replay"
result $? "--replay: a session without hardware" "$out"
[ "$(sed -n 4,7p "$T/replay")" = "60 heater on (heat)
120 heater off (open window)
195 fan on (cool)
200 fan off (unknown, so safe)" ]
result $? "--replay: each output changes at the row where it should" "$out"
out=$("$A" run "$T/control.yaml" --replay "$T/none.csv" 2>&1); [ $? = 1 ] && grep -q none.csv <<<"$out"
result $? "--replay: a session that is not there" "$out"

# ---- without the module nothing starts
if [ ! -e /dev/piaccel ]; then
	sed '/^models/,/^$/d; s/ and occupied//; s/occupied > 0.8 and //; s|^history.*|history: none.db|' \
		"$T/control.yaml" >"$T/plain.yaml"
	out=$(cd "$T" && "$A" run "$T/plain.yaml" --log --for 1 2>&1); [ $? = 1 ] && grep -q 'insmod' <<<"$out"
	result $? "without the module it says how to load it" "$out"
	touch "$T/c.yaml"
	out=$(CONFIG=$T/c.yaml BUILD=$BUILD tests/demo/pins.sh "$T/c.yaml" "$T/out" 2>&1)
	[ $? = 1 ] && grep -q 'insmod' <<<"$out" && grep -q 'without CONFIG= it runs in an emulator' <<<"$out"
	result $? "so does the demo on real pins" "$out"
fi
echo "1..$n"
