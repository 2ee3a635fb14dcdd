#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# lint.sh: everything a reader can check without running anything. Prints TAP.

. "$(dirname "$0")/../scripts/lib.sh"
cd "$top" || exit 1
n=0

# judge TEXT COMMAND...: ok when it succeeds and prints nothing.
judge() {
	local text=$1 out; shift
	n=$((n + 1))
	if out=$("$@" 2>&1) && [ -z "$out" ]; then
		echo "ok $n - $text"
	else
		printf '%s\n' "$out" | tail -60 | sed 's/^/# /'
		echo "not ok $n - $text"
	fi
}
skip() { n=$((n + 1)); echo "ok $n - $1 # SKIP $2"; }

tree() { # files of the project, as far as they match the pattern
	if git rev-parse --git-dir >/dev/null 2>&1; then
		git ls-files --cached --others --exclude-standard
	else
		find . -type f -not -path './build*' -not -path './.git/*' | sed 's|^\./||'
	fi | grep -E "$1" | while read -r f; do [ -f "$f" ] && echo "$f"; done
}

KFILES=$(scripts/kernel.sh files) && KDIR=$(scripts/kernel.sh headers amd64) || exit 1
kernel_c=$(tree '^(driver|uapi|tests/vm/(testboard|importer|faultmod))/.*\.[ch]$')
ktest_c=$(tree '^tests/(kselftest/|fuzz/ioctl|vm/guest/|bench/driver_bench).*[ch]$' | grep '\.[ch]$')
user_c=$(tree '^(libaccel|compute|gpio|tools|examples|tests/(unit|fuzz|bench|v3d|e2e))/.*\.[ch]$' |
	grep -vE 'driver_bench|ioctl_fuzz')

# checkpatch OPTIONS FILE...: our files are no patches: no commit text, no tree.
checkpatch() {
	local options=$1; shift
	# what it misreads: C11's keyword as a camel-case name, and the version
	# tests for which the compat header is there
	printf '%s\n' "$@" | xargs -P "$(nproc)" -n 1 perl "$KFILES/scripts/checkpatch.pl" \
		--no-tree --terse --no-summary --show-types $options -f |
		grep -vE 'CAMELCASE.*_Static_assert|piaccel_compat.h.*(LINUX_VERSION_CODE|CONSTANT_COMPARISON)'
	rm -f .checkpatch-camelcase.*
	return 0
}
ignore=FILE_PATH_CHANGES,SPDX_LICENSE_TAG
judge "checkpatch --strict on kernel code" checkpatch "--strict --ignore $ignore" $kernel_c
# programs of user space: their own types and functions, tables as macros, and
# the harness's macros, which checkpatch takes for arithmetic
judge "checkpatch on kernel tests" checkpatch \
	"--ignore $ignore,PREFER_KERNEL_TYPES,COMPLEX_MACRO,STRCPY,BRACES,SPACING,VOLATILE,STATIC_CONST_CHAR_ARRAY,REPEATED_WORD,LEADING_SPACE" $ktest_c

modules() { # build anew with W=1 and sparse; any word from either is a failure
	local m out
	for m in Kbuild tests/vm/*/Kbuild; do
		[ -e "$m" ] || continue
		m=$(cd "$(dirname "$m")" && pwd)
		out=$BUILD/sparse/${m##*/}
		[ "$m" != "$top" ] || out=$BUILD/sparse/piaccel
		rm -rf "$out"
		MODULE_SRC=$m QUIET=1 scripts/module.sh "$KDIR" "$out" C=2 \
			CF="-Wsparse-error" || return 1
		grep -iE 'warning|error:' "$out/build.log"
	done
	return 0
}
need sparse sparse
judge "modules build with W=1 and sparse without a word" modules

