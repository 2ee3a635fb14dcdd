# SPDX-License-Identifier: MIT
# Sensors that answer line by line: the board plays what a DHT22 and an HC-SR04
# send when they are asked.
. "$top/tests/vm/guest/lib.sh"

A=$build/accelctl tb=$build/tbctl
if [ ! -c /dev/testboard ] || [ ! -x "$tb" ] || [ ! -x "$A" ]; then
	echo "1..0 # SKIP no test board, or accelctl was not built"
	exit 4
fi
# dht BYTE...: 30 us after the host lets go of line 4, the reply of 5 bytes
dht() {
	local b i
	{
		echo "0 4=0"; echo "80000 4=z"; echo "80000 4=0"
		for b; do
			for ((i = 7; i >= 0; i--)); do
				echo "50000 4=z"
				if (((0x$b >> i) & 1)); then echo "70000 4=0"; else echo "27000 4=0"; fi
			done
		done
		echo "50000 4=z"
	} | "$tb" play - player 0 rising 4 min 900000 start 30000
}
# echo_of NS: the echo line's pulse, 400 us after the trigger's end
echo_of() {
	printf '0 24=1\n%s 24=0\n' "$1" |
		"$tb" play - player 1 falling 23 min 9000 start 400000
}
# watched LINE: until somebody waits for its edges
watched() {
	local i
	for ((i = 0; i < 400; i++)); do
		! "$tb" line "$1" | grep -q '^irq .*on$' || return 0
		sleep 0.05
	done
	return 1
}
"$tb" reset
"$tb" pull 4 up

dht 02 8c 01 5f ee
out=$("$A" sensor read dht22:GPIO4 --json 2>&1)
[ $? = 0 ] && grep -q '"temperature","value":35.1,"unit":"°C","quality":"good"' <<<"$out" &&
	grep -q '"humidity","value":65.2,"unit":"%"' <<<"$out"
result $? "a DHT22 sends 02 8C 01 5F EE: 35.1 °C, 65.2 %" "$out"
dht 02 8c 80 65 73
out=$("$A" sensor watch dht22:P7 --count 3 --every 2s 2>&1)
[ $? = 0 ] && [ "$(grep -c 'temperature *-10.1 ' <<<"$out")" = 3 ] &&
	[ "$("$tb" player 0 | sed -n 's/triggers //p')" = 3 ]
result $? "it sends 80 65 three times, 2 s apart: -10.1 °C" "$out"
dht 02 8c 01 5f ef
out=$("$A" sensor read dht22:GPIO4 --json 2>&1)
[ $? = 1 ] && grep -q '"value":null.*"quality":"dead".*its sum says ef' <<<"$out"
result $? "a wrong sum has no value, status 1" "$out"
"$tb" stop 0
out=$("$A" sensor read dht22:GPIO4 --json 2>&1)
[ $? = 1 ] && grep -q '"value":null.*no answer' <<<"$out"
result $? "a DHT22 that is gone has no value" "$out"
dht 2d 00 17 04 48
out=$("$A" sensor read dht11:GPIO4 2>&1); [ $? = 0 ] && grep -q 'temperature *23.4 ' <<<"$out"
result $? "a DHT11 sends 2D 00 17 04 48: 23.4 °C" "$out"

# 5.8 ms at 343.5 m/s, there and back
echo_of 5800000
out=$("$A" sensor read hcsr04:GPIO23,GPIO24 --json 2>&1)
[ $? = 0 ] && grep -q '"distance","value":99.6[0-9]*,"unit":"cm","quality":"good"' <<<"$out"
result $? "an HC-SR04's echo of 5.8 ms: 99.6 cm at 20 °C" "$out"
out=$("$A" sensor read hcsr04:GPIO23,GPIO24,temperature=0 2>&1); grep -q 'distance *96.1' <<<"$out"
result $? "96.1 cm in cold air" "$out"
echo_of 38000000
out=$("$A" sensor read hcsr04:GPIO23,GPIO24 2>&1); [ $? = 1 ] && grep -q 'nothing within 400 cm' <<<"$out"
result $? "38 ms are nothing in range, and no number" "$out"
"$tb" stop 1
out=$("$A" sensor read hcsr04:GPIO23,GPIO24 2>&1); [ $? = 1 ] && grep -q 'no echo pulse' <<<"$out"
result $? "no echo at all is no number" "$out"
"$tb" drive 24 1
out=$("$A" sensor read hcsr04:GPIO23,GPIO24 2>&1); [ $? = 1 ] && grep -q 'high before' <<<"$out"
result $? "an echo line that hangs is no number" "$out"
"$tb" release 24

# a button that bounces for 3 ms, and an encoder's two and a half turns of a step
# nothing happens before the sensor has looked at its lines for the first time
{ echo '300000000 17=0'; for i in $(seq 15); do printf '100000 17=z\n100000 17=0\n'; done; } >/run/bounce
( watched 17; "$tb" play /run/bounce ) &
out=$("$A" sensor watch button:GPIO17,debounce=5 --count 2 --every 10s 2>&1)
wait; [ "$(grep -c 'presses *1 ' <<<"$out")" = 1 ] && grep -q 'presses *0 ' <<<"$out"
result $? "a bouncing button is pressed once" "$out"
( watched 21; printf '300000000 20=0\n1000000 21=0\n1000000 20=1\n1000000 21=1\n1000000 20=0\n' |
	"$tb" play - ) &
"$tb" drive 20 1 21 1
out=$("$A" sensor watch encoder:GPIO20,GPIO21 --count 2 --every 2s 2>&1); wait
tail -1 <<<"$out" | grep -q 'position *5 *steps *good'
result $? "an encoder makes five steps" "$out"
"$tb" reset
echo "1..$n"
