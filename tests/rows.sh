#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# rows.sh: a forgotten row of an op does not build.
#
# Takes one row after another out of a copy of the tree and builds the library.
# Says nothing when none of these builds, and one line for each that does.

. "$(dirname "$0")/../scripts/lib.sh"
cd "$top" || exit 1

copy=$BUILD/rows
case $copy in /*) ;; *) copy=$top/$copy ;; esac

rm -rf "$copy"
mkdir -p "$copy" || exit 1
make -s -j"$(nproc)" lib >"$copy/log" 2>&1 || { tail -20 "$copy/log"; exit 1; }
cp -a Makefile compute libaccel scripts uapi "$copy/" || exit 1
for d in driver gpio tools examples tests dts; do
	ln -s "$top/$d" "$copy/$d"
done

# From what the whole tree was built to, with its times: only what the missing
# row touches is built again.
build() {
	rm -rf "$copy/build"
	mkdir "$copy/build" &&
		cp -a "$BUILD"/obj "$BUILD"/gen "$BUILD"/spv "$BUILD"/.flags "$copy/build/" &&
		find "$copy/build" -name '*.d' -exec sed -i "s|$BUILD/|build/|g" {} + &&
		make -s -C "$copy" BUILD=build lib >"$copy/log" 2>&1
}

# without FILE PATTERN [END]: the line that matches, or all up to the END
without() {
	local file=$1 from=$2 to=${3:-}
	cp -p "$file" "$copy/kept"
	sed -i "/$from/${to:+,/$to/}d" "$copy/$file"
	if cmp -s "$copy/kept" "$copy/$file"; then
		echo "$file has no row that matches $from"
	elif build; then
		echo "$file without the row $from builds"
	elif ! grep -qE 'error|undefined' "$copy/log"; then
		echo "$file without the row $from: no compiler's error:"
		tail -5 "$copy/log"
	fi
	cp -p "$copy/kept" "$copy/$file"
}

build || { tail -20 "$copy/log"; die "the copy of the tree does not build"; }
without libaccel/src/ops/ops.def '^UNARY(ERF,'
without libaccel/src/ops/unary.c '^VALUE(ERF,'
without libaccel/src/ops/unary.c '^SLOPE(ERF)' '^}'
without libaccel/src/ops/binary.c '^VALUE(LE,'
without libaccel/src/backend/cpu/program.c '^FLOATS(ERF,'
without libaccel/src/backend/cpu/program.c '^INTEGERS(MAX,'
without libaccel/src/backend/cpu/scan.c '^CPU_OP(TOPK,'
without libaccel/src/backend/vulkan/scan.c '^VK_OP(TOPK,'
without libaccel/include/accel/ops.h 'accel_erf('
without compute/kernels.h 'X(IMAX,'
without compute/kernels.h 'X(GELU, GELU)'
without compute/shaders/elementwise.glsl '^#define APPLY_ERF '
without compute/shaders/math.glsl '^#define ACTIVATE_GELU '
rm -rf "$copy"