params() { # every module parameter is described, and the licence is GPL
	local ko=$BUILD/sparse/piaccel/piaccel.ko p
	[ "$(modinfo -F license "$ko")" = GPL ] || echo "licence is not GPL"
	modinfo -F description "$ko" | grep -q . || echo "no description"
	modinfo -F parm "$ko" | while read -r p; do
		case $p in
		*:*[a-z]*\ *) ;;
		*) echo "parameter without a description: $p" ;;
		esac
	done
}
judge "modinfo describes the module and its parameters" params

sh_files() {
	tree '\.sh$|^\.ci/run$|^tests/vm/guest/init$'
}
scripts() {
	# Off: sources named at run time; variables that lib.sh or init set;
	# `a && b || die`; `[ x ]; result $?`; words split, and names left unexpanded, on purpose.
	local off=SC1090,SC1091,SC2154,SC2015,SC2046,SC2086,SC2016,SC2181,SC2317,SC2048,SC2319
	shellcheck -x -P SCRIPTDIR -s bash -e "$off" $(sh_files | grep -v guest/init)
	shellcheck -s dash -e SC2163,SC2154,SC2013 tests/vm/guest/init
}
need shellcheck shellcheck
judge "shellcheck on scripts" scripts

spdx() {
	local f want
	tree . | grep -vE '^LICENSES/|\.(md|svg|png|json|csv|txt|wav|patch|safetensors)$|^\.gitignore$|/settings$|\.in$' |
	while read -r f; do
		case $f in
		tests/vm/testboard/tb.h | tests/kselftest/tb.h | tests/vm/testboard/tbctl.c) want=MIT ;;
		driver/* | dts/* | tests/kselftest/* | tests/fuzz/ioctl_fuzz.c | tests/bench/driver_bench.c | Kbuild) want='GPL-2.0-only' ;;
		uapi/*) want='GPL-2.0-only WITH Linux-syscall-note' ;;
		tests/vm/*/Kbuild | tests/vm/*/*.[ch]) want='GPL-2.0-only' ;;
		*) want=MIT ;;
		esac
		head -3 "$f" | grep -q "SPDX-License-Identifier: $want" ||
			echo "$f: no 'SPDX-License-Identifier: $want' in its first lines"
	done
}
judge "every file names its licence" spdx

openings() {
	local f
	tree . | grep -E '\.[ch]$' |
	while read -r f; do
		[[ $(sed -n 2p "$f") = '/*'* ]] || echo "$f:2: no sentence on what the file is about"
	done
}
judge "every C file opens with its subject" openings

licences() {
	local l
	for l in GPL-2.0 MIT Linux-syscall-note; do
		[ -s "LICENSES/$l" ] || echo "LICENSES/$l is missing"
	done
}
judge "licence texts are present" licences

formatted() {
	local f
	for f in $user_c; do
		clang-format --dry-run -Werror "$f" 2>&1 | head -3
	done
}
case $(clang-format --version 2>/dev/null) in
*"version 14."*) judge "clang-format on user space" formatted ;;
*) skip "clang-format on user space" "formatting is fixed by version 14, which this release lacks" ;;
esac

headers_alone() {
	local h t=$BUILD/lint
	mkdir -p "$t"
	for h in libaccel/include/accel/*.h uapi/linux/*.h; do
		echo "#include <${h#*/}>" | sed 's|include/||' >"$t/alone.c"
		cp "$t/alone.c" "$t/alone.cc"
		cc -std=c11 -pedantic -Wall -Wextra -Werror -Ilibaccel/include -Iuapi \
			-fsyntax-only "$t/alone.c" || echo "$h does not compile alone in C11"
		c++ -std=c++17 -Wall -Wextra -Werror -Ilibaccel/include -Iuapi \
			-fsyntax-only "$t/alone.cc" || echo "$h does not compile alone in C++"
	done
}
judge "every public header compiles alone, in C11 and C++" headers_alone

