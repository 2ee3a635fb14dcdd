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

# A second driver that imports buffers, where the kernel's image has one.
vgem_up() {
	local m
	for m in drm drm_kms_helper drm_shmem_helper vgem; do
		[ ! -e "$build/vm/modules/$m.ko" ] || insmod "$build/vm/modules/$m.ko"
	done
}

modules_up() {
	vgem_up
	load gpio-sim && sim_up
	load testboard && load importer && load piaccel
}
