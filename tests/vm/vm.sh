#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# vm.sh MODE [GUEST SCRIPT [ARGUMENTS...]]: the test machine.
#
#   prepare   build all that a boot needs; print nothing
#   smp       two CPUs, for function and races
#   icount    one CPU on instruction-counted time, for everything about timing
#   shell     two CPUs and a shell on this terminal, module loaded
#
# Debian's 6.12 kernel boots under QEMU's software emulation with this machine's
# root, read-only, over 9p: programs built here run there. The guest script
# (default tests/vm/guest/tests.sh) prints TAP on the second serial port, split
# into build/results/vm-*.tap; the console is kept as build/vm-console*.log. A
# splat in it, a missing end mark or a timeout fails the run. VM_READY=1 says that
# "prepare" has just been run: boots begin at once. VM_NAME names the
# files; VM_JUDGE is a script that judges the boot instead: it is called with
# "judge NAME CONSOLE TAP STATUS". VM_MEM is its memory in MiB (1024). VM_KERNEL
# is another of Debian's kernels for amd64, as kernel.sh names it; then BUILD must
# be a folder of its own.

. "$(dirname "$0")/../../scripts/lib.sh"
vm=$top/tests/vm
mkdir -p "$BUILD" || die "cannot make $BUILD"
W=$BUILD/vm
flavour=${VM_KERNEL:-amd64}

# The release is looked up once a run; make's other steps ask again.
kernel() { "$top/scripts/kernel.sh" "$@"; }

vmlinux() { # unpacked image: QEMU boots it directly (PVH)
	local out=$CACHE/vmlinux/$1
	if [ ! -s "$out" ]; then
		say UNPACK "kernel $1"
		mkdir -p "$CACHE/vmlinux"
		bash "$KFILES/scripts/extract-vmlinux" "$IMAGE/boot/vmlinuz-$1" >"$out.new" &&
			mv "$out.new" "$out" || die "cannot unpack the kernel image (disk full?)"
	fi
	printf '%s\n' "$out"
}

# Modules for a 9p root, in the order in which they load.
ROOT_MODULES="fs/configfs/configfs fs/netfs/netfs net/9p/9pnet net/9p/9pnet_virtio fs/9p/9p"
# Loaded by the tests, from the image, when they need them.
TEST_MODULES="drivers/gpu/drm/drm drivers/gpu/drm/drm_kms_helper
drivers/gpu/drm/drm_shmem_helper drivers/gpu/drm/vgem/vgem"

initramfs() { # ABI
	local stage=$W/initramfs out=$W/initramfs.cpio.gz bb m src n=0
	bb=$("$top/scripts/fetch.sh" host amd64 busybox-static) || exit 1
	if [ -e "$out" ] && [ "$out" -nt "$vm/guest/init" ] && [ "$out" -nt "$vm/vm.sh" ] &&
	   [ "$(cat "$W/abi" 2>/dev/null)" = "$1" ]; then return; fi
	rm -rf "$stage"
	mkdir -p "$stage"/{bin,m,mnt,proc,sys,dev,run}
	cp "$bb/bin/busybox" "$stage/bin/" 2>/dev/null ||
		cp "$bb/usr/bin/busybox" "$stage/bin/" || die "no busybox in its package"
	for m in $ROOT_MODULES; do
		src=$IMAGE/lib/modules/$1/kernel/$m.ko
		[ -e "$src.xz" ] || src=$IMAGE/usr/lib/modules/$1/kernel/$m.ko
		n=$((n + 1))
		# a part built into the kernel has no file
		if [ -e "$src.xz" ]; then
			xz -dc "$src.xz" >"$stage/m/$n-$(basename "$m").ko" || exit 1
		fi
	done
	install -m 755 "$vm/guest/init" "$stage/init"
	( cd "$stage" && find . | cpio -o -H newc --quiet | gzip -1 ) >"$out.new" &&
		mv "$out.new" "$out" || die "cannot write $out (disk full?)"
	echo "$1" >"$W/abi"
}

test_modules() { # ABI
	local m src out
	mkdir -p "$W/modules"
	for m in $TEST_MODULES; do
		src=$IMAGE/lib/modules/$1/kernel/$m.ko
		[ -e "$src.xz" ] || src=$IMAGE/usr/lib/modules/$1/kernel/$m.ko
		out=$W/modules/$(basename "$m").ko
		[ -e "$src.xz" ] || continue
		[ "$out" -nt "$src.xz" ] || xz -dc "$src.xz" >"$out" || exit 1
	done
}

gpio_sim() { # KDIR: Debian builds no gpio-sim, so build it from its source
	local d=$W/gpio-sim
	mkdir -p "$d"
	# irq_to_desc() is not exported to modules; the number serves as well
	sed 's/handle_simple_irq(irq_to_desc(irqnum))/generic_handle_irq(irqnum)/' \
		"$KFILES/kernel/irq/irq_sim.c" >"$d/irq-sim.c.new"
	cp "$KFILES/drivers/gpio/gpio-sim.c" "$d/sim.c.new"
	for f in irq-sim.c sim.c; do
		cmp -s "$d/$f.new" "$d/$f" || cp "$d/$f.new" "$d/$f"
		rm "$d/$f.new"
	done
	printf 'obj-m := gpio-sim.o\ngpio-sim-y := sim.o irq-sim.o\n' >"$d/Kbuild"
	[ "$d/gpio-sim.ko" -nt "$d/sim.c" ] && [ "$d/gpio-sim.ko" -nt "$1/Makefile" ] ||
		make -s -C "$1" M="$d" CONFIG_DEBUG_INFO_BTF_MODULES= modules \
			>"$d/build.log" 2>&1 ||
		{ cat "$d/build.log" >&2; die "gpio-sim does not build"; }
}