# What each floor may include beside itself and the public headers: one table
# for all. A file of several floors belongs to the longest name that begins it.
floors='uapi:
driver: uapi
libaccel/include:
libaccel/src/base: uapi
libaccel/src/tensor: libaccel/src/base
libaccel/src/ops: libaccel/src/base libaccel/src/tensor
libaccel/src/graph: libaccel/src/base libaccel/src/tensor libaccel/src/ops
compute: uapi libaccel/src/base
libaccel/src/backend: libaccel/src/base libaccel/src/tensor libaccel/src/ops libaccel/src/graph compute
libaccel/src/nn: libaccel/src/base libaccel/src/tensor libaccel/src/ops libaccel/src/graph
libaccel/src/data: libaccel/src/base libaccel/src/ops
libaccel/src/format: libaccel/src/base libaccel/src/tensor libaccel/src/nn
libaccel/src/bench: libaccel/src/base compute
gpio: uapi libaccel/src/base
gpio/rules: uapi libaccel/src/base
gpio/sensors: uapi libaccel/src/base gpio
tools/common:
tools/accel: tools/common
tools/accelctl: tools/common
examples:'

arrows() { # includes point one way: see docs/architecture.md
	tree '^(uapi|driver|libaccel|compute|gpio|tools|examples)/.*\.[ch]$' |
		xargs grep -HnE '^[[:space:]]*#[[:space:]]*include "' |
		awk -v floors="$floors" '
		function floor_of(path,   f, best) {
			for (f in may)
				if (index(path, f "/") == 1 && length(f) > length(best))
					best = f
			return best
		}
		function normal(path,   part, n, i, out, k) {
			n = split(path, part, "/")
			for (i = 1; i <= n; i++) {
				if (part[i] == "..") k--
				else if (part[i] != ".") out[++k] = part[i]
			}
			path = ""
			for (i = 1; i <= k; i++) path = path (i > 1 ? "/" : "") out[i]
			return path
		}
		BEGIN {
			n = split(floors, row, "\n")
			for (i = 1; i <= n; i++) {
				name = row[i]; sub(/:.*/, "", name)
				rest = row[i]; sub(/^[^:]*: */, "", rest)
				may[name] = " " rest " "
			}
		}
		{
			file = $0; sub(/:.*/, "", file)
			to = $0; sub(/^[^"]*"/, "", to); sub(/".*/, "", to)
			folder = file; sub(/\/[^\/]*$/, "", folder)
			path = normal(folder "/" to)
			if ((getline line < path) < 0) path = to
			close(path)
			from = floor_of(file); at = floor_of(path)
			if (from == "" || (at != "" && at != from && !index(may[from], " " at " ")))
				print file ": includes " to ", which is not below " from
		}'
	grep -nE '#include ["<](\.\./)*(libaccel|compute|gpio|accel)/' $(tree '^(driver|uapi)/')
	grep -nE 'LINUX_VERSION_CODE' $(tree '^driver/' | grep -v _compat.h)
	return 0
}
judge "includes point one way; kernel versions only in the compat header" arrows

judge "an op without one of its rows does not build" tests/rows.sh

ksft() { # the folder works as tools/testing/selftests/piaccel of a kernel
	local t=$BUILD/lint/ksft h
	# links, or copies where links are lost
	for h in testboard/tb.h testboard/testboard.h importer/importer.h; do
		cmp "tests/kselftest/${h#*/}" tests/vm/$h
	done
	rm -rf "$t" && mkdir -p "$t/out" &&
		cp -r "$KFILES/tools/testing/selftests" "$t/" &&
		cp -rL tests/kselftest "$t/selftests/piaccel" &&
		mkdir -p "$t/usr" && cp -r uapi "$t/usr/include" &&
		make -s -C "$t/selftests/piaccel" KHDR_INCLUDES="-isystem $t/usr/include" \
			top_srcdir="$t" OUTPUT="$t/out" CC="${CC:-cc} -Werror" 2>&1 |
		grep -v '^  CC '
	[ -x "$t/out/info_test" ] || echo "info_test was not built"
}
judge "tests/kselftest builds inside a kernel's selftests" ksft

echo "1..$n"
