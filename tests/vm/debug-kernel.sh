#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# debug-kernel.sh uml|x86_64: print the folder of a debug kernel, built once.
#
# The folder lies in the cache and is named after the kernel's version and a
# hash of what shapes it: the source package, the fragment debug-KIND.config, the
# compiler, this recipe. In it:
#
#   linux      the kernel (uml: a program; x86_64: a vmlinux)
#   modules/   its modules, flat
#   kdir/      a KDIR for scripts/module.sh and for make module
#   config     the configuration it was built with

# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"

# Raise it when the recipe below changes what it makes.
RECIPE=1

# The caller's make must not reach the kernel's.
unset MAKEFLAGS MFLAGS MAKELEVEL ARCH CROSS_COMPILE LLVM KBUILD_OUTPUT

kind=${1:-}
case $kind in
uml) arch=um mib=1000 minutes=12 ;;
x86_64) arch=x86_64 mib=4000 minutes=20 ;;
*) die "usage: debug-kernel.sh uml|x86_64" ;;
esac
[ "$(uname -m)" = x86_64 ] ||
	die "the debug kernels are built and run on x86-64 only (this is $(uname -m))"

need gcc gcc
need make make
need flex flex
need bison bison
need bc bc
[ "$kind" = uml ] || [ -e /usr/include/gelf.h ] ||
	die "gelf.h is missing; install it with: apt-get install libelf-dev (or run: make deps)"

fragment=$top/tests/vm/debug-$kind.config
source=$("$top/scripts/kernel.sh" source) || exit 1
version=$(sed -n 's/^VERSION = //p; s/^PATCHLEVEL = /./p; s/^SUBLEVEL = /./p' \
	"$source/Makefile" | tr -d '\n')
hash=$({ cat "$fragment"; basename "$source"; gcc -dumpfullversion -dumpversion; echo "$RECIPE"; } |
	sha256sum | cut -c1-12)
dir=$CACHE/$kind-$version-$hash

# lost: what the fragment asks for and the configuration does not have.
lost() {
	local line
	while read -r line; do
		case $line in
		CONFIG_*=n) ! grep -q "^${line%=n}=" "$1" || echo "$line" ;;
		CONFIG_*) grep -qxF "$line" "$1" || echo "$line" ;;
		esac
	done <"$fragment"
}

mk=(make -C "$source" O="$dir/kdir" ARCH="$arch")

# run_make ARGUMENT...: make in the background, with a line now and then; it ends
# when this script is told to, or is gone.
run_make() {
	local pid start=$SECONDS told=$SECONDS
	# a group of its own: a make does not take all its children with it
	setsid "${mk[@]}" "$@" >>"$dir/build.log" 2>&1 9>&- &
	pid=$!
	# shellcheck disable=SC2064 # the pid of now
	trap "kill -- -$pid; exit 130" INT TERM HUP
	while kill -0 $pid 2>/dev/null; do
		sleep 1
		kill -0 $$ 2>/dev/null || kill -- -$pid
		[ $((SECONDS - told)) -ge 30 ] || continue
		told=$SECONDS
		say BUILD "  $((SECONDS - start)) s, $(grep -c '^  CC\|^  AS\|^  LD' "$dir/build.log") files"
	done
	trap - INT TERM HUP
	wait $pid
}

compile() {
	local missing
	mkdir -p "$dir/kdir" || die "cannot write to $dir"
	KCONFIG_ALLCONFIG=$fragment "${mk[@]}" allnoconfig >"$dir/build.log" 2>&1 ||
		return 1
	missing=$(lost "$dir/kdir/.config")
	[ -z "$missing" ] ||
		die "the $kind debug kernel cannot have: ${missing//$'\n'/ }"
	run_make -j"$(nproc)" V="${V:-0}" all
}

# gather: what users of the folder want, out of the build tree.
gather() {
	rm -rf "$dir/modules"
	mkdir "$dir/modules" || return 1
	find "$dir/kdir" -name '*.ko' -exec cp -t "$dir/modules" {} + || return 1
	if [ "$arch" = um ]; then
		ln -f "$dir/kdir/linux" "$dir/linux" || return 1
	else
		cp "$dir/kdir/vmlinux" "$dir/linux" || return 1
	fi
	# a module build with it need not name the architecture again
	grep -q '^export ARCH' "$dir/kdir/Makefile" ||
		sed -i "1a export ARCH ?= $arch" "$dir/kdir/Makefile" || return 1
	cp "$dir/kdir/.config" "$dir/config"
}

build() {
	[ ! -e "$dir/.complete" ] || return 0
	need_space "$CACHE" "$mib"
	say BUILD "$kind debug kernel $version, once: about $minutes CPU-minutes"
	# kbuild goes on where an interrupted build stopped; should what is
	# there be damaged, a second attempt starts from nothing
	if ! compile; then
		kill -0 $$ 2>/dev/null || exit 130
		say BUILD "failed; once more from nothing"
		rm -rf "$dir"
		need_space "$CACHE" "$mib"
		compile || {
			grep -E -m5 'error|Error|No space' "$dir/build.log" >&2
			die "the $kind debug kernel does not build; the whole log is $dir/build.log"
		}
	fi
	gather || die "cannot gather the $kind debug kernel in $dir (disk full?)"
	# a module build needs headers, scripts and Module.symvers, no objects
	find "$dir/kdir" \( -path "$dir/kdir/scripts" -o -path "$dir/kdir/tools" \) -prune \
		-o -type f \( -name '*.o' -o -name '*.a' -o -name '*.ko' -o -name '*.mod' \
		-o -name '*.mod.c' -o -name '.*.cmd' -o -name '.tmp_vmlinux*' \
		-o -name 'vmlinux*' -o -name linux \) -exec rm -f {} +
	touch "$dir/.complete" || die "cannot write to $dir"
}

# a complete one needs no lock: another may be in the making
[ -e "$dir/.complete" ] || locked "debug-$kind" build || exit 1
printf '%s\n' "$dir"
