#!/bin/busybox sh
# SPDX-License-Identifier: MIT
# shellcheck shell=dash
# The whole user space of an arm64 boot: load the module, run the programs in
# /t, unload it. Prints unnumbered TAP lines, then TESTS= (how many lines) and
# TESTRC=; without that last line the boot counts as failed. All of it goes
# through the kernel's log, so that no kernel message lands inside a line.

/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t debugfs debugfs /sys/kernel/debug
mount -t tmpfs tmp /tmp
mount -t cgroup2 cgroup2 /sys/fs/cgroup
# The emulated Pi can only be switched off through its watchdog.
[ ! -e /m/bcm2835_wdt.ko ] || insmod /m/bcm2835_wdt.ko

tell() {
	while IFS= read -r l; do
		echo "<11>$l" >/dev/kmsg
	done
}

tests=0 failed=0
line() { # ok|"not ok" WHAT
	echo "$1 - $2" | tell
	tests=$((tests + 1))
	[ "$1" = ok ] || failed=$((failed + 1))
}
check() { # WHAT COMMAND...
	what=$1; shift
	if "$@" >/tmp/out 2>&1; then
		line ok "$what"
	else
		line "not ok" "$what"
		sed 's/^/# /' /tmp/out | tell
	fi
}
gone() { [ ! -e "$1" ]; }
is() { echo "'$1', want '$2'"; [ "$1" = "$2" ]; }

# run PROGRAM: its TAP lines become ours; a wrong plan or exit status fails.
run() {
	name=${1##*/}
	timeout -s KILL "$limit" "$1" >/tmp/tap 2>&1
	rc=$?
	awk -v name="$name" -v rc=$rc -v limit="$limit" '
		function line(s, what) {
			print s " - " name ": " what; n++; bad += s != "ok"
		}
		/^1\.\.0/ { skip = $0; sub(/^1\.\.0[ #]*(SKIP|skip)?:? */, "", skip); plan = 0; next }
		/^1\.\.[0-9]+/ { plan = substr($1, 4) + 0; planned = 1; next }
		/^TAP version/ { next }
		/^(not )?ok / {
			s = /^not/ ? "not ok" : "ok"
			sub(/^(not )?ok *[0-9]* *(- )?/, ""); ran++
			line(s, $0); next
		}
		{ sub(/^# ?/, ""); print "# " name ": " $0 }
		END {
			if (rc == 4)
				line("ok", "skipped # SKIP " (skip ? skip : "it says so"))
			else if (rc == 137)
				line("not ok", "did not end within " limit " s")
			else if (!planned || ran != plan)
				line("not ok", "ran " ran + 0 " of " plan + 0 " checks, exit " rc)
			else if (rc && !bad)
				line("not ok", "exit " rc)
			print n + 0, bad + 0 >"/tmp/count"
		}' /tmp/tap | tell
	read -r n bad </tmp/count
	tests=$((tests + n)) failed=$((failed + bad))
}

limit=$(sed -n 's/.*\blimit=\([0-9]*\).*/\1/p' /proc/cmdline)
limit=${limit:-60}
echo "# $(uname -rm), $(nproc) CPUs, $(tr -d '\0' </proc/device-tree/model)" | tell

# for tests of what insmod changes
cat /sys/kernel/debug/pinctrl/*/pins >/tmp/pins-before 2>/dev/null
for m in /m/before/*.ko; do
	[ ! -e "$m" ] || check "insmod ${m##*/}" insmod "$m"
done
check "insmod piaccel.ko" insmod /m/piaccel.ko
check "/dev/piaccel is there, mode 660" is "$(stat -c '%F %a' /dev/piaccel)" \
	"character special file 660"
check "insmod prints one line" is "$(dmesg | grep -v taint | grep -c 'piaccel: .*/dev/piaccel')" 1
for t in /t/*; do
	[ ! -x "$t" ] || run "$t"
done
check "rmmod piaccel" rmmod piaccel
check "/dev/piaccel is gone" gone /dev/piaccel
check "it loads again and unloads" sh -c 'insmod /m/piaccel.ko && rmmod piaccel'

echo "TESTS=$tests" | tell
echo "TESTRC=$((failed != 0))" | tell
reboot -f
