#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# check.sh [--record]: every pipeline through the Raspberry Pi's own compiler.
#
# What the conformance suites make within a Pi 4's limits, and what budget.txt
# names, is compiled for V3D 4.2 (Pi 4) and 7.1 (Pi 5) by Debian's arm64 V3DV
# under qemu, on a render node that shim.c plays. Figures must keep within
# budget.txt; spills are never allowed; a pipeline without a budget must only
# compile without spills. --record writes the budget from this run. Results are
# kept by the hash of the pipeline's SPIR-V, so that only what changed is
# compiled again.

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
	"${CC:-cc}" -std=gnu11 -O2 -Wall -Wextra -Werror -I"$top" \
		-I"$top/libaccel/include" -o "$out/expand" "$here/expand.c" \
		"$BUILD/libaccel.a" $(pkg-config --libs openblas) -lm -ldl -pthread ||
		die "expand does not build"
}

# compile VERSION: the figures of what has none yet, added to the kept table
compile() {
	local icd=/usr/lib/aarch64-linux-gnu/libvulkan_broadcom.so
	local env="V3DSHIM_VER=$1 MESA_SHADER_CACHE_DISABLE=1" kept=$CACHE/v3d-$key.$1
	touch "$kept"
	cut -f1 "$out/list" | sort -u >"$out/want.$1"
	cut -f1 "$kept" | sort -u | comm -23 "$out/want.$1" - >"$out/todo.$1"
	if [ ! -s "$out/todo.$1" ]; then
		:
	elif [ "$(uname -m)" = aarch64 ]; then
		env $env LD_LIBRARY_PATH="$root/usr/lib/aarch64-linux-gnu" \
			LD_PRELOAD="$out/shim.so" "$out/v3dcc" "$root$icd" \
			"$out/spv" <"$out/todo.$1"
	else
		env $env qemu-aarch64-static -L "$root" \
			-E LD_PRELOAD="$out/shim.so" "$out/v3dcc" "$icd" \
			"$out/spv" <"$out/todo.$1"
	fi 2>"$out/err.$1" | awk -F'\t' 'NF == 5 && $2 != "failed" { print; fflush() }' >>"$kept"
	[ ! -s "$out/err.$1" ] || cat "$out/err.$1" >&2
	awk -F'\t' 'NR == FNR { row[$1] = $2 "\t" $3 "\t" $4 "\t" $5; next }
		$1 in row { print $2 "\t" row[$1] }' "$kept" "$out/list" >"$out/table.$1"
}

# The blocked kernels with the most that they are made with: after them come bias
# (1, of a column, or 2, of a row), residual (4), activation (8, 16: sigmoid) in
# rows of vec4 (32768), see compute/shaders/epilogue.glsl.
largest() {
	local e
	for e in 0 1 2 32768 32769 32770 32777 32784 32789 32790; do
		echo "matmul_v3d 0 $e 0"
	done
	# f16 in A (1), in B (8), in both
	for e in 1 8 9; do
		printf '%s\n' "matmul_v3d 0 1 $e" "matmul_v3d 0 32768 $e" "matmul_v3d 0 32789 $e"
	done
	printf '%s\n' "conv_v3d 0 0" "conv_v3d 0 2" "conv_v3d 0 32770" "conv_v3d 0 32790"
}

# The pipelines: what the suites make here, and what has a budget.
variants() {
	local t
	rm -f "$out/log"
	make -s -C "$top" BUILD="$BUILD" lib unit-programs || die "the tests do not build"
	for t in "$here"/../unit/test_*.c; do
		grep -q conform_main "$t" || continue
		# what is made at random has no budget
		case $t in *random*) continue ;; esac
		t=$(basename "$t" .c)
		ACCEL_KERNEL_LOG=$out/log "$BUILD/unit/$t" v3d42 >"$out/$t.tap" 2>&1 ||
			die "$t fails; run make check"
	done
	{
		[ ! -e "$out/log" ] || cat "$out/log"
		largest
		[ "${1:-}" = --record ] || grep -v '^#' "$here/budget.txt" | cut -f1
	} | sort -u >"$out/variants"
	[ -s "$out/variants" ] || die "no pipeline: neither a Vulkan driver nor a budget"
}

variants "${1:-}"
root_folder
build
rm -rf "$out/spv" && mkdir -p "$out/spv"
"$out/expand" "$out/spv" <"$out/variants" >"$out/list" ||
	die "budget.txt names pipelines that are no more; run tests/v3d/check.sh --record"
