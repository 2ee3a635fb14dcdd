#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# arm64.sh virt|virt-16k|raspi4b NAME MODULE [-d DTB] [-m MODULE] [-a ARGUMENTS]
#          [PROGRAM...]
#
# Boot Debian's arm64 kernel in QEMU (virt-16k: the one with pages of 16 KiB, on
# a processor that has them), load the module file MODULE, run the
# static arm64 PROGRAMs (TAP on stdout; exit 4: skipped), unload. Prints
# unnumbered TAP lines; exits non-zero if any failed. The console goes to
# build/vm-console-NAME.log.
#
#   -d DTB        another device tree than the kernel package's (raspi4b)
#   -m MODULE     another module, which is loaded before; any number of them
#   -a ARGUMENTS  more of the kernel's command line
#   TMO=          seconds until the boot is given up (300)

# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
vm=$top/tests/vm
fetch=$top/scripts/fetch.sh

[ $# -ge 3 ] || die "usage: arm64.sh virt|virt-16k|raspi4b NAME MODULE [-d DTB] [-m MODULE] [-a ARGUMENTS] [PROGRAM...]"
machine=$1 name=$2 module=$3; shift 3
dtb='' more='' before=() flavour=arm64
[ "$machine" != virt-16k ] || flavour=arm64-16k
while getopts d:m:a: o; do
	case $o in
	d) dtb=$OPTARG ;;
	m) before+=("$OPTARG") ;;
	a) more=$OPTARG ;;
	*) exit 2 ;;
	esac
done
shift $((OPTIND - 1))
[ -f "$module" ] || die "no module at $module"
need cpio cpio
need xz xz-utils

case $BUILD in /*) ;; *) BUILD=$top/$BUILD ;; esac
log=$BUILD/vm-console-$name.log
tree=$BUILD/arm64/$name

# find_qemu: sets qemu=(COMMAND). The Pi 4 came with QEMU 9, which Debian 12 has
# in its backports: unpacked from the cache it needs the libraries that
# qemu-system-x86 brings.
find_qemu() {
	local suite t lost
	if command -v qemu-system-aarch64 >/dev/null &&
	   qemu-system-aarch64 -M help | grep -q '^raspi4b '; then
		qemu=(qemu-system-aarch64)
		return
	fi
	suite=host
	! grep -q '^VERSION_CODENAME=bookworm' /etc/os-release || suite=backports
	t=$("$fetch" "$suite" "$(dpkg --print-architecture)" \
		qemu-system-arm qemu-system-data) || exit 1
	qemu=("$(head -1 <<<"$t")/usr/bin/qemu-system-aarch64"
		-L "$(tail -1 <<<"$t")/usr/share/qemu")
	lost=$(ldd "${qemu[0]}" | awk '/not found/ {print $1}' | xargs)
	[ -z "$lost" ] ||
		die "QEMU lacks $lost; install its libraries with: apt-get install qemu-system-x86 (or run: make deps)"
}

# The initramfs: busybox, what must be loaded, what is to run.
initramfs() {
	local busybox wdt p
	busybox=$("$fetch" host arm64 busybox-static) || exit 1
	rm -rf "$tree"
	mkdir -p "$tree"/{bin,dev,proc,sys,tmp,m/before,t} || die "cannot write to $tree"
	{ cp "$(find "$busybox" -path '*/bin/busybox' -type f)" "$tree/bin/" &&
	  cp "$vm/guest/init-arm64.sh" "$tree/init" &&
	  { [ ${#before[@]} = 0 ] || cp "${before[@]}" "$tree/m/before/"; } &&
	  cp "$module" "$tree/m/piaccel.ko"; } || die "cannot fill $tree (disk full?)"
	for p; do
		cp "$p" "$tree/t/" || die "cannot copy $p into $tree"
	done
	if [ "$machine" = raspi4b ]; then
		wdt=$(find "$image" -name 'bcm2835_wdt.ko*' | head -1)
		case $wdt in
		*.xz) xz -dc "$wdt" >"$tree/m/bcm2835_wdt.ko" ;;
		*.ko) cp "$wdt" "$tree/m/" ;;
		*) die "the arm64 kernel package has no bcm2835_wdt module" ;;
		esac
	fi
	( cd "$tree" && find . | cpio -o -H newc -R 0:0 --quiet ) >"$tree.cpio" ||
		die "cannot write $tree.cpio (disk full?)"
}

