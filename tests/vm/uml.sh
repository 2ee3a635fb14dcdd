#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# uml.sh KERNEL NAME SCRIPT [ARGUMENT]...: one boot of the user-mode kernel.
#
# Runs tests/vm/guest/SCRIPT in it. The console goes to $BUILD/uml-console-NAME.log
# and alone tells how it went. $BUILD/debug is writable in the guest, at /run/out.
#
#   UML_SECONDS (120)  the boot is over after that, whatever happens
#   UML_MEM (256)      MiB of memory
#   UML_APPEND         more of the kernel's command line

# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
[ $# -ge 3 ] || die "usage: uml.sh KERNEL NAME SCRIPT [ARGUMENT]..."
kernel=$1 name=$2; shift 2
seconds=${UML_SECONDS:-120} mib=${UML_MEM:-256}

need timeout coreutils
need findmnt util-linux
need perl perl-base
mkdir -p "$BUILD/debug" || die "cannot make $BUILD/debug"
BUILD=$(cd "$BUILD" && pwd)
out=$BUILD/debug log=$BUILD/uml-console-$name.log
case $top$BUILD in
*[[:space:],\"]*) die "the debug machine cannot use a path with a blank, comma or quote: $top $BUILD" ;;
esac

# Its memory is a file: in RAM where there is room and code may be mapped.
mem_dir() {
	local d
	for d in /dev/shm "$out"; do
		[ -w "$d" ] || continue
		! findmnt -no OPTIONS -T "$d" | grep -qw noexec || continue
		[ "$(df -Pm "$d" | awk 'NR==2 {print $4}')" -ge "$mib" ] || continue
		printf '%s\n' "$d"
		return
	done
	die "neither /dev/shm nor $out has $mib MiB free (and no noexec) for the debug machine's memory"
}
tmp=$(mem_dir) || exit 1
: >"$log" || die "cannot write to $log"

# Not "quiet": that would hide every warning from the console. Poison: a page
# that nobody cleared is not zero by luck.
# Expedited: with a tick of 10 ms each grace period would take several.
# KILL: the kernel would try to shut down, and complain of it
TMPDIR=$tmp timeout -s KILL "$seconds" "$kernel" \
	"mem=${mib}M" rootfstype=hostfs rootflags=/ rw \
	con=null con0=null,fd:1 ssl=null loglevel=7 watchdog_thresh=30 \
	page_poison=1 page_owner=on rcupdate.rcu_expedited=1 \
	"uml_dir=$out/uml/" "umid=$name-$$" "init=$top/tests/vm/guest/init-uml" \
	"top=$top" "build=$BUILD" "out=$out" mode=debug "run=\"$*\"" \
	${UML_APPEND:+"$UML_APPEND"} </dev/null >"$log" 2>&1 &
pid=$!
trap 'kill $pid 2>/dev/null' EXIT

# Under many short timers this kernel's clock now and then stands still: it
# sleeps with no timer set and no signal on its way. Why is not known; an alarm
# from outside winds it up again. Before its first program runs it could not
# take one.
beat() {
	until grep -q '^kernel [0-9]' "$log"; do
		sleep 0.2
		kill -0 $pid 2>/dev/null || return
	done
	while kill -ALRM "$(cat "$out/uml/$name-$$/pid" 2>/dev/null)" 2>/dev/null; do
		sleep 0.2
	done
}
beat &
trap 'exit 130' INT TERM HUP
{ wait $pid; } 2>/dev/null
rc=$?
trap - EXIT
case $rc in
0) ;;
137) echo "uml.sh: the machine did not end within $seconds s" >>"$log" ;;
*) echo "uml.sh: the kernel's process ended with status $rc" >>"$log" ;;
esac
rm -rf "$out/uml/$name-$$"
exit 0
