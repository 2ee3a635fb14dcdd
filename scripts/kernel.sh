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
#   sid-headers    a KDIR to compile against it (nothing built there can be loaded)
#   dt-include KDIR  the folder over its dt-bindings/
#   compiler KDIR  the compiler that KDIR's kernel asks for
#
# ARCH is amd64, arm64, arm64-16k: the same with pages of 16 KiB, or rt-amd64:
# with PREEMPT_RT.

# shellcheck source=scripts/lib.sh
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
	codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
	if [ "$codename" = bookworm ]; then echo "linux-$2-6.12-$1"; else echo "linux-$2-$1"; fi
}

# The machine of a kernel: Debian names flavours of it.
machine() {
	local m=${1%-16k}
	echo "${m#rt-}"
}

abi() {
	local t
	t=$("$fetch" host "$(machine "$1")" "$(meta "$1" headers)") || exit 1
	# the metapackage's control file is not unpacked: its changelog folder is
	# no help either, so ask the archive itself
	dpkg-deb -f "$CACHE/debs/$(basename "$t").deb" Depends |
		tr ',' '\n' | sed -n 's/^ *linux-headers-\([^ ]*\)-'"$1"'\b.*/\1/p' | head -1
}

headers() {
	local arch=$1 v dir t common=common
	[ "$arch" != rt-amd64 ] || common="common-rt"
	v=$(abi "$arch") && [ -n "$v" ] || exit 1
	dir=$CACHE/kdir/$v-$arch
	if [ ! -e "$dir/.complete" ]; then
		say UNPACK "headers $v ($arch)"
		rm -rf "$dir" && mkdir -p "$dir"
		for t in $("$fetch" host "$(machine "$arch")" "linux-headers-$v-$arch" "linux-headers-$v-$common") \
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
		# shellcheck disable=SC2046 # a list of files
		tar -C "$dir" --strip-components=1 -xf "$tar" \
			$(for f in $KERNEL_FILES; do printf 'linux-source-6.12/%s ' "$f"; done) 2>/dev/null
		{ [ -e "$dir/scripts/checkpatch.pl" ] && [ -e "$dir/drivers/gpio/gpio-sim.c" ]; } ||
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

sid_source() {
	local p
	p=$(sid_package) && [ -n "$p" ] || exit 1
	locked ksource-sid whole sid "$p"
}

# What the module needs from a kernel over its default configuration.
SID_OPTIONS="MODULES GPIOLIB DMA_SHARED_BUFFER SYNC_FILE UDMABUF OF OF_GPIO
GPIO_CDEV DEBUG_FS TRACING FTRACE"

# exports TREE ARCH: every symbol the sources export, as a Module.symvers. With
# it modpost refuses a symbol that is gone, or whose namespace the module does
# not import, without the hours that a whole kernel takes.
exports() {
	local dirs
	dirs=$(cd "$1" && ls -d arch/"$2" block crypto drivers fs init io_uring ipc \
		kernel lib mm net security virt 2>/dev/null)
	# shellcheck disable=SC2086 # a list of folders
	( cd "$1" &&
	  grep -rlE --include='*.[chS]' '\bEXPORT_[A-Z_]*SYMBOL|EXPORT_STATIC_CALL' $dirs |
		xargs perl "$top/scripts/kernel-exports.pl" ) | sort -u -t $'\t' -k 2,2
}

sid_headers() {
	local src dir key f jobs t arch options
	src=$(sid_source) && [ -n "$src" ] || exit 1
	for t in make:make gcc:gcc flex:flex bison:bison bc:bc perl:perl; do
		need "${t%:*}" "${t#*:}"
	done
	case $(uname -m) in
	x86_64) arch=x86
		[ -e /usr/include/libelf.h ] ||
			die "libelf.h is missing; install it with: apt-get install libelf-dev (or run: make deps)" ;;
	*) arch=$(uname -m | sed 's/aarch64/arm64/') ;;
	esac
	# shellcheck disable=SC2206 # a list of words
	options=($SID_OPTIONS)
	key=$({ echo "$SID_OPTIONS $arch" && gcc --version && cat "$top/scripts/kernel-exports.pl"; } |
		sha256sum | cut -c1-12)
	dir=$CACHE/kdir/sid-$(basename "$src")-$key
	touch "$src/.complete"
	if [ ! -e "$dir/.complete" ]; then
		need_space "$CACHE" 100
		say KBUILD "$(make -s -C "$src" kernelversion) is prepared for modules (half a minute)"
		# unstable moves every few days: drop what nobody used for a week
		find "$CACHE"/kdir "$CACHE"/ksource -mindepth 2 -maxdepth 2 -name .complete \
			-path '*linux-source-*' -not -path '*linux-source-6.12*' \
			-mtime +7 -printf '%h\n' | xargs -r -d '\n' rm -rf
		rm -rf "$dir" && mkdir -p "$dir"
		jobs=$(nproc)
		{ make -s -C "$src" O="$dir" defconfig &&
		  printf 'CONFIG_%s=y\n' "${options[@]}" >"$dir/fragment" &&
		  ( cd "$src" && scripts/kconfig/merge_config.sh -m -O "$dir" "$dir/.config" "$dir/fragment" ) &&
		  make -s -C "$src" O="$dir" olddefconfig &&
		  make -s -C "$src" O="$dir" -j"$jobs" modules_prepare &&
		  exports "$src" "$arch" >"$dir/Module.symvers"; } >"$dir/prepare.log" 2>&1 || {
			cat "$dir/prepare.log" >&2
			die "cannot prepare $src for modules (disk full?)"
		}
		for f in MODULES GPIOLIB DMA_SHARED_BUFFER SYNC_FILE UDMABUF; do
			grep -q "^CONFIG_$f=y" "$dir/.config" || die "the kernel in unstable cannot have CONFIG_$f"
		done
		[ "$(wc -l <"$dir/Module.symvers")" -gt 10000 ] ||
			die "found too few exported symbols in $src"
	fi
	touch "$dir/.complete"
	printf '%s\n' "$dir"
}

