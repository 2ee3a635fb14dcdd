#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# check.sh [--record]: every shader through the Raspberry Pi's own compiler.
#
# Debian's arm64 V3DV compiles each line of variants.txt for V3D 4.2 (Pi 4) and
# 7.1 (Pi 5) under qemu, on a render node that shim.c plays. The figures must
# keep within budget.txt; spills are never allowed. A variant without a budget
# must only compile without spills. --record writes the budget.

. "$(dirname "$0")/../../scripts/lib.sh"
here=$top/tests/v3d
out=$BUILD/v3d
case $out in /*) ;; *) out=$top/$out ;; esac
results=$(dirname "$out")/results
tap=$results/v3d.tap
mkdir -p "$out" "$results" || die "cannot make $out"
# builds differ by a few instructions
SLACK_PERCENT=3
SLACK=8
LOOP_SLACK=0.005

PACKAGES="zlib1g libzstd1 libxcb1 libx11-xcb1 libxcb-dri3-0 libxcb-present0
libxcb-xfixes0 libxcb-sync1 libxcb-randr0 libxcb-shm0 libxcb-keysyms1
libxshmfence1 libwayland-client0 libexpat1 libstdc++6 libgcc-s1 libc6 libxau6
libxdmcp6 libffi8 libbsd0 libmd0"

# Debian 12's own Mesa is 22.3; the Pi's is 25.0, which backports has.
suite=host
[ "$(. /etc/os-release && echo "$VERSION_CODENAME")" = bookworm ] && suite=backports

root_folder() {
	local trees tree key
	trees=$("$top/scripts/fetch.sh" "$suite" arm64 mesa-vulkan-drivers libdrm2) || exit 1
	trees="$trees $("$top/scripts/fetch.sh" host arm64 $PACKAGES)" || exit 1
	key=$(printf '%s\n' $trees | sha256sum | cut -c1-16)
	root=$CACHE/v3d-root-$key
	[ -e "$root/.complete" ] && return
	rm -rf "$root" && mkdir -p "$root"
	for tree in $trees; do
		cp -a "$tree/." "$root/" || die "cannot fill $root (disk full?)"
	done
	[ -e "$root/lib" ] || ln -s usr/lib "$root/lib"
	touch "$root/.complete"
}

compiler() {
	if [ "$(uname -m)" = aarch64 ]; then
		echo "${CC:-cc}"
	else
		for c in aarch64-linux-gnu-gcc aarch64-linux-gnu-gcc-12 aarch64-linux-gnu-gcc-14; do
			command -v "$c" && return
		done
		die "no arm64 compiler; install it with: apt-get install gcc-aarch64-linux-gnu (or run: make deps)"
	fi
}

build() {
	local cc inc=$out/include
	cc=$(compiler) || exit 1
	# only the Vulkan headers: the rest of /usr/include is another machine's
	mkdir -p "$inc" && ln -sfn /usr/include/vulkan "$inc/vulkan" &&
		ln -sfn /usr/include/vk_video "$inc/vk_video"
	"$cc" -std=gnu11 -O2 -Wall -Wextra -Werror -fPIC -shared \
		-o "$out/shim.so" "$here/shim.c" &&
		"$cc" -std=gnu11 -O2 -Wall -Wextra -Werror -I"$inc" \
			-o "$out/v3dcc" "$here/v3dcc.c" "$here/loop.c" -ldl ||
		die "the arm64 programs do not build"
}

# compile VERSION: the table for one chip
compile() {
	local icd=/usr/lib/aarch64-linux-gnu/libvulkan_broadcom.so
	local env="V3DSHIM_VER=$1 MESA_SHADER_CACHE_DISABLE=1"
	if [ "$(uname -m)" = aarch64 ]; then
		env $env LD_LIBRARY_PATH="$root/usr/lib/aarch64-linux-gnu" \
			LD_PRELOAD="$out/shim.so" "$out/v3dcc" "$root$icd" \
			"$spv" "$here/variants.txt" 2>"$out/err.$1"
	else
		need qemu-aarch64-static qemu-user-static
		env $env qemu-aarch64-static -L "$root" \
			-E LD_PRELOAD="$out/shim.so" "$out/v3dcc" "$icd" \
			"$spv" "$here/variants.txt" 2>"$out/err.$1"
	fi >"$out/table.$1"
}

make -s -C "$top" BUILD="$BUILD" lib || die "the shaders do not build"
spv=$(dirname "$out")/spv
root_folder
build
compile 42 &
first=$!
compile 71
second=$?
wait $first || second=1
[ $second = 0 ] || { cat "$out"/err.* >&2; }

if [ "${1:-}" = --record ]; then
	{
		echo "# Budget of check-v3d: chip, variant, instructions, threads, loop"
		echo "# instructions per multiply-add. Written by check.sh --record."
		for v in 42 71; do
			awk -F'\t' -v v=$v '{ printf "%s\t%s\t%s\t%s\t%s\n", v, $1, $2, $3, $5 }' "$out/table.$v"
		done
	} >"$here/budget.txt"
fi

awk -F'\t' -v pct=$SLACK_PERCENT -v slack=$SLACK -v loop=$LOOP_SLACK -v tap="$tap" '
	function short(s) { return length(s) > 46 ? substr(s, 1, 43) "..." : s }
	FILENAME ~ /budget.txt$/ {
		if ($1 !~ /^#/) { bi[$1, $2] = $3; bt[$1, $2] = $4; bl[$1, $2] = $5 }
		next
	}
	FILENAME ~ /variants.txt$/ { if ($0 != "" && $0 !~ /^#/) want[++n] = $0; next }
	{ v = FILENAME; sub(/.*\./, "", v)
	  ins[v, $1] = $2; thr[v, $1] = $3; spill[v, $1] = $4; per[v, $1] = $5 }
	function judge(v, name,   why) {
		if (!((v, name) in ins)) return "was not compiled"
		if (ins[v, name] == "failed") return "does not compile"
		if (spill[v, name] > 0) return "spills " spill[v, name] " bytes"
		if (!((v, name) in bi)) { todo[v, name] = 1; return "" }
		if (ins[v, name] > bi[v, name] * (1 + pct / 100) + slack)
			why = ins[v, name] " instructions, budget " bi[v, name]
		else if (thr[v, name] < bt[v, name])
			why = thr[v, name] " threads, budget " bt[v, name]
		else if (bl[v, name] != "-" && (per[v, name] == "-" || per[v, name] > bl[v, name] + loop))
			why = per[v, name] " instructions per multiply-add, budget " bl[v, name]
		return why
	}
	END {
		printf "%-46s | %6s %3s %5s %6s | %6s %3s %5s %6s\n", "V3D 4.2 | 7.1", \
			"instr", "thr", "spill", "/fma", "instr", "thr", "spill", "/fma"
		for (i = 1; i <= n; i++) {
			name = want[i]
			printf "%-46s", short(name)
			for (k = 1; k <= 2; k++) {
				v = k == 1 ? 42 : 71
				printf " | %6s %3s %5s %6s", ins[v, name], thr[v, name], spill[v, name], per[v, name]
				why = judge(v, name)
				printf "%sok %d - V3D %s.%s: %s%s%s\n", why ? "not " : "", ++t, \
					substr(v, 1, 1), substr(v, 2), name, why ? " (" why ")" : "", \
					(v, name) in todo ? ", no budget recorded" : "" >tap
				open += (v, name) in todo
				bad += why != ""
			}
			printf "\n"
		}
		printf "1..%d\n", t >tap
		printf "%d pipelines, %d over budget, %d without one\n", t, bad, open
		exit bad > 0
	}' "$here/budget.txt" "$here/variants.txt" "$out/table.42" "$out/table.71"
code=$?
grep '^not ok' "$tap" >&2
exit $code
