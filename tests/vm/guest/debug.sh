# SPDX-License-Identifier: MIT
# debug.sh: every kselftest on a debug kernel, then loading and unloading, then a
# search for what was left behind.
# shellcheck disable=SC2317 # the functions are called by suite
. "$top/tests/vm/guest/lib-debug.sh"
export PIACCEL_TEST_MODE=$mode
export PIACCEL_MODULE=$out/ko/piaccel.ko
# the fuzzer's full measure, for this kernel sees what it does
export PIACCEL_FUZZ_CALLS=200000 PIACCEL_FUZZ_THREADS=8
[ "$mode" = debug ] || export PIACCEL_FUZZ_CALLS=500000 PIACCEL_KILL_ROUNDS=200
if [ "$mode" = debug ]; then
	TAP=$out/tap
	: >"$TAP"
fi

n=0
result() { # RC TEXT
	n=$((n + 1))
	if [ "$1" = 0 ]; then echo "ok $n $2"; else echo "not ok $n $2"; fi
}

set_up() {
	local m
	arm_faults
	result $? "fault injection reaches every allocation"
	for m in i2c-core drm_panel_orientation_quirks drm drm_shmem_helper vgem; do
		load "$m" || break
	done
	result $? "vgem loads"
	load gpio-sim && sim_up
	result $? "gpio-sim loads"
	if [ -e "$out/ko/testboard.ko" ]; then
		load testboard
		result $? "testboard loads"
	fi
	load piaccel && [ -c /dev/piaccel ]
	result $? "piaccel loads and /dev/piaccel is there"
	echo "1..$n"
}

# cycles N: in one process, since starting 2 N programs takes longer.
cycles() {
	perl -e '
		my ($n, $ko) = @ARGV;
		my ($name, $args) = ("piaccel", "");
		for (1 .. $n) {
			open(my $f, "<", $ko) or die "$ko: $!\n";
			syscall(313, fileno($f), $args, 0) == 0 or die "load $_: $!\n";
			-c "/dev/piaccel" or die "load $_: no /dev/piaccel\n";
			syscall(176, $name, 0) == 0 or die "unload $_: $!\n";
			!-e "/dev/piaccel" or die "unload $_: /dev/piaccel stays\n";
		}' "$1" "$out/ko/piaccel.ko"
}

take_down() {
	local m rc=0
	[ "$programs" -gt 0 ]
	result $? "$programs test programs from build/kselftest were run"
	pages piaccel >/dev/console
	result $? "piaccel holds no pages after the tests"
	rmmod piaccel
	result $? "piaccel unloads after the tests"
	cycles 100
	result $? "100 load and unload cycles"
	sim_down || rc=1
	for m in testboard gpio_sim vgem; do
		! loaded "$m" || rmmod "$m" || rc=1
	done
	result "$rc" "the simulated chips unload"
	leaks >/dev/console
	result $? "kmemleak finds nothing"
	# one report of KASAN or lockdep turns lockdep off for good
	grep -q '^ *debug_locks: *1' /proc/lockdep_stats
	result $? "lockdep was on to the end"
	echo "1..$n"
}

programs=0
suite set-up set_up
for t in "$build"/kselftest/*_test; do
	[ -x "$t" ] || continue
	name=$(basename "$t")
	# exact times mean nothing here
	case $name in *timing_test) continue ;; esac
	[ $# = 0 ] || [[ " $* " = *" $name "* ]] || continue
	programs=$((programs + 1))
	mark "start $name"
	suite "$name" timeout -k 10 3600 "$t"
	mark "end $name"
done
n=0
suite take-down take_down
exit 0
