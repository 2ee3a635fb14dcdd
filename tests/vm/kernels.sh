#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# kernels.sh: the module on the kernels and machines that are not this one.
#
# Builds it against Debian's 6.12 for amd64 and arm64 and against the newest
# kernel source in Debian unstable (compiled and linked, not run), then boots
# arm64 machines with it: QEMU's virt and an emulated Raspberry Pi 4 with the
# kernel's own pin controller. Results: build/results/kernels.tap.
#
# What runs in the boots, each a static program that prints TAP:
#   tests/vm/guest/all/*.c       built here, in every boot
#   tests/kselftest/*_test.c     those of buffers and streams, and of a chip that goes,
#                                on virt with pages of 16 KiB and the test board
#   tests/vm/guest/raspi4b/*.c   built here, on the Pi 4 only
#   tests/vm/guest/pinout.c      the same, with accelctl's and gpio/'s sources
#   build/arm64-tests/*          whatever was put there, on the Pi 4 only
# The Pi 4 has the device tree overlay of dts/; DTB= names another tree for it.

# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
cd "$top" || exit 1
case $BUILD in /*) ;; *) BUILD=$top/$BUILD ;; esac
export BUILD
out=$BUILD/kernels
tap=$BUILD/results/kernels.tap
mkdir -p "$out" "$BUILD/results" || die "cannot write to $BUILD"
cache_open
need_space "$BUILD" 100
rm -rf "$out"/*.tap "$tap" "$out/memo"
mkdir "$out/memo"
export ACCEL_MEMO=$out/memo

for t in make:make flex:flex bison:bison bc:bc cpio:cpio xz:xz-utils; do
	need "${t%:*}" "${t#*:}"
done
host=$(dpkg --print-architecture)
case $host in
amd64 | arm64) ;;
*) die "this needs an amd64 or arm64 machine (this is $host)" ;;
esac

# Lines that say why stand before the verdict.
result() { printf '%s - %s\n' "$1" "$2"; }

# build NAME TITLE KDIR: piaccel.ko, and the modules that test it.
build() {
	local name=$1 title=$2 kdir=$3 rc=0 what
	for what in piaccel testboard importer; do
		local src=$top dir=$out/$name
		if [ $what != piaccel ]; then
			src=$top/tests/vm/$what dir=$out/$name-$what
		fi
		if ! MODULE_SRC=$src scripts/module.sh "$kdir" "$dir" >"$out/$name-$what.log" 2>&1; then
			sed 's/^/# /' "$out/$name-$what.log"
			result "not ok" "build: $what on $title"
			rc=1
		elif grep -q 'WARNING:' "$dir/build.log"; then
			sed 's/^/# /' "$dir/build.log"
			result "not ok" "build: $what on $title without a warning"
			rc=1
		else
			result ok "build: $what on $title, W=1, no warning"
		fi
	done
	return $rc
}

# A kernel of Debian's own: headers, compiler, build.
debian() { # ARCH
	local kdir cc package
	kdir=$(scripts/kernel.sh headers "$1" 2>"$out/$1.err") || {
		sed 's/^/# /' "$out/$1.err"
		result "not ok" "build: headers of Debian's 6.12 for $1"
		return 1
	}
	cc=$(scripts/kernel.sh compiler "$kdir")
	if ! command -v "$cc" >/dev/null; then
		package=gcc-${cc##*-}
		[ "${1%-16k}" = "$host" ] || package=$package-$(sed -E 's/-gcc.*//; s/_/-/g' <<<"$cc")
		if [ "${1%-16k}" = arm64 ] || [ "$1" = "$host" ]; then
			result "not ok" "build: piaccel on 6.12 $1: $cc is missing; install it with: apt-get install $package"
			return 1
		fi
		result ok "build: piaccel on 6.12 $1 # SKIP no $cc: apt-get install $package"
		return 0
	fi
	build "$1" "6.12 $1" "$kdir"
}

unstable() {
	local kdir
	kdir=$(scripts/kernel.sh sid-headers 2>"$out/sid.err") || {
		sed 's/^/# /' "$out/sid.err"
		result "not ok" "build: the newest kernel of Debian unstable"
		return 1
	}
	build sid "$(sed -n 's/.*"\(.*\)"$/\1/p' "$kdir/include/generated/utsrelease.h") (unstable)" "$kdir"
}

