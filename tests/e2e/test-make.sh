#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The Makefile's promises: what a change rebuilds, install and uninstall, the
# library as a user links it, and the error paths of the scripts. Prints TAP.

. "$(dirname "$0")/lib.sh"
unset MAKEFLAGS MFLAGS MAKELEVEL PREFIX LIBDIR UDEVDIR DESTDIR TOOLS VERSION SOMAJOR
unset ACCEL_MEMO VM_READY
built=$BUILD BUILD=$T/tree/build
export V=0
mk() { BUILD=build make --no-print-directory "$@" 2>&1; }

# says PATTERN COMMAND...: fails, in one line of ours that matches the pattern
says() {
	local pattern=$1 out rc; shift
	out=$("$@" 2>&1); rc=$?
	[ $rc != 0 ] && [ "$(grep -c '^error:' <<<"$out")" = 1 ] &&
		grep -q "^error:.*$pattern" <<<"$out" && return 0
	echo "# status $rc: $out"
	return 1
}

# a copy of the tree: what the test touches is not the user's; what is built
# already need not be built again
mkdir "$T/tree" && tar -c --exclude=./build --exclude=./.git . | tar -x -C "$T/tree"
mkdir "$BUILD"
for f in obj spv gen .flags .prefix; do
	[ ! -e "$built/$f" ] || cp -a "$built/$f" "$BUILD/"
done
cd "$T/tree" || exit 1

out=$(mk -j4 all); result $? "make all" "$out"
out=$(mk -j4 all); ! grep -qE "CC|LD|AR|GEN" <<<"$out"
result $? "a second make does nothing" "$out"
rm "$BUILD/obj/gpio/driver.o"
out=$(BUILD=$BUILD make --no-print-directory all 2>&1)
grep -q 'CC *gpio/driver.c' <<<"$out" && ! grep -q 'CC *gpio/board.c' <<<"$out" &&
	grep -q '^build/obj/gpio/driver.o:' "$BUILD/obj/gpio/driver.d"
result $? "the same BUILD by its whole path is the same build" "$out"
touch -d '+2 seconds' libaccel/include/accel/driver.h
out=$(mk -j4 all)
grep -q 'CC *tools/accelctl/info.c' <<<"$out" && grep -q 'CC *gpio/driver.c' <<<"$out" &&
	grep -q 'LD .*libaccel.so' <<<"$out" && ! grep -q 'src/base/error.c' <<<"$out"
result $? "a touched header rebuilds what includes it, and nothing else" "$out"
touch libaccel/include/accel/driver.h
cp -a "$BUILD/.flags" "$T/flags"
out=$(mk OPT=-O1 build/obj/gpio/driver.o); grep -q 'CC *gpio/driver.c' <<<"$out"
result $? "other flags rebuild" "$out"
# put back: the rest need not be built twice
cp -a "$T/flags" "$BUILD/.flags"; rm "$BUILD/obj/gpio/driver.o"
out=$(mk V=1 build/obj/gpio/driver.o); grep -q -- '-std=c11.*gpio/driver.c' <<<"$out"
result $? "V=1 shows the command" "$out"
out=$(mk -j4 all); result $? "make all once more" "$out"

out=$(mk install DESTDIR="$T/root" PREFIX=/usr); result $? "make install" "$out"
cat >"$T/use.c" <<'END'
#include <accel/accel.h>
#include <linux/piaccel.h>
#include <stdio.h>
int main(void) { return puts(accel_version()) < 0 || PIACCEL_ABI != 2; }
END
flags=$(PKG_CONFIG_LIBDIR=$T/root/usr/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$T/root \
	pkg-config --cflags --libs accel)
out=$(cc -Wall -Wextra -Werror -o "$T/use" "$T/use.c" $flags 2>&1 &&
	LD_LIBRARY_PATH=$T/root/usr/lib "$T/use")
