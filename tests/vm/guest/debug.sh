# SPDX-License-Identifier: MIT
# debug.sh: every kselftest on a debug kernel, then loading and unloading, then a
# search for what was left behind.
. "$top/tests/vm/guest/lib-debug.sh"
export PIACCEL_TEST_MODE=$mode
TAP=$out/tap
: >"$TAP"

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
		load $m || break
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

cycles() {
	local i
	for ((i = 0; i < $1; i++)); do
		load piaccel && [ -c /dev/piaccel ] && rmmod piaccel &&
			[ ! -e /dev/piaccel ] || return 1
	done
}

take_down() {
	local m rc=0
	rmmod piaccel
	result $? "piaccel unloads after the tests"
	cycles 100
	result $? "100 load and unload cycles"
	sim_down || rc=1
	for m in testboard gpio_sim vgem; do
		! loaded $m || rmmod $m || rc=1
	done
	result $rc "the simulated chips unload"
	leaks >/dev/console
	result $? "kmemleak finds nothing"
	# one report of KASAN or lockdep turns lockdep off for good
	grep -q '^ *debug_locks: *1' /proc/lockdep_stats
	result $? "lockdep was on to the end"
	echo "1..$n"
}

suite set-up set_up
for t in "$build"/kselftest/*_test; do
	[ -x "$t" ] || continue
	name=$(basename "$t")
	# exact times mean nothing here
	case $name in *timing_test) continue ;; esac
	[ $# = 0 ] || [[ " $* " = *" $name "* ]] || continue
	mark "start $name"
	suite "$name" timeout -k 10 "${limit:-600}" "$t"
	mark "end $name"
done
n=0
suite take-down take_down
exit 0
