#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# kernel.sh WHAT [ARCH]: parts of Debian's 6.12 kernel, from the cache or fetched.
#
#   abi ARCH       the release it calls itself, e.g. 6.12.117+deb12
#   image ARCH     folder with boot/vmlinuz-*, lib/modules/ and the device trees
#   headers ARCH   a KDIR to build modules against
#   files          folder with the source files named in KERNEL_FILES below
#   source         the whole source tree (1.5 GB)
#   sid-source     the newest source tree in Debian unstable

. "$(dirname "$0")/lib.sh"
fetch=$top/scripts/fetch.sh

# What the tests need from the kernel's source without unpacking all of it.
KERNEL_FILES="drivers/gpio/gpio-sim.c drivers/gpio/dev-sync-probe.h kernel/irq/irq_sim.c
tools/testing/selftests/kselftest_harness.h tools/testing/selftests/kselftest.h
tools/testing/selftests/lib.mk tools/testing/selftests/kselftest
scripts/checkpatch.pl scripts/spelling.txt scripts/const_structs.checkpatch
scripts/extract-vmlinux COPYING"

# meta ARCH KIND: the metapackage that names the current 6.12 release.
meta() {
	local codename
	codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
	if [ "$codename" = bookworm ]; then echo "linux-$2-6.12-$1"; else echo "linux-$2-$1"; fi
}

abi() {
	local t
	t=$("$fetch" host "$1" "$(meta "$1" headers)") || exit 1
	# the metapackage's control file is not unpacked: its changelog folder is
	# no help either, so ask the archive itself
	dpkg-deb -f "$CACHE/debs/$(basename "$t").deb" Depends |
		tr ',' '\n' | sed -n 's/^ *linux-headers-\([^ ]*\)-'"$1"'\b.*/\1/p' | head -1
}

headers() {
	local arch=$1 v dir t
	v=$(abi "$arch") && [ -n "$v" ] || exit 1
	dir=$CACHE/kdir/$v-$arch
	if [ ! -e "$dir/.complete" ]; then
		say UNPACK "headers $v ($arch)"
		rm -rf "$dir" && mkdir -p "$dir"
		for t in $("$fetch" host "$arch" "linux-headers-$v-$arch" "linux-headers-$v-common") \
			 $("$fetch" host "$(dpkg --print-architecture)" "linux-kbuild-$v"); do
			cp -a "$t/." "$dir/" || die "cannot copy the headers into $dir (disk full?)"
		done
		sed -i "s|/usr/src/|$dir/usr/src/|g" "$dir/usr/src/linux-headers-$v-$arch/Makefile"
		[ -x "$dir/usr/lib/linux-kbuild-$v/scripts/mod/modpost" ] ||
			die "the kernel headers for $v did not arrive whole; remove $dir and run again"
		touch "$dir/.complete"
	fi
	printf '%s\n' "$dir/usr/src/linux-headers-$v-$arch"
}

tarball() { # SUITE PACKAGE: the source archive inside the package
	local t
	t=$("$fetch" "$1" "$(dpkg --print-architecture)" "$2") || exit 1
	ls "$t"/usr/src/linux-source-*.tar.xz
}

files() {
	local tar dir
	tar=$(tarball host linux-source-6.12) || exit 1
	dir=$CACHE/kfiles/$(basename "$(dirname "$(dirname "$(dirname "$tar")")")")
	if [ ! -e "$dir/.complete" ]; then
		say UNPACK "kernel source files for the tests"
		rm -rf "$dir" && mkdir -p "$dir"
		# a name that this release lacks is fine: each user checks for its own
		tar -C "$dir" --strip-components=1 -xf "$tar" \
			$(for f in $KERNEL_FILES; do printf 'linux-source-6.12/%s ' "$f"; done) 2>/dev/null
		[ -e "$dir/scripts/checkpatch.pl" ] && [ -e "$dir/drivers/gpio/gpio-sim.c" ] ||
			die "cannot unpack $tar (disk full?)"
		touch "$dir/.complete"
	fi
	printf '%s\n' "$dir"
}

whole() { # SUITE PACKAGE
	local tar dir
	tar=$(tarball "$1" "$2") || exit 1
	dir=$CACHE/ksource/$(basename "$(dirname "$(dirname "$(dirname "$tar")")")")
	if [ ! -e "$dir/.complete" ]; then
		need_space "$CACHE" 3000
		say UNPACK "$(basename "$tar") (a minute)"
		rm -rf "$dir" && mkdir -p "$dir"
		tar -C "$dir" --strip-components=1 -xf "$tar" ||
			die "cannot unpack $tar (disk full?)"
		touch "$dir/.complete"
	fi
	printf '%s\n' "$dir"
}

sid_package() {
	local t
	t=$("$fetch" sid "$(dpkg --print-architecture)" linux-source) || exit 1
	dpkg-deb -f "$CACHE/debs/$(basename "$t").deb" Depends |
		sed -n 's/.*\(linux-source-[0-9.]*\).*/\1/p'
}

arch=${2:-amd64}
case ${1:-} in
abi) abi "$arch" ;;
image) v=$(abi "$arch") && [ -n "$v" ] || exit 1
	if [ "$arch" = amd64 ] || [ "$arch" = arm64 ]; then
		"$fetch" host "$arch" "linux-image-$v-$arch"
	else
		die "no kernel for $arch"
	fi ;;
headers) locked "kdir-$arch" headers "$arch" ;;
files) locked kfiles files ;;
source) locked ksource whole host linux-source-6.12 ;;
sid-source) p=$(sid_package) && [ -n "$p" ] || exit 1
	locked ksource-sid whole sid "$p" ;;
*) die "usage: kernel.sh abi|image|headers|files|source|sid-source [ARCH]" ;;
esac