scan_console() {
	if [ -x "$vm/scan-console.sh" ]; then
		"$vm/scan-console.sh" "$1"
		return
	fi
	! grep -E -A 20 -e 'Kernel panic|Oops|Internal error|Unable to handle|BUG:|WARNING:' \
		-e 'cut here|Call [Tt]race|rcu.*detected|soft lockup|blocked for more than' \
		-e 'possible (circular|recursive)|lock state|held lock' "$1"
}

image=$("$top/scripts/kernel.sh" image "$flavour") || exit 1
find_qemu
initramfs "$@"
kernel=$(find "$image/boot" -name 'vmlinuz-*')

append="loglevel=7 printk.devkmsg=on panic=-1 nowatchdog audit=0 rcupdate.rcu_cpu_stall_timeout=150 $more"
case $machine in
virt | virt-16k)
	cpu=cortex-a72
	# the first of them with a translation granule of 16 KiB
	[ "$machine" = virt ] || cpu=cortex-a76
	args=(-M virt -cpu "$cpu" -smp 2 -m 512 -accel "tcg,thread=multi")
	append="console=ttyAMA0 earlycon $append" ;;
raspi4b)
	if [ -z "$dtb" ]; then
		dtb=$(find "$image" -name bcm2711-rpi-4-b.dtb | head -1)
		[ -n "$dtb" ] || die "the arm64 kernel package has no bcm2711-rpi-4-b.dtb"
	fi
	# One thread for all four CPUs: the three that wait in the boot
	# program's spin loop otherwise double the time of a boot.
	args=(-M raspi4b -dtb "$dtb" -accel "tcg,thread=single")
	# Unused clocks must stay on, and these two drivers touch devices that
	# QEMU does not emulate.
	append="console=ttyAMA0,115200 earlycon=pl011,mmio32,0xfe201000 clk_ignore_unused
		initcall_blacklist=brcmstb_l2_driver_init,brcmstb_i2c_driver_init $append" ;;
*) die "unknown machine '$machine'" ;;
esac

limit=${TMO:-300}
say BOOT "arm64 $machine ($name)"
rc=0
timeout -k 5 "$limit" "${qemu[@]}" "${args[@]}" -nodefaults -no-user-config \
	-display none -no-reboot -serial stdio -kernel "$kernel" \
	-initrd "$tree.cpio" -append "$(xargs <<<"$append")" \
	</dev/null >"$log.raw" 2>"$log.qemu" &
pid=$!
# A panic ends virt; the Pi may then stand still until the limit.
while sleep 0.5 && kill -0 $pid 2>/dev/null; do
	if grep -qaE 'end Kernel panic|Reboot failed' "$log.raw"; then
		kill $pid
	fi
done
wait $pid || rc=$?
# every line of the guest came through the kernel's log; its last word stands bare
tr -d '\r' <"$log.raw" | sed -E 's/^\[ *[0-9.]+\] (TESTRC=)/\1/' >"$log" ||
	die "cannot write $log (disk full?)"
rm -f "$log.raw" "$tree.cpio"

# the guest's own lines, without the kernel's time stamps
sed -nE 's/^(\[ *[0-9.]+\] )?(((not )?ok - |# |TESTS=|TESTRC=).*)/\2/p' "$log" >"$log.tap"
bad=$(grep -c '^not ok - ' "$log.tap")
fail() { printf 'not ok - %s\n' "$*"; bad=$((bad + 1)); }
last() { tail -5 "$log" | sed 's/^/# console: /'; }
grep -v '^TEST' "$log.tap"
told=$(sed -n 's/^TESTS=//p' "$log.tap")
heard=$(grep -cE '^(not )?ok - ' "$log.tap")
if [ $rc = 124 ] || [ $rc = 137 ]; then
	last
	fail "the boot ends by itself: given up after $limit s, see $log"
elif ! grep -q '^TESTRC=' "$log.tap"; then
	last
	fail "the guest reaches its end: see $log; QEMU said: $(tail -1 "$log.qemu")"
elif [ "$told" != "$heard" ]; then
	fail "every result arrives: $heard of $told did, see $log"
elif ! grep -q '^TESTRC=0$' "$log.tap" && [ "$bad" = 0 ]; then
	fail "the guest calls it a success, see $log"
fi
if scan_console "$log" >"$log.splat"; then
	echo "ok - no splat on the console"
else
	sed 's/^/# /' "$log.splat"
	fail "no splat on the console: see $log"
fi
[ "$bad" = 0 ]
