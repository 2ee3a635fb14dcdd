#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# debug-x86.sh [PROGRAM...]: every kselftest on an SMP kernel with KASAN and lockdep.
#
# For races, which the one CPU of debug.sh does not show. Builds (once, cached:
# about 20 CPU-minutes) the kernel of debug-x86_64.config and boots it under QEMU
# with four CPUs. Results: build/results/races-*.tap; console:
# build/vm-console-races.log. RACES_SECONDS (7200) is the limit of the boot.

# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
# the caller's make must not reach the kernel's
unset MAKEFLAGS MFLAGS MAKELEVEL ARCH CROSS_COMPILE
vm=$top/tests/vm
work=$BUILD/races
log=$BUILD/vm-console-races.log
tap=$BUILD/vm-races.tap

need qemu-system-x86_64 qemu-system-x86
need cpio cpio
mkdir -p "$BUILD/results" 2>/dev/null || die "cannot write to $BUILD"
rm -rf "$work/ko" "$work/initramfs" "$log" "$tap" "$BUILD"/results/races-*.tap
mkdir -p "$work/ko" || die "cannot write to $work"

kernel=$("$vm/debug-kernel.sh" x86_64) || exit 1
cp "$kernel"/modules/*.ko "$work/ko/" || die "cannot copy the modules (disk full?)"
module() { # FOLDER NAME: built for that kernel, into the guest's ko/
	MODULE_SRC=$1 "$top/scripts/module.sh" "$kernel/kdir" "$work/$2" || exit 1
	cp "$work/$2/$2.ko" "$work/ko/" || die "cannot copy $2.ko (disk full?)"
}
module "$top" piaccel
[ ! -e "$vm/testboard/Kbuild" ] || module "$vm/testboard" testboard

# all drivers are built in: the first root only mounts the second
busybox=$("$top/scripts/fetch.sh" host amd64 busybox-static) || exit 1
mkdir -p "$work/initramfs"/{bin,m,mnt,proc,sys,dev,run}
cp "$busybox"/bin/busybox "$work/initramfs/bin/" 2>/dev/null ||
	cp "$busybox"/usr/bin/busybox "$work/initramfs/bin/" || die "no busybox in its package"
install -m 755 "$vm/guest/init" "$work/initramfs/init"
( cd "$work/initramfs" && find . | cpio -o -H newc --quiet | gzip -1 ) >"$work/initramfs.cpio.gz" ||
	die "cannot write the initramfs (disk full?)"

say VM "races boot (log: ${log#"$top"/})"
timeout --foreground "${RACES_SECONDS:-7200}" qemu-system-x86_64 \
	-accel tcg,thread=multi -smp 4 -M q35 -cpu max -m 3072 \
	-nodefaults -no-user-config -display none -no-reboot \
	-serial "file:$log" -serial "file:$tap" \
	-kernel "$kernel/linux" -initrd "$work/initramfs.cpio.gz" \
	-append "console=ttyS0 loglevel=5 mitigations=off nokaslr audit=0 panic=-1 watchdog_thresh=60 page_poison=1 page_owner=on mode=races top=$top build=$BUILD -- $vm/guest/debug.sh $*" \
	-virtfs local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap \
	</dev/null >"$work/qemu.log" 2>&1
rc=$?
if [ $rc = 124 ]; then
	echo "the machine did not end within ${RACES_SECONDS:-7200} s" >&2
elif [ $rc != 0 ]; then
	cat "$work/qemu.log" >&2
fi
exec "$vm/split-tap.sh" races "$log" "$tap" races