compiler() { # KDIR
	local f=$1/.kernelvariables cross cc
	if [ -e "$f" ]; then
		cross=$(sed -n 's/^override CROSS_COMPILE *= *//p' "$f")
		cc=$(sed -n 's/^CC *=.*)\(gcc[^ ]*\)$/\1/p' "$f")
	fi
	printf '%s\n' "${cross:-}${cc:-gcc}"
}

# The names of device tree flags come with the headers; Debian's are in two parts.
dt_include() { # KDIR
	local d
	for d in "$1/include" "$1/source/include" \
		"$(sed -n 's|^include *\(/.*\)/Makefile$|\1|p' "$1/Makefile" 2>/dev/null)/include"; do
		if [ -e "$d/dt-bindings/gpio/gpio.h" ]; then
			printf '%s\n' "$d"
			return
		fi
	done
	die "no dt-bindings in the kernel headers at '${1:-(none)}'; install linux-headers for $(uname -r), or give KDIR="
}

main() {
	local v arch=${2:-amd64}
	case ${1:-} in
	abi) abi "$arch" ;;
	image) v=$(abi "$arch") && [ -n "$v" ] || exit 1
		case $arch in
		amd64 | arm64 | arm64-16k | rt-amd64)
			"$fetch" host "$(machine "$arch")" "linux-image-$v-$arch" ;;
		*) die "no kernel for $arch" ;;
		esac ;;
	headers) locked "kdir-$arch" headers "$arch" ;;
	files) locked kfiles files ;;
	source) locked ksource whole host linux-source-6.12 ;;
	sid-source) sid_source ;;
	sid-headers) locked kdir-sid sid_headers ;;
	dt-include) dt_include "$arch" ;;
	compiler) compiler "$arch" ;;
	*) die "usage: kernel.sh abi|image|headers|files|source|sid-source|sid-headers|dt-include|compiler [ARCH|KDIR]" ;;
	esac
}
memo main "$@"