[ $? = 0 ] && grep -q '^[0-9]*\.[0-9]*\.[0-9]*$' <<<"$out"
result $? "a program builds against the installed library by pkg-config" "$out"
readelf -d "$T/use" | grep -q 'libaccel.so.0]'
result $? "it asks for the soname"
leak=$(nm -D --defined-only "$T/root/usr/lib/libaccel.so" | awk '$2 != "A" {print $3}' | grep -v '^accel_')
[ -z "$leak" ]; result $? "the library exports accel_* only" "$leak"
"$T/root/usr/bin/accel" --version | grep -q '^accel [0-9]' && "$T/root/usr/bin/accelctl" --version | grep -q '^accelctl [0-9]'
result $? "the installed tools start, with the installed library"
out=$(mk uninstall DESTDIR="$T/root" PREFIX=/usr)
left=$(find "$T/root" ! -type d); [ -z "$left" ]
result $? "make uninstall leaves nothing" "$out $left"
mk help | grep -q '^  make check ' && [ "$(mk help | wc -l)" -ge 15 ]
result $? "make help lists the targets"

"$BUILD/accelctl" >/dev/null 2>&1; [ $? = 2 ]; result $? "accelctl without a command: status 2"
"$BUILD/accelctl" nonsense 2>&1 | grep -q "unknown command 'nonsense'"
result $? "accelctl names an unknown command"
"$BUILD/accelctl" info --nonsense >/dev/null 2>&1; [ $? = 2 ]
result $? "accelctl info refuses an unknown option"
if [ ! -e /dev/piaccel ]; then
	out=$("$BUILD/accelctl" info 2>&1); [ $? = 3 ] && grep -q insmod <<<"$out"
	result $? "without the module, accelctl says how to load it, status 3" "$out"
fi

cd "$top" || exit 1
# what a bad machine makes the scripts say
says "cannot write to the cache" env XDG_CACHE_HOME=/proc/nope scripts/kernel.sh files
result $? "an unwritable cache is one clear line"
says "is missing; install it with: apt-get install qemu-system-x86" \
	env PATH="$T/bin" /bin/bash -c 'mkdir() { :; }; . scripts/lib.sh; need qemu-system-x86_64 qemu-system-x86'
result $? "a missing tool names its package"
says "no kernel headers at" scripts/module.sh /nonexistent "$T/m"
result $? "missing kernel headers are one clear line"
says "MiB free and this step needs" bash -c '. scripts/lib.sh; need_space /tmp 999999999'
result $? "a full disk is one clear line, with the numbers"
# as an ordinary user without sudo, in a tree that asks for what is not here
cp -r scripts "$T/scripts"
echo 'piaccel-no-such-package  a test of deps.sh' >"$T/scripts/packages"
chmod 755 "$T" && chmod -R a+rX "$T/scripts" && mkdir "$T/no-sudo" &&
	for t in env bash dirname dpkg-query id; do ln -s "$(command -v $t)" "$T/no-sudo/"; done
as_nobody=(); [ "$(id -u)" != 0 ] || as_nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
says "packages are missing; as root run: apt-get install .*piaccel-no-such-package" \
	"${as_nobody[@]}" env PATH="$T/no-sudo" bash "$T/scripts/deps.sh"
result $? "missing packages and no root: one line with the apt command"
mkdir -p "$T/cache"
says "no network\\|cannot read the package index" env XDG_CACHE_HOME="$T/cache" \
	http_proxy=http://127.0.0.1:1 https_proxy=http://127.0.0.1:1 scripts/fetch.sh host amd64 busybox-static
result $? "no network is one clear line"

# a broken download is noticed and fetched again
C=$T/cache2; mkdir -p "$C"
tree=$(XDG_CACHE_HOME=$C scripts/fetch.sh host amd64 busybox-static 2>/dev/null)
if [ -n "$tree" ]; then
	deb=$(ls "$C"/libaccel/debs/busybox-static*.deb)
	good=$(sha256sum <"$deb"); truncate -s 1000 "$deb"
	out=$(XDG_CACHE_HOME=$C scripts/fetch.sh host amd64 busybox-static 2>&1 >/dev/null)
	[ "$(sha256sum <"$deb")" = "$good" ] && grep -q 'damaged; fetching it again' <<<"$out"
	result $? "a damaged download is noticed and fetched again" "$out"
	out=$(XDG_CACHE_HOME=$C scripts/fetch.sh host amd64 busybox-static 2>&1 >/dev/null)
	[ -z "$out" ]; result $? "a good one is reused" "$out"
else
	n=$((n + 1)); echo "ok $n - a damaged download is fetched again # SKIP no network"
fi
echo "1..$n"
