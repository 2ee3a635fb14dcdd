#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# accelctl where there is no module: command lines, exit codes, the header of a
# fake Raspberry Pi, sensors of a fake /sys, man page and completion. Prints TAP.

. "$(dirname "$0")/lib.sh"
A=$BUILD/accelctl

# ends STATUS PATTERN COMMAND...: fails so, and says so
ends() {
	local want=$1 pattern=$2 out rc; shift 2
	out=$("$@" 2>&1 </dev/null); rc=$?
	[ $rc = "$want" ] && grep -q -- "$pattern" <<<"$out" && return 0
	echo "# status $rc: $out"
	return 1
}
json() { perl -MJSON::PP -0777 -ne 'decode_json($_)'; }
xml() { # every tag that opens closes, in order
	perl -0777 -ne 'while (/<(\/?)(\w+)([^>]*?)(\/?)>/g) {
		if ($1) { (pop @s // "") eq $2 or die "$2\n" } elsif (!$4) { push @s, $2 }
	} die "open: @s\n" if @s'
}

commands=$("$A" --help | awk '/^  [a-z]/ {print $1}')
for c in $commands; do
	"$A" "$c" --help | grep -q "^usage: accelctl $c" || bad+=" $c"
	"$A" "$c" --help | sed -n '/^usage/,/^$/p' | grep -q -- --json || bad+=" $c(--json)"
	ends 2 "unexpected '--nonsense'" "$A" "$c" --nonsense >/dev/null || bad+=" $c(option)"
done
[ -z "${bad:-}" ] && [ "$(wc -w <<<"$commands")" = 15 ]
result $? "each command has its help and --json, and refuses an unknown option" "${bad:-$commands}"
ends 2 "'GPIO5' is not LINE=VALUE" "$A" set GPIO5; result $? "set wants a value"
ends 2 "too few" "$A" get; result $? "get wants a line"
ends 2 "--width: '3x' is not a time like 10ms" "$A" pulse 5 --width 3x; result $? "a time has a unit that is known"
ends 2 "wants a value" "$A" capture 5 -o; result $? "an option without its value"
ends 2 "did you mean --rate" "$A" capture 5 --rat 1; result $? "an option that is nearly one"
ends 2 "did you mean doctor" "$A" docter; result $? "a command that is nearly one"
ends 2 "--rate: '5 apples' is not a rate like 50, 50Hz, 10kHz" "$A" capture 5 --rate "5 apples"; result $? "a rate has a unit that is known"
ends 2 "list, read or watch" "$A" sensor look; result $? "sensor names its words"
ends 2 "is no size" "$A" buf 5Q; result $? "a size has a unit that is known"
ends 2 "--safe is on or off" "$A" relay 5=on --safe maybe; result $? "a safe state is on or off"
if [ ! -e /dev/piaccel ]; then
	for c in "get 5" "set 5=1" "toggle 5" "release 5" "pulse 5" "watch 5" "capture 5 -o $T/x" \
		"relay 5=on" "sensor read dht22:GPIO4" "buf 4K" "status" "info"; do
		# shellcheck disable=SC2086
		ends 3 "load it with: sudo insmod" "$A" $c >/dev/null || bad+=" '$c'"
	done
	[ -z "${bad:-}" ]; result $? "without the module each says how to load it, status 3" "${bad:-}"
	ends 1 "^broken *module" "$A" doctor; result $? "and doctor, that it is missing"
fi

mkdir -p "$T/proc/device-tree" "$T/sys/bus/iio/devices/iio:device0"
printf 'Raspberry Pi 5 Model B Rev 1.0\0' >"$T/proc/device-tree/model"
printf 'raspberrypi,5-model-b\0brcm,bcm2712\0' >"$T/proc/device-tree/compatible"
echo bme280 >"$T/sys/bus/iio/devices/iio:device0/name"
echo 25080 >"$T/sys/bus/iio/devices/iio:device0/in_temp_input"
export ACCEL_ROOT=$T
mkdir -p "$T/sys/kernel" "$T/sys/module/kernel/parameters" "$T/proc/sys/kernel"
echo 1 >"$T/sys/kernel/kexec_crash_loaded"
echo N >"$T/sys/module/kernel/parameters/crash_kexec_post_notifiers"
echo '|/usr/lib/collect %P' >"$T/proc/sys/kernel/core_pattern"
out=$("$A" doctor 2>&1); grep -q '^missing *panic .*crash_kexec_post_notifiers' <<<"$out" && grep -q '^missing *dumps .*/usr/lib/collect' <<<"$out"
result $? "doctor says what comes before the module hears of an end" "$out"
echo Y >"$T/sys/module/kernel/parameters/crash_kexec_post_notifiers"; echo core >"$T/proc/sys/kernel/core_pattern"
out=$("$A" doctor 2>&1); ! grep -qE '^missing *(panic|dumps)' <<<"$out"; result $? "and nothing where nothing does" "$out"
out=$("$A" pinout); grep -q 'Pi 5.*pinctrl-rp1' <<<"$out" && grep -q 'GPIO17 *11 12 *GPIO18' <<<"$out"
result $? "pinout of a Pi 5, by its device tree" "$out"
out=$("$A" pinout --json); json <<<"$out"; result $? "as JSON" "$out"
"$A" pinout --svg "$T/p.svg" && grep -q '>GPIO21</text>' "$T/p.svg" && xml <"$T/p.svg"
result $? "as a picture"
out=$("$A" pinout --json 2>&1 >/dev/full); [ $? = 1 ] && grep -q 'standard output: No space left' <<<"$out"
result $? "standard output that is full is a failure" "$out"
ends 1 "No such file" "$A" pinout --svg "$T/none/p.svg"; result $? "a picture that cannot be written"
out=$("$A" sensor read iio:bme280); grep -q 'temperature *25.08 °C *good' <<<"$out"
result $? "a sensor of a kernel driver needs no module" "$out"
out=$("$A" sensor read iio:bme280 --json) && json <<<"$out"; result $? "as JSON" "$out"
rm "$T/sys/bus/iio/devices/iio:device0/in_temp_input"
ends 1 "accelctl sensor list" "$A" sensor read iio:sht31; result $? "one that is not there"
out=$("$A" sensor list --json) && json <<<"$out"; result $? "the list, as JSON" "$out"
unset ACCEL_ROOT

# play reads its file before it asks for the module
printf '$timescale 1 us $end\n$enddefinitions $end\n' >"$T/empty.vcd"
ends 1 "fewer variables" "$A" play "$T/empty.vcd" 5; result $? "a dump without variables"
printf '$version' >"$T/cut.vcd"
ends 1 "no \$enddefinitions" "$A" play "$T/cut.vcd" 5; result $? "a dump that is cut off"
printf 'abc' >"$T/raw"
ends 1 "give --period" "$A" play "$T/raw" 5; result $? "samples of unknown length"
ends 1 "is cut off" "$A" play "$T/raw" 1 2 3 4 5 6 7 8 9 --rate 1000; result $? "half a sample"

awk -v to="$T/pins" '/^```c/ { on = ++k; next } /^```/ { on = 0 } on { print >(to on ".c") }' docs/pins.md
out=$(for c in "$T"/pins*.c; do cc -std=c11 -Wall -Wextra -Werror -Ilibaccel/include -fsyntax-only "$c" 2>&1 || echo "$c"; done)
[ -z "$out" ] && [ -e "$T/pins2.c" ]
result $? "the programs of docs/pins.md compile" "$out"
for c in $commands; do
	grep -qE "^\.B(R|I)? \"?$c\b" docs/accelctl.1 || lost+=" $c(man)"
	grep -q "\b$c\b" tools/accelctl/completion.bash || lost+=" $c(completion)"
	for o in $("$A" "$c" --help | sed -n '1,/^$/p' | grep -oE -- '--[a-z-]+' | sort -u); do
		grep -q -- "$o\b" tools/accelctl/completion.bash || lost+=" $c$o"
	done
done
[ -z "${lost:-}" ]; result $? "man page and completion know every command and option" "${lost:-}"
out=$(bash -c '. tools/accelctl/completion.bash; COMP_WORDS=(accelctl relay GPIO2); COMP_CWORD=2
	_accelctl; echo "${#COMPREPLY[@]}"'); [ "$out" = 9 ]
result $? "completion offers the lines that begin so" "$out"
echo "1..$n"
