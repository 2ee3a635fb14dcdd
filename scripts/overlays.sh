#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# overlays.sh KDIR OUT: build dts/*.dtso into OUT/*.dtbo. A warning is an error.

# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
[ $# = 2 ] || die "usage: overlays.sh KDIR OUT"
kdir=$1 out=$2
need dtc device-tree-compiler
need "${CC:-cc}" build-essential

include=$("$top/scripts/kernel.sh" dt-include "$kdir") || exit 1
mkdir -p "$out" || die "cannot make $out"
for f in "$top"/dts/*.dtso; do
	name=$(basename "$f" .dtso)
	say DTC "dts/$name.dtso"
	"${CC:-cc}" -E -nostdinc -undef -D__DTS__ -x assembler-with-cpp \
		-I "$include" -I "$top/dts" -o "$out/$name.dts" "$f" ||
		die "dts/$name.dtso does not pass the preprocessor"
	if ! dtc -@ -I dts -O dtb -o "$out/$name.dtbo" "$out/$name.dts" 2>"$out/$name.log" ||
	   [ -s "$out/$name.log" ]; then
		cat "$out/$name.log" >&2
		rm -f "$out/$name.dtbo"
		die "dtc complains of dts/$name.dtso"
	fi
done