key=$(cat "$out/v3dcc" "$out/shim.so" <(echo "$root") | sha256sum | cut -c1-16)
[ "$(uname -m)" = aarch64 ] || need qemu-aarch64-static qemu-user-static
compile 42 &
compile 71
wait

if [ "${1:-}" = --record ]; then
	{
		echo "# Budget of check-v3d: pipeline; for V3D 4.2, then for 7.1: instructions,"
		echo "# threads, loop instructions per multiply-add. Written by check.sh --record."
		awk -F'\t' -v OFS='\t' 'NR == FNR { a[$1] = $2 OFS $3 OFS $5; next }
			$1 in a { print $1, a[$1], $2, $3, $5 }' "$out/table.42" "$out/table.71"
	} >"$here/budget.txt"
fi

# One line a shader: the worst of its pipelines. All of them are in the tables.
awk -F'\t' -v pct=$SLACK_PERCENT -v slack=$SLACK -v loop=$LOOP_SLACK -v tap="$tap" '
	FILENAME ~ /budget.txt$/ {
		if ($1 !~ /^#/)
			for (k = 0; k < 2; k++) {
				v = k ? 71 : 42
				bi[v, $1] = $(2 + 3 * k)
				bt[v, $1] = $(3 + 3 * k)
				bl[v, $1] = $(4 + 3 * k)
			}
		next
	}
	FILENAME ~ /variants$/ { want[++n] = $0; next }
	{ v = FILENAME; sub(/.*\./, "", v)
	  ins[v, $1] = $2; thr[v, $1] = $3; spill[v, $1] = $4; per[v, $1] = $5 }
	function judge(v, name,   why) {
		if (!((v, name) in ins)) return "does not compile"
		if (spill[v, name] > 0) return "spills " spill[v, name] " bytes"
		if (!((v, name) in bi)) { open++; return "" }
		if (ins[v, name] > bi[v, name] * (1 + pct / 100) + slack)
			why = ins[v, name] " instructions, budget " bi[v, name]
		else if (thr[v, name] < bt[v, name])
			why = thr[v, name] " threads, budget " bt[v, name]
		else if (bl[v, name] != "-" && (per[v, name] == "-" || per[v, name] > bl[v, name] + loop))
			why = per[v, name] " instructions per multiply-add, budget " bl[v, name]
		return why
	}
	function worst(v, sh, name) {
		if (ins[v, name] > mi[v, sh]) mi[v, sh] = ins[v, name]
		if (!((v, sh) in mt) || thr[v, name] < mt[v, sh]) mt[v, sh] = thr[v, name]
		ms[v, sh] += spill[v, name]
		if (per[v, name] != "-" && per[v, name] > ml[v, sh]) ml[v, sh] = per[v, name]
	}
	END {
		for (i = 1; i <= n; i++) {
			name = want[i]
			sh = name
			sub(/ .*/, "", sh)
			if (!count[sh]++) order[++shaders] = sh
			for (k = 0; k < 2; k++) {
				v = k ? 71 : 42
				worst(v, sh, name)
				why = judge(v, name)
				printf "%sok %d - V3D %s.%s: %s%s\n", why ? "not " : "", ++t, \
					substr(v, 1, 1), substr(v, 2), name, why ? " (" why ")" : "" >tap
				bad += why != ""
			}
		}
		printf "%-18s %5s | %6s %4s %6s %7s | %6s %4s %6s %7s\n", "worst of a shader", "count", \
			"4.2", "thr", "spills", "/fma", "7.1", "thr", "spills", "/fma"
		for (i = 1; i <= shaders; i++) {
			sh = order[i]
			printf "%-18s %5d", sh, count[sh]
			for (k = 0; k < 2; k++) {
				v = k ? 71 : 42
				printf " | %6d %4d %6d %7s", mi[v, sh], mt[v, sh], ms[v, sh], \
					ml[v, sh] ? ml[v, sh] : "-"
			}
			printf "\n"
		}
		printf "1..%d\n", t >tap
		printf "%d pipelines, %d over budget, %d without one\n", t, bad, open
		exit bad > 0
	}' "$here/budget.txt" "$out/variants" "$out/table.42" "$out/table.71"
code=$?
grep '^not ok' "$tap" >&2
exit $code
