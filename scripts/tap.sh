#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# tap.sh check NAME FILE RC   verify one TAP file, show what failed, exit 0 or 1;
#                             what the file should say and does not is added to it
# tap.sh sum FILE...          one line a suite, then the total

. "$(dirname "$0")/lib.sh"

count() { # FILE: "passed failed skipped"
	awk '
	/^[ \t]*not ok[ \t]/ && !/# *SKIP/ && !/# *TODO/ { f++; next }
	/^[ \t]*(not )?ok[ \t].*# *SKIP/ { s++; next }
	/^ok[ \t]/ { p++ }
	END { print p + 0, f + 0, s + 0 }' "$1"
}

case ${1:-} in
check)
	name=$2 file=$3 rc=$4
	read -r p f s < <(count "$file")
	plan=$(sed -n 's/^1\.\.\([0-9]*\).*/\1/p' "$file" | awk '{n += $1} END {print n + 0}')
	if [ "$rc" = 4 ] && [ $((p + f)) = 0 ]; then
		# kselftest's code for "cannot run here"
		[ "$s" -gt 0 ] || echo "ok 1 $name # SKIP $(tail -1 "$file")" >>"$file"
	elif [ "$rc" != 0 ] && [ "$f" = 0 ]; then
		echo "not ok - $name ended with status $rc" >>"$file"
	elif [ $((p + f + s)) = 0 ]; then
		echo "not ok - $name ran no test" >>"$file"
	elif grep -q '^1\.\.' "$file" && [ $((p + f + s)) != "$plan" ]; then
		echo "not ok - $name planned $plan tests and ran $((p + f + s))" >>"$file"
	fi
	! grep -qE 'ERROR: AddressSanitizer|runtime error:' "$file" ||
		echo "not ok - $name: a sanitizer objects" >>"$file"
	# What nobody's function allocated, code made at run time did: a Vulkan
	# driver's leak. Every other leak has a name among its callers.
	! awk '/ leak of / { leak = 1 }
		/^$/ { leak = 0 }
		leak && /^ *#[1-9][0-9]* 0x[0-9a-f]+ in / { named = 1 }
		END { exit !named }' "$file" ||
		echo "not ok - $name leaks memory" >>"$file"
	! grep -q 'Validation Error' "$file" ||
		echo "not ok - $name: Vulkan's validation layers object" >>"$file"
	read -r p f s < <(count "$file")
	if [ "$f" != 0 ]; then
		# the lines between the result before and a failure say why
		awk '
		/^[ \t]*ok[ \t]/ { n = 0; next }
		{ line[n++] = $0 }
		/^[ \t]*not ok/ {
			for (i = n > 100 ? n - 100 : 0; i < n; i++)
				print line[i]
			n = 0
		}' "$file" >&2
		exit 1
	fi ;;
sum)
	shift
	tp=0 tf=0 ts=0
	for file; do
		[ -e "$file" ] || continue
		read -r p f s < <(count "$file")
		printf '%-28s %6d passed %4d failed %4d skipped\n' \
			"$(basename "$file" .tap)" "$p" "$f" "$s"
		tp=$((tp + p)) tf=$((tf + f)) ts=$((ts + s))
	done
	printf '%d passed, %d failed, %d skipped\n' $tp $tf $ts
	[ $tf = 0 ] && [ $tp -gt 0 ] ;;
*) die "usage: tap.sh check NAME FILE RC | sum FILE..." ;;
esac
