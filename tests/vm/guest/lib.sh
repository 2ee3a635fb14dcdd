# SPDX-License-Identifier: MIT
# Shared by the guest scripts. mode, top and build come from init.

TAP=/dev/ttyS1
[ -c $TAP ] && [ "$mode" != shell ] || TAP=/dev/stdout

# suite NAME COMMAND...: run a TAP program, framed for split-tap.sh.
suite() {
	local name=$1 rc; shift
	echo "suite $name, $(cut -d" " -f1 /proc/uptime) s"
	{
		echo "##SUITE $name"
		"$@" 2>&1 </dev/null
		rc=$?
		echo "##END $name $rc"
	} >>"$TAP"
}

load() { insmod "$build/vm/$1/$1.ko" "${@:2}"; }

# A gpio-sim bank that can sleep: label sim-board, 40 lines.
sim_up() {
	local c=/sys/kernel/config/gpio-sim/sim
	mkdir -p $c/bank0 && echo 40 >$c/bank0/num_lines &&
		echo sim-board >$c/bank0/label && echo 1 >$c/live
}
sim_down() {
	local c=/sys/kernel/config/gpio-sim/sim
	[ -d $c ] || return 0
	echo 0 >$c/live && rmdir $c/bank0 $c
}

modules_up() {
	load gpio-sim && sim_up
	load testboard && load importer && load piaccel ${PIACCEL_MODULE_ARGS:-}
}

# For scripts that print TAP themselves: result RC TEXT [DETAIL], then "1..$n".
n=0
result() {
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n - $2"
	else
		[ -z "${3:-}" ] || printf '%s\n' "$3" | sed 's/^/# /'
		echo "not ok $n - $2"
	fi
}
# until_true COMMAND...: wait for it, 20 s and 100 tries at least. On instruction-
# counted time seconds fly while the machine waits for a file of the host's.
until_true() {
	local i end=$((SECONDS + 20))
	for ((i = 0; i < 100 || SECONDS < end; i++)); do
		"$@" && return 0
		sleep 0.05
	done
	return 1
}
# What a controller is made of is read once, for the same reason: a deadline would
# pass while it starts.
warm() {
	local libs
	libs=$(ldd "$build/accel" "$build/accelctl" | awk '$2 == "=>" && $3 ~ /^\// { print $3 }')
	# shellcheck disable=SC2086
	cat "$build/accel" "$build/accelctl" "$build/tbctl" $libs >/dev/null
}
# Does the chip drive this line so? (tbctl's words: 0, 1, in)
drives() { [ "$("$build/tbctl" output "$1")" = "$2" ]; }
