# SPDX-License-Identifier: MIT
# accelctl against the simulated board: what it says it drives is what the
# board sees, and what the board does is what it reads.
. "$top/tests/vm/guest/lib.sh"

A=$build/accelctl tb=$build/tbctl
if [ ! -c /dev/testboard ] || [ ! -x "$tb" ] || [ ! -x "$A" ]; then
	echo "1..0 # SKIP no test board, or accelctl was not built"
	exit 4
fi
T=$(mktemp -d)
watched() { "$tb" line "$1" | grep -q '^irq .*on$'; }
has() { grep -q "$2" "$1"; }
# Whoever may open the devices may ask: in their group, and nothing else.
chgrp 65534 /dev/piaccel /dev/gpiochip* && chmod 660 /dev/piaccel /dev/gpiochip*
as_nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }
# line_of OFFSET COMMAND...: what its JSON says of a line of the board
line_of() {
	local line=$1; shift
	"$@" | perl -MJSON::PP -0777 -ne 'BEGIN { $o = shift } my $j = decode_json($_);
		for (grep { ($_->{offset} // $_->{gpio} // -1) == $o && ($_->{chip} // $j->{chip}) eq "pinctrl-bcm2711" }
		     @{$j->{lines} // $j->{pins}}) {
			my $l = $_;
			print join(" ", $j->{schema}, map { "$_=" . ($l->{$_} // "null") }
			      qw(consumer owner pid uid direction level safe armed tripped owed hold held trip_cause)), "\n";
		}' "$line"
}
"$tb" reset

# ---- get, set, toggle, release
out=$("$A" info --json 2>&1); grep -q '"failsafe"' <<<"$out"
result $? "info knows the module's parts" "$out"
"$tb" drive 5 1
out=$("$A" get P29 pinctrl-bcm2711:6 2>&1); [ "$out" = $'GPIO5=1\nGPIO6=1' ]
result $? "get reads a driven and a pulled line, by pin and by chip" "$out"
out=$("$A" set GPIO23=1 P18=off 2>&1) && drives 23 1 && drives 24 0
result $? "set drives lines, and they stay when it has ended" "$out"
out=$("$A" get GPIO23 --json 2>&1); grep -q '"value":1' <<<"$out"
result $? "get reads a line that set keeps" "$out"
"$tb" recorder o 23 24
out=$("$A" toggle 23 24 2>&1) && drives 23 0 && drives 24 1
result $? "toggle turns them over" "$out"
[ "$("$tb" record | wc -l)" = 2 ]
result $? "by one change each, without a glitch" "$("$tb" record)"
out=$("$A" release 23 24 --json 2>&1) && drives 23 in && drives 24 in && [ "$out" = '{"schema":1,"released":["23","24"]}' ]
result $? "release gives them back" "$out"
out=$("$A" set GPIO23=2 2>&1); [ $? = 2 ]
result $? "a value that is none is refused, status 2" "$out"
"$tb" recorder o 25
out=$("$A" pulse GPIO25 --width 2ms --count 3 --json 2>&1)
[ $? = 0 ] && [ "$out" = '{"schema":1,"line":"GPIO25","pulses":3,"width_ns":2000000,"period_ns":4000000}' ] && [ "$("$tb" record | grep -c ' = 1 ')" = 3 ]
result $? "pulse makes three pulses" "$out"

# ---- edges
"$A" watch GPIO6 --count 4 --for 20s --json >"$T/edges" 2>&1 &
until_true watched 6
"$tb" square 6 5000000 4; wait $!
[ $? = 0 ] && [ "$(grep -c '"line":"GPIO6"' "$T/edges")" = 4 ] &&
	grep -q '"edge":"rising","seq":2,"lost":0' "$T/edges"
result $? "watch prints the edges of a square wave" "$(cat "$T/edges")"

# ---- relay
mkfifo "$T/in"
"$A" relay GPIO22=on --deadline 20s --interlock GPIO27=0 --json <"$T/in" >"$T/relay" 2>&1 &
relay=$!
exec 6>"$T/in"
until_true has "$T/relay" '"event":"start"' && drives 22 1
result $? "relay drives its line" "$(cat "$T/relay")"
out=$(line_of 22 as_nobody "$A" status --json 2>&1)
[ "$out" = "1 consumer=accelctl relay owner=null pid=$relay uid=0 direction=out level=1 safe=0 armed=1 tripped=0 owed=0 hold=1 held=0 trip_cause=null" ]
result $? "status tells any user whose line it is and how its fail-safe stands" "$out"
out=$(line_of 22 as_nobody "$A" pinout --json 2>&1)
[ "$out" = "1 consumer=null owner=accelctl relay pid=$relay uid=0 direction=out level=1 safe=0 armed=1 tripped=0 owed=0 hold=1 held=0 trip_cause=null" ]
result $? "so does pinout" "$out"
out=$(line_of 27 as_nobody "$A" status --json 2>&1)
[[ $out == *" pid=$relay uid=0 direction=in level=0 safe=null armed=1 "* ]]
result $? "an interlock has no safe value, and its request's state" "$out"
out=$(as_nobody "$A" status 2>&1); grep -q "^  pinctrl-bcm2711:22 .* out .*hi  accelctl relay\[$relay\] uid 0, safe 0, armed, held when its owner ends$" <<<"$out" &&
	grep -q "^  pinctrl-bcm2711:27 .*\] uid 0, interlock, armed, held when its owner ends$" <<<"$out"
result $? "in words, too" "$out"
out=$(as_nobody "$A" pinout 2>&1); grep -q "^GPIO22: accelctl relay\[$relay\] uid 0, safe 0, armed" <<<"$out"
result $? "and below the header" "$out"
out=$("$A" set GPIO22=0 2>&1); [ $? = 1 ] && grep -q "GPIO22 by 'accelctl relay'" <<<"$out"
result $? "nobody else gets it, and is told who has it" "$out"
"$tb" drive 27 1
until_true has "$T/relay" '"tripped":true' && drives 22 0 &&
	grep -q '"cause":"interlock open"' "$T/relay"
result $? "an interlock trips it" "$(cat "$T/relay")"
out=$(as_nobody "$A" status 2>&1); grep -q "relay\[$relay\] uid 0, safe 0, tripped (interlock open)" <<<"$out"
result $? "and status says so, with the cause" "$out"
echo rearm >&6; until_true has "$T/relay" 'interlock is open'
result $? "no rearming while it is open" "$(cat "$T/relay")"
"$tb" drive 27 0; echo rearm >&6; echo on >&6
until_true has "$T/relay" '"event":"rearmed"' && until_true drives 22 1
result $? "rearm and on, once it is closed" "$(cat "$T/relay")"
kill -KILL $relay; wait $relay 2>/dev/null; exec 6>&-
until_true drives 22 0; result $? "killed, the kernel drives the safe state"
out=$("$A" relay GPIO22=off --safe on --interlock GPIO27=0 --for 0.1s </dev/null 2>&1) && drives 22 1
result $? "the next one takes over; its safe state is another" "$out"
out=$("$A" release GPIO22 2>&1) && drives 22 in
result $? "release gives back a relay with its interlock" "$out"
out=$("$A" relay GPIO2=off --for 0.1s </dev/null 2>&1)
grep -q 'warning: GPIO2 .pin 3. is unfit for a relay' <<<"$out"
result $? "a relay on a pulled-up pin is warned of" "$out"
"$A" release GPIO2

# ---- what is wrong is said, with what to do
wrong() { # STATUS PATTERN TEXT COMMAND...
	local want=$1 pattern=$2 text=$3 out rc; shift 3
	out=$("$A" "$@" 2>&1 </dev/null); rc=$?
	[ $rc = "$want" ] && grep -q -- "$pattern" <<<"$out"
	result $? "$text" "status $rc: $out"
}
wrong 1 "'pinctrl-bcm2711' has the lines 0 to 53, and no 99" "a line that the chip lacks" get pinctrl-bcm2711:99
wrong 1 "^accelctl: GPIO5 is free: there is nothing to release$" "a line that nobody holds" release GPIO5
wrong 1 "^accelctl: 'GPIO99': the header has GPIO0 to GPIO27; name other lines as CHIP:OFFSET$" "a pin that is none, to release" release GPIO99
wrong 1 "a deadline of 7200 s; 0.0001 s to 3600 s are possible" "a deadline too long" relay GPIO22=on --deadline 2h
wrong 1 "a debounce of 10 s; 1 s are the most" "a debounce too long" watch GPIO5 --debounce 10s
wrong 1 "a debounce of 4294.97 s" "one that no number of the kernel's holds" watch GPIO5 --debounce 5000s
wrong 1 "a period of 1 ns; these lines allow" "a rate that no chip does" capture GPIO5 --rate 1e9
wrong 2 "more than 63 interlocks" "more interlocks than lines" relay GPIO22=on $(for i in {1..64}; do echo "--interlock GPIO27=0"; done)
"$A" capture GPIO5 --rate 1000 --for 0.01s --json -o - >"$T/raw" 2>"$T/said"
[ $? = 0 ] && [ "$(wc -c <"$T/raw")" = 10 ] && grep -q '^{"schema":1,"samples":10,.*}$' "$T/said"
result $? "samples on standard output are alone there" "$(cat "$T/said")"
"$A" pulse GPIO25 --width 1h >"$T/said" 2>&1 & pulse=$!
until_true drives 25 1 && kill -TERM $pulse && SECONDS=0 && wait $pulse && [ $SECONDS -lt 10 ] && ! drives 25 1
result $? "a pulse of an hour ends at once when it is asked to" "$(cat "$T/said")"
mkfifo "$T/no"; exec 7<>"$T/no"
"$A" relay GPIO22=on --deadline 1h <"$T/no" >"$T/said" 2>&1 & relay=$!
until_true has "$T/said" 'GPIO22: on' && kill -TERM $relay && SECONDS=0 && wait $relay && [ $SECONDS -lt 10 ] && drives 22 0
result $? "so does a relay that has an hour" "$(cat "$T/said")"
exec 7>&-; "$A" release GPIO22

# ---- capture and play
printf '5000000 12=0\n5000000 12=1\n' | "$tb" play - player 1 rounds 0
out=$("$A" capture GPIO12 GPIO5 --rate 2000 --for 0.5s -o "$T/c.vcd" --json 2>&1)
[ $? = 0 ] && grep -q '"samples":1000,"period_ns":500000,"sample_size":1' <<<"$out" &&
	grep -q '^$var wire 1 ! GPIO12 $end' "$T/c.vcd" &&
	[ "$(grep -c '^[01]!' "$T/c.vcd")" -gt 20 ] && [ "$(grep -c '^1"' "$T/c.vcd")" = 1 ]
result $? "capture writes what a wave does as a value change dump" "$out"
out=$("$A" capture GPIO12 --rate 2000 --for 0.1s 2>&1); grep -q 'GPIO12 .*[▔▁┃].* Hz' <<<"$out"
result $? "the live view draws it" "$out"
"$tb" stop 1
"$tb" recorder o 13
out=$("$A" play "$T/c.vcd" GPIO13 --json 2>&1)
[ $? = 0 ] && grep -q '"samples":100[01],' <<<"$out" && [ "$("$tb" record | wc -l)" -ge 2 ] && drives 13 in
result $? "play drives a line with it and gives it back" "$out"

# ---- sensors on lines
printf '2500000 12=0\n2500000 12=1\n' | "$tb" play - player 1 rounds 0
out=$("$A" sensor read pulse:GPIO12,window=0.2,per=2,unit=turns --json 2>&1)
[ $? = 0 ] && grep -q '"name":"rate","value":[0-9.]*,"unit":"turns/s","quality":"good"' <<<"$out"
result $? "a pulse sensor counts" "$out"
"$tb" stop 1
out=$("$A" sensor read pulse:GPIO12,window=0.05 pir:GPIO5 2>&1)
grep -q 'frequency .* suspect .*standstill' <<<"$out" && grep -q 'motion  *1 .*warming up' <<<"$out"
result $? "no pulse is suspect; so is a motion sensor that was just opened" "$out"

# ---- buffers, status, doctor
out=$("$A" buf 1M --rounds 1 --json 2>&1)
[ $? = 0 ] && grep -q '"size":1048576.*"words_wrong":0' <<<"$out"
result $? "a buffer is zeroed, filled and verified" "$out"
"$A" set GPIO26=1 >/dev/null
out=$(as_nobody "$A" status 2>&1); grep -q '^  pinctrl-bcm2711:26 .* out .*hi *accelctl uid 0, safe 1, disarmed, held$' <<<"$out"
result $? "status shows what is kept, and whose it is" "$out"
out=$(line_of 26 as_nobody "$A" status --json 2>&1)
[ "$out" = "1 consumer=accelctl owner=null pid=null uid=0 direction=out level=1 safe=1 armed=0 tripped=0 owed=0 hold=1 held=1 trip_cause=null" ]
result $? "as JSON, too" "$out"
out=$(as_nobody "$A" get GPIO26 2>&1); [ "$out" = GPIO26=1 ]
result $? "and its level is for every user" "$out"
out=$("$A" pinout 2>&1); grep -q "accelctl .* 1 *out *GPIO26 *37 38" <<<"$out"
result $? "pinout shows it at its pin" "$out"
out=$(as_nobody "$A" set GPIO26=0 2>&1) || out+=$'\n'$(as_nobody "$A" release GPIO26 2>&1) || drives 26 1 &&
	[ "$(grep -c "'GPIO26': held for user 0, and you are user 65534: only they or root may have GPIO26" <<<"$out")" = 2 ]
result $? "another user gets it neither to set nor to release, and is told whose it is" "$out"
limit=/sys/module/piaccel/parameters/held_limit_uid; old=$(cat $limit); echo 1 >$limit
out=$(as_nobody "$A" relay GPIO22=on --interlock GPIO27=0 2>&1 </dev/null); [ $? = 1 ] &&
	grep -q "2 lines to be held, and user 65534 has 0 of 1 held already" <<<"$out"
result $? "a user that has as many lines held as it may is told the numbers" "$out"
echo "$old" >$limit
limit=/sys/module/piaccel/parameters/queue_limit_uid_kb; old=$(cat $limit); echo 0 >$limit
out=$(as_nobody "$A" watch GPIO6 --count 1 2>&1 </dev/null); [ $? = 1 ] && grep -q "a queue for [0-9]* edges, and user 65534 has 0 of 0 bytes in queues" <<<"$out"
result $? "so is one whose queues are full" "$out"
echo "$old" >$limit
"$A" pulse GPIO25 --width 1h >"$T/said" 2>&1 & pulse=$!
until_true drives 25 1
# a Vulkan driver would be read through 9p for many seconds
out=$(VK_DRIVER_FILES=/dev/null VK_ICD_FILENAMES=/dev/null OPENBLAS_NUM_THREADS=1 "$A" doctor 2>&1)
grep -q '^ok *module' <<<"$out" && grep -q '^ok *lines' <<<"$out" && grep -q '^ok *import *cpu' <<<"$out"
result $? "doctor finds module and lines, and the engine takes the module's buffers" "$out"
[ "$(grep -c '^missing *keep-alive' <<<"$out")" = 1 ] && grep -q "^missing *keep-alive *accelctl\[$pulse\] has pinctrl-bcm2711:25 without" <<<"$out"
result $? "and warns of a program that has an output without a keep-alive, not of a line that is held" "$out"
kill $pulse; wait $pulse; "$A" release GPIO26
chgrp root /dev/piaccel
out=$(as_nobody "$A" get GPIO5 2>&1)
[ $? = 4 ] && grep -q 'usermod -aG gpio' <<<"$out"
result $? "without permission it says which group, status 4" "$out"

# ---- two chips of one label
sim=/sys/kernel/config/gpio-sim
for i in 0 1; do
	mkdir -p $sim/twin$i/bank0; echo 4 >$sim/twin$i/bank0/num_lines
	echo twins >$sim/twin$i/bank0/label; echo 1 >$sim/twin$i/live
done
a=$(cat $sim/twin0/bank0/chip_name) b=$(cat $sim/twin1/bank0/chip_name)
node=$(readlink -f "/sys/bus/gpio/devices/$b/software_node"); node=${node#/sys/kernel/software_nodes/}
for i in "get twins:1" "set twins:1=1" "watch twins:1" "sensor read pir:twins:1"; do
	# shellcheck disable=SC2086
	out=$("$A" $i 2>&1 </dev/null) && break
	grep -q "'twins' is the name of 2 GPIO chips: $a ([^)]*), $b ($node); say which" <<<"$out" || break
done
[ "$i" = "sensor read pir:twins:1" ] && grep -q 'say which' <<<"$out"
result $? "a label that two chips have is refused, and both are named" "$i: $out"
out=$("$A" set "$a:1=1" "$node:2=1" 2>&1) && out=$("$A" get "$a:1" "$a:2" "$b:1" "$b:2" "$node:2" 2>&1)
[ "$out" = "$a:1=1"$'\n'"$a:2=0"$'\n'"$b:1=0"$'\n'"$b:2=1"$'\n'"$node:2=1" ]
result $? "gpiochipN and the path of its node tell them apart" "$out"
out=$("$A" status 2>&1); grep -q "^  $a:1 .*hi *accelctl uid 0, safe 1, .*held$" <<<"$out" && grep -q "^  $b:2 .*held$" <<<"$out" &&
	[ "$(grep -cE "^  ($a|$b|twins):" <<<"$out")" = 2 ]
result $? "status calls them so" "$out"
out=$("$A" release "$a:1" "$b:2" 2>&1) && echo 0 >$sim/twin1/live && out=$("$A" get twins:1 "$a:1" 2>&1) && [ "$out" = "twins:1=0"$'\n'"$a:1=0" ]
result $? "alone, the label is one chip's again" "$out"
echo 0 >$sim/twin0/live; rmdir $sim/twin[01]/bank0 $sim/twin[01]
for i in /sys/bus/gpio/devices/gpiochip*; do [[ $(readlink -f "$i") == */testboard/* ]] && board=${i##*/}; done
out=$("$A" get "$board:5" 2>&1); [[ $out == GPIO5=[01] ]]
result $? "the header's chip by its number is the header's chip" "$board: $out"

! grep '^request:' /sys/kernel/debug/piaccel/summary >"$T/held"
result $? "nothing is held at the end" "$(cat "$T/held")"

"$tb" reset
rm -rf "$T"
echo "1..$n"