# The module with each mistake of breaks/x86, which a test must notice where
# devices can have DMA operations of their own.
broken() { # KDIR
	local p out
	for p in "$vm"/breaks/x86/*.patch; do
		out=$W/broken-$(basename "$p" .patch)
		[ ! -e "$out/piaccel.ko" ] || [ -n "$(find "$top/Kbuild" "$top/driver" "$top/uapi" \
			"$p" "$1/Makefile" -newer "$out/piaccel.ko")" ] || continue
		rm -rf "$out" "$out.src"
		mkdir -p "$out.src" && cp -r "$top/Kbuild" "$top/driver" "$top/uapi" "$out.src/" ||
			die "cannot copy the driver (disk full?)"
		patch -s -d "$out.src" -p1 <"$p" ||
			die "$p does not fit the driver any more: make it again"
		MODULE_SRC=$out.src "$top/scripts/module.sh" "$1" "$out" || exit 1
	done
}

prepare() {
	local kdir m
	if [ "${VM_READY:-0}" = 1 ]; then
		VMLINUX=$(cat "$W/kernel") || die "VM_READY=1 without vm.sh prepare"
		return
	fi
	need qemu-system-x86_64 qemu-system-x86
	need cpio cpio
	need xz xz-utils
	need_space "$BUILD" 200
	mkdir -p "$W"
	# boots run side by side; what they share is built by one at a time
	exec 8>"$W/.lock" && flock 8 || die "cannot lock $W"
	ABI=$(kernel abi "$flavour")-$flavour || exit 1
	KFILES=$(kernel files) && IMAGE=$(kernel image "$flavour") &&
		kdir=$(kernel headers "$flavour") || exit 1
	VMLINUX=$(vmlinux "$ABI") || exit 1
	initramfs "$ABI" || exit 1
	test_modules "$ABI" || exit 1
	"$top/scripts/module.sh" "$kdir" "$W/piaccel" || exit 1
	for m in testboard importer; do
		MODULE_SRC=$vm/$m "$top/scripts/module.sh" "$kdir" "$W/$m" || exit 1
	done
	[ "$flavour" != amd64 ] || broken "$kdir" || exit 1
	gpio_sim "$kdir" || exit 1
	printf '%s\n' "$VMLINUX" >"$W/kernel" || die "cannot write to $W (disk full?)"
	exec 8>&-
}

boot() { # MODE CONSOLE TAP SCRIPT ARGUMENTS...
	local mode=$1 console=$2 tap=$3 accel; shift 3
	case $mode in
	icount) accel="-accel tcg,thread=single -smp 1 -icount shift=0,sleep=off" ;;
	*) accel="-accel tcg,thread=multi -smp 2" ;;
	esac
	# shellcheck disable=SC2086
	timeout --foreground "${VM_TIMEOUT:-1200}" qemu-system-x86_64 $accel \
		-M q35 -cpu max -m "${VM_MEM:-1024}" \
		-nodefaults -no-user-config -display none -no-reboot \
		-serial "$console" -serial "$tap" \
		-kernel "$VMLINUX" -initrd "$W/initramfs.cpio.gz" \
		-append "console=ttyS0 loglevel=5 mitigations=off audit=0 nowatchdog panic=-1 mode=$mode top=$top build=$BUILD ${VM_APPEND:-} -- $*" \
		-virtfs local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap
}

run() { # MODE SCRIPT ARGUMENTS...
	local mode=$1 name log tap rc; shift
	name=${VM_NAME:-$mode}
	log=$BUILD/vm-console-$name.log
	[ "$name" = smp ] && log=$BUILD/vm-console.log
	tap=$BUILD/vm-$name.tap
	mkdir -p "$BUILD/results"
	rm -f "$BUILD"/results/vm-"$name"-*.tap "$tap" "$log"
	say VM "$name boot (log: ${log#"$top"/})"
	# The emulator now and then breaks a kernel that patches its own code on
	# two CPUs while it starts, before anything of ours runs: then once more.
	for _ in 1 2 3; do
		boot "$mode" "file:$log" "file:$tap" "$@" </dev/null >"$W/qemu-$name.log" 2>&1
		rc=$?
		! grep -q '^kernel [0-9]' "$log" 2>/dev/null || break
		say WARN "the emulated kernel did not get as far as its first program"
	done
	# A boot that ends in its own way is judged by whoever asked for it.
	if [ -n "${VM_JUDGE:-}" ]; then
		"$VM_JUDGE" judge "$name" "$log" "$tap" "$rc"
		return
	fi
	# The guest's own words decide, not QEMU's status.
	if [ "$rc" = 124 ]; then
		echo "the machine did not end within ${VM_TIMEOUT:-1200} s; its last lines:" >&2
		tail -5 "$log" >&2
	elif [ "$rc" != 0 ]; then
		cat "$W/qemu-$name.log" >&2
	fi
	"$vm/split-tap.sh" "$name" "$log" "$tap"
}

mode=${1:-}; [ $# -gt 0 ] && shift
[ "$(dpkg --print-architecture)" = amd64 ] || [ "$mode" = "" ] ||
	say WARN "the test machine is amd64, emulated on this processor"
case $mode in
prepare) prepare ;;
smp | icount)
	prepare
	[ $# -gt 0 ] || set -- "$vm/guest/tests.sh" "$mode"
	run "$mode" "$@" ;;
shell)
	prepare
	[ -t 0 ] || die "make vm needs a terminal"
	say VM "a shell in the test machine; leave with 'exit'"
	boot shell mon:stdio null "$vm/guest/shell.sh"; stty sane ;;
*) die "usage: vm.sh prepare|smp|icount|shell [GUEST SCRIPT [ARGUMENTS...]]" ;;
esac
