#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# module.sh KDIR OUT [MAKE ARGUMENTS...]: build piaccel.ko into OUT.
#
# Kbuild writes beside the sources, so OUT holds links to them: several kernels
# can be built at once and the tree stays clean.

. "$(dirname "$0")/lib.sh"
[ $# -ge 2 ] || die "usage: module.sh KDIR OUT [make arguments]"
kdir=$1 out=$2; shift 2
[ -n "$kdir" ] && [ -e "$kdir/Makefile" ] ||
	die "no kernel headers at '${kdir:-(none)}'; install linux-headers for $(uname -r), or give KDIR="
# What to build: the driver, or another module's folder under tests/.
src=${MODULE_SRC:-$top}

# objects of another kernel would be taken for up to date
[ ! -d "$out" ] || [ "$(cat "$out/.kdir" 2>/dev/null)" = "$kdir" ] || rm -rf "$out"
mkdir -p "$out" || die "cannot make $out"
out=$(cd "$out" && pwd)
printf '%s\n' "$kdir" >"$out/.kdir" || die "cannot write to $out (disk full?)"
if [ -d "$src/driver" ]; then list="Kbuild driver uapi"; else list=.; fi
( cd "$src" && find $list -type f \( -name '*.[chS]' -o -name Kbuild \) ) |
while read -r f; do
	mkdir -p "$out/$(dirname "$f")"
	[ "$(readlink "$out/$f")" = "$src/$f" ] || ln -sf "$src/$f" "$out/$f"
done
# a source that is gone leaves a dangling link
find "$out" -xtype l -delete

# A jobserver that make did not pass on is no warning of the compiler's.
MAKEFLAGS=$(sed -E 's/(^| )(-j[0-9]*|--jobserver-[a-z]+=[^ ]*)//g' <<<"${MAKEFLAGS:-}")
export MAKEFLAGS

# Debian's headers come without pahole's input: no BTF for a module.
args="CONFIG_DEBUG_INFO_BTF_MODULES="
[ "${V:-0}" = 0 ] && args="$args -s" || args="$args V=1"
say KBUILD "${out#"$top"/} ($(basename "$kdir"))"
make -j"$(nproc)" -C "$kdir" M="$out" W=1 $args "$@" modules >"$out/build.log" 2>&1 || {
	cat "$out/build.log" >&2
	die "the module does not build against $kdir"
}
if grep -q 'warning:' "$out/build.log"; then
	cat "$out/build.log" >&2
	die "the module builds with warnings against $kdir"
fi
