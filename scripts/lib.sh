# SPDX-License-Identifier: MIT
# Shared by the scripts: messages, paths, the download cache. Source it.

set -u
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=${BUILD:-build}
case $BUILD in /*) ;; *) BUILD=$top/$BUILD ;; esac
CACHE=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/libaccel

say() { [ "${V:-0}" = 0 ] && [ "${QUIET:-0}" = 1 ] || printf '  %-8s %s\n' "$1" "$2" >&2; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

# need TOOL PACKAGE: a missing tool is one clear line.
need() {
	command -v "$1" >/dev/null 2>&1 ||
		die "$1 is missing; install it with: apt-get install $2 (or run: make deps)"
}

# need_space DIR MIB: fail before a long job fills the disk.
need_space() {
	local free
	free=$(df -Pm "$1" 2>/dev/null | awk 'NR==2 {print $4}')
	[ -n "$free" ] || die "cannot tell the free space of $1"
	[ "$free" -ge "$2" ] ||
		die "$1 has $free MiB free and this step needs $2 MiB; free some, or set XDG_CACHE_HOME / BUILD to a larger disk"
}

# cache_open: make the cache folder, or say why not.
cache_open() {
	mkdir -p "$CACHE" 2>/dev/null && [ -w "$CACHE" ] ||
		die "cannot write to the cache $CACHE; set XDG_CACHE_HOME to a folder you can write to"
}

# locked NAME COMMAND...: one process at a time makes a cached thing.
locked() {
	local name=$1; shift
	cache_open
	( flock 9 || die "cannot lock $CACHE/$name.lock"; "$@" ) 9>"$CACHE/$name.lock"
}

# memo COMMAND ARGUMENTS...: a lookup's answer, looked up once in a run of a job
# that set ACCEL_MEMO to a fresh folder, and each time without.
memo() {
	local f
	[ -d "${ACCEL_MEMO:-}" ] || { ( "$@" ); return; }
	f=$ACCEL_MEMO/$(printf '%s ' "$(basename "$0")" "${@:2}" | sha256sum | cut -c1-32)
	if [ ! -e "$f" ]; then
		( "$@" ) >"$f.$$" || return
		mv "$f.$$" "$f"
	fi
	cat "$f"
}
