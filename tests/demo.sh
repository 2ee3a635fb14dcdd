#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# demo.sh: the main job, narrated. Exits 0 when every step did what it said.
#
#   CONFIG  a control file: instead of the emulated room this machine's own pins,
#           as tests/demo/pins.sh says

. "$(dirname "$0")/../scripts/lib.sh"
cd "$top" || exit 1
accel=$BUILD/accel arch=flatten,dense:128:relu,dropout:0.2,dense:10
work=$BUILD/demo
mkdir -p "$work" || die "cannot make $work"
# before anything else, what would be missing later
[ -z "${CONFIG:-}" ] || tests/demo/pins.sh "$CONFIG" || exit 1

# train DEVICE: the digit model; its accuracy and seconds in $accuracy, $seconds.
train() {
	local from
	from=$(date +%s%N)
	"$accel" train --data digits --arch $arch --epochs 3 --batch 64 --device "$1" \
		--out "$work/digits.safetensors" || die "the digit model does not train on $1"
	seconds=$(awk -v ns="$(($(date +%s%N) - from))" 'BEGIN {printf "%.1f", ns / 1e9}')
	accuracy=$("$accel" eval "$work/digits.safetensors" --data digits --json |
		sed -n 's/.*"accuracy": \([0-9.]*\).*/\1/p')
	awk -v a="$accuracy" 'BEGIN {exit !(a > 0.9)}' ||
		die "the digit model learned too little: accuracy ${accuracy:-unknown}"
}

cat <<'END'
libaccel: a Linux board that learns from its sensors and acts on its relays.

1. The library learns to read handwritten digits, made up by a generator, on this
   machine's Vulkan device, and then on its processor.

END
"$accel" devices || die "accel devices failed"
device=vulkan
[ "$("$accel" devices --json | tr -d ' \n')" != '{"schema":1,"devices":[]}' ] || {
	echo "There is no Vulkan device here: the processor does it alone."
	device=cpu
}
train $device
gpu=$seconds right=$accuracy
if [ $device != cpu ]; then
	train cpu
	name=$("$accel" devices --json | sed -n 's/.*"name": "\([^"]*\)".*/\1/p' | head -1)
	printf '\n%s: %s s, %s of the digits right.\nThe processor (%s of them): %s s, %s.\n' \
		"$name" "$gpu" "$right" "$(nproc)" "$seconds" "$accuracy"
	case $name in
	llvmpipe*) echo "llvmpipe is Vulkan on the processor: this machine has no GPU." ;;
	esac
fi

cc=${CC:-cc}
$cc -O2 -Wall -Wextra -Werror -D_GNU_SOURCE -Ilibaccel/include -o "$BUILD/picture" \
	tests/demo/picture.c -L"$BUILD" -laccel -lm -Wl,-rpath,"$BUILD" ||
	die "the demo's picture does not build"
if [ -n "${CONFIG:-}" ]; then
	printf '\n2. The pins of this machine, by %s: sensed, acted on, and safe when\n   the controller dies.\n\n' "$CONFIG"
	tests/demo/pins.sh "$CONFIG" "$work" || die "the demo failed"
	echo
	"$BUILD/picture" "$work/data.csv" "$BUILD/demo.svg" "$CONFIG" || die "no picture"
	printf '\nAll of it worked. The picture is %s/demo.svg.\n' "${BUILD#"$top"/}"
	exit
fi

cat <<'END'

2. A machine boots (Debian's own kernel, in an emulator: no board is needed). Its
   simulated board has a DHT22, a motion sensor, a heater and a fan in a small
   room whose clock runs 60 times as fast as yours. piaccel.ko is loaded; the room is
   recorded, a model learns when people are there, and a controller heats by it.
   Then the controller is killed while the heater is on.

END
$cc -O2 -Wall -Wextra -Werror -D_GNU_SOURCE -o "$BUILD/room" tests/demo/room.c ||
	die "the demo's room does not build"
make --no-print-directory BUILD="${BUILD#"$top"/}" "${BUILD#"$top"/}/tbctl" >/dev/null ||
	die "tbctl does not build"
out=$BUILD/vm-demo.tap
VM_NAME=demo "$top/tests/vm/vm.sh" icount "$top/tests/vm/guest/demo.sh" &
boot=$!
# tell each step as it is made
shown=0
tell() {
	local all
	[ -e "$out" ] || return
	all=$(tr -d '\r\000' <"$out" | grep -c '')
	[ "$all" -gt "$shown" ] || return
	tr -d '\r\000' <"$out" | sed -n "$((shown + 1)),${all}p" |
		sed -n '/^#csv \|^##/d; s/^# //p; s/^ok [0-9]* - /done: /p; s/^not ok [0-9]* - /FAILED: /p'
	shown=$all
}
rm -f "$out"
while kill -0 $boot 2>/dev/null; do sleep 0.5; tell; done
wait $boot
rc=$?
tell
[ $rc = 0 ] || die "the demo failed; the machine's console is in ${BUILD#"$top"/}/vm-console-demo.log"

{
	echo "minutes,temperature in °C,people,heater,fan"
	tr -d '\r' <"$out" | sed -n 's/^#csv //p' | cut -d, -f1,2,4-
} >"$work/room.csv"
echo
"$BUILD/picture" "$work/room.csv" "$BUILD/demo.svg" "The room" || die "no picture"
cat <<END

All of it worked. The picture is ${BUILD#"$top"/}/demo.svg; 'make vm' gives you a shell in that
machine, docs/control.md the language of the rules.
END
