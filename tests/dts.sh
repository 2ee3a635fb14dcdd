#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# dts.sh OUT: the overlays and their binding. Prints unnumbered TAP lines, leaves
# OUT/raspi4b.dtb, the Pi 4's tree from the kernel package with the overlay.

# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../scripts/lib.sh"
[ $# = 1 ] || die "usage: dts.sh OUT"
out=$1
binding=$top/dts/bindings/gpio/libaccel,piaccel.yaml
need fdtoverlay device-tree-compiler
mkdir -p "$out" || die "cannot make $out"
rm -f "$out"/*.dtb

kdir=$("$top/scripts/kernel.sh" headers arm64) || exit 1
include=$("$top/scripts/kernel.sh" dt-include "$kdir") || exit 1
image=$("$top/scripts/kernel.sh" image arm64) || exit 1
base=$(find "$image" -name bcm2711-rpi-4-b.dtb | head -1)
[ -n "$base" ] || die "the arm64 kernel package has no bcm2711-rpi-4-b.dtb"

# judge TEXT COMMAND...: ok when it succeeds and prints nothing.
judge() {
	local text=$1 said; shift
	if said=$("$@" 2>&1) && [ -z "$said" ]; then
		echo "ok - dts: $text"
	else
		printf '%s\n' "$said" | sed 's/^/# /'
		echo "not ok - dts: $text"
	fi
}

QUIET=1 V=0 judge "the overlays compile without a warning" \
	"$top/scripts/overlays.sh" "$kdir" "$out"

judge "the Pi 4's applies to the kernel's bcm2711-rpi-4-b.dtb" \
	fdtoverlay -i "$base" -o "$out/raspi4b.dtb" "$out/piaccel-pi4.dtbo"

# Debian's 6.12 has no pins for the Pi 5; the newest kernel's source has.
pi5() {
	local src dts=arch/arm64/boot/dts/broadcom
	src=$("$top/scripts/kernel.sh" sid-source) || return 1
	"${CC:-cc}" -E -nostdinc -undef -D__DTS__ -x assembler-with-cpp \
		-I "$src/include" -I "$src/$dts" -I "$src/scripts/dtc/include-prefixes" \
		"$src/$dts/bcm2712-rpi-5-b.dts" |
		dtc -q -@ -I dts -O dtb -o "$out/pi5-base.dtb" - || return 1
	fdtoverlay -i "$out/pi5-base.dtb" -o "$out/pi5.dtb" "$out/piaccel-pi5.dtbo"
}
judge "the Pi 5's applies to the newest kernel's bcm2712-rpi-5-b" pi5

if ! command -v dt-validate >/dev/null; then
	echo "ok - dts: the binding # SKIP no dt-validate: apt-get install dt-schema"
	exit
fi

judge "the binding is sound" dt-doc-validate -u "$top/dts/bindings" "$binding"
schema() { dt-mk-schema -j "$top/dts/bindings" >"$out/schema.json"; }
judge "the binding becomes a schema" schema

# validate DTB: what does not follow the binding. A tree the binding knows
# nothing of would pass, so the node must be seen.
validate() {
	fdtget -l "$1" "${2:-/}" | grep -qx piaccel || { echo "no node in $1"; return 1; }
	dt-validate -l libaccel -s "$out/schema.json" "$1"
}
example() { # SED EXPRESSION: the binding's example, changed
	dt-extract-example "$binding" | sed -e "$1" |
		"${CC:-cc}" -E -nostdinc -undef -D__DTS__ -x assembler-with-cpp \
			-I "$include" - |
		dtc -q -@ -I dts -O dtb -o "$out/example.dtb" - || return 1
	validate "$out/example.dtb" /example-0
}
judge "the binding's example follows it" example ''
judge "the Pi 4's tree follows it" validate "$out/raspi4b.dtb"
judge "the Pi 5's tree follows it" validate "$out/pi5.dtb"

refuses() { # SED EXPRESSION
	example "$1" 2>&1 | grep -q "$2" || echo "it passed"
}
judge "a safe state that is none is refused" refuses \
	's/<0>, <0>, <1>/<0>, <0>, <2>/' '2 is not one of'
judge "relays under another name are refused" refuses \
	's/relay-gpios/relays-gpios/' 'required property'
judge "an unknown property is refused" refuses \
	's/input-names = .*/&\nspare;/' 'spare'