# The static programs for the boots; kselftest.h comes from the kernel's source.
guest_programs() {
	local cc f bin kfiles
	kfiles=$(scripts/kernel.sh files) || return 1
	cc=$(scripts/kernel.sh compiler "$(scripts/kernel.sh headers arm64)")
	echo 'int main(void) { return 0; }' | "$cc" -static -x c -o "$out/guest.try" - || {
		[ "$host" = arm64 ] || echo "install the arm64 C library: apt-get install libc6-dev-arm64-cross"
		return 1
	}
	rm -rf "$out/guest"
	mkdir -p "$out/guest/all" "$out/guest/raspi4b"
	for f in tests/vm/guest/*/*.c; do
		bin=$out/guest/${f#tests/vm/guest/}; bin=${bin%.c}
		"$cc" -static -std=gnu11 -O2 -Wall -Wextra -Werror -Iuapi \
			-isystem "$kfiles/tools/testing/selftests" -o "$bin" "$f" || return 1
	done
	# a command of accelctl on the board's own pin controller
	"$cc" -static -std=gnu11 -O2 -Wall -Wextra -Werror -Iuapi -Ilibaccel/include \
		-D_GNU_SOURCE= -DACCEL_VERSION_STRING='"0"' \
		-isystem "$kfiles/tools/testing/selftests" -o "$out/guest/raspi4b/pinout" \
		tests/vm/guest/pinout.c tools/accelctl/{args,output,owner,pinout,pinout_svg}.c \
		tools/common/{exit,json,options}.c gpio/*.c gpio/sensors/*.c \
		libaccel/src/base/{alloc,error,near,number}.c -lm -pthread
}

# What pages of 16 KiB can break: buffers and what stands in them; and a chip
# that goes, on a second architecture.
page_tests() {
	local cc kfiles t
	kfiles=$(scripts/kernel.sh files)/tools/testing/selftests || return 1
	cc=$(scripts/kernel.sh compiler "$(scripts/kernel.sh headers arm64-16k)")
	mkdir -p "$out/guest/16k" "$out/ksft/here" &&
		cp "$kfiles"/kselftest{,_harness}.h "$out/ksft/" || return 1
	for t in info buf buf_share stream stream_share sync chip; do
		"$cc" -static -O2 -Wall -Wextra -Wno-missing-field-initializers \
			-Wno-unused-parameter -Wno-sign-compare -Wno-clobbered \
			-D_GNU_SOURCE= -Iuapi -isystem "$out/ksft" \
			-I"$out/ksft/here" -o "$out/guest/16k/${t}_test" \
			"tests/kselftest/${t}_test.c" -lpthread || return 1
	done
}

sixteen() {
	local p
	debian arm64-16k || {
		result "not ok" "arm64-16k: no module to boot with"
		return
	}
	page_tests >"$out/guest-16k.log" 2>&1 || {
		sed 's/^/# /' "$out/guest-16k.log"
		result "not ok" "build: the kselftests for pages of 16 KiB"
		return
	}
	set -- -m "$out/arm64-16k-testboard/testboard.ko" \
		-m "$out/arm64-16k-importer/importer.ko" -a "limit=240 cma=96M"
	for p in "$out"/guest/all/* "$out"/guest/16k/*; do
		set -- "$@" "$p"
	done
	TMO=900 boot virt-16k arm64-16k "$@"
}

# boot MACHINE NAME [OPTIONS] PROGRAM...: its lines, named after the boot
boot() {
	local machine=$1 name=$2 dir=arm64 rc=0; shift 2
	[ "$machine" != virt-16k ] || dir=arm64-16k
	tests/vm/arm64.sh "$machine" "$name" "$out/$dir/piaccel.ko" "$@" \
		>"$out/boot.$name" 2>"$out/boot.$name.err" || rc=$?
	sed -E "s/^((not )?ok) - /\\1 - $name: /" "$out/boot.$name"
	if [ $rc != 0 ] && ! grep -q '^not ok' "$out/boot.$name"; then
		sed 's/^/# /' "$out/boot.$name.err"
		result "not ok" "$name: the boot"
	fi
}

arm64() {
	local rc=0 p dtb
	debian arm64 || rc=$?
	[ $rc = 0 ] || {
		result "not ok" "arm64-virt, arm64-raspi4b: no module to boot with"
		return
	}
	guest_programs >"$out/guest.log" 2>&1 || {
		sed 's/^/# /' "$out/guest.log"
		result "not ok" "build: the programs of the arm64 boots"
		return
	}
	say BOOT "arm64 virt, and a Raspberry Pi 4 (20 s to a minute)"
	boot virt arm64-virt "$out"/guest/all/* >"$out/2.tap"
	tests/dts.sh "$out/dts" 2>"$out/dts.err" || {
		sed 's/^/# /' "$out/dts.err"
		result "not ok" "dts: the overlays"
	}
	set --
	dtb=${DTB:-$out/dts/raspi4b.dtb}
	[ ! -e "$dtb" ] || set -- -d "$dtb"
	for p in "$out"/guest/*/* "$BUILD"/arm64-tests/*; do
		[ ! -x "$p" ] || set -- "$@" "$p"
	done
	boot raspi4b arm64-raspi4b "$@" >"$out/3.tap"
}

say KBUILD "6.12 arm64, 6.12 amd64, unstable"
# one after the other: the emulated Pi wants the machine for itself
{ debian amd64; unstable; } >"$out/0.tap"
arm64 >"$out/1.tap"
sixteen >"$out/4.tap"

cat "$out"/[0-9].tap | awk '
	/^(not )?ok - / { sub(/ok - /, "ok " ++n " - ") }
	{ line[NR] = $0 }
	END {
		print "TAP version 13"
		print "1.." n + 0
		for (i = 1; i <= NR; i++) print line[i]
	}' >"$tap" || die "cannot write $tap (disk full?)"

if [ "${V:-0}" != 0 ]; then
	cat "$tap"
else
	grep -B 40 '^not ok' "$tap" | grep -v '^ok'
fi
! grep -q '^not ok' "$tap"
