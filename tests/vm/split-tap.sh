#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# split-tap.sh NAME CONSOLE TAP [PREFIX]: judge one boot.
#
# TAP holds "##SUITE name" and "##END name status" around each suite's output;
# each becomes build/results/PREFIX-suite.tap (PREFIX is vm-NAME unless given).
# The boot itself is one more suite: the guest reached its end mark, and its
# console holds no splat.

. "$(dirname "$0")/../../scripts/lib.sh"
name=$1 console=$2 tap=$3 prefix=${4:-vm-$1}
R=$BUILD/results
bad=0

tr -d '\r' <"$tap" 2>/dev/null | awk -v r="$R/$prefix-" '
	/^##SUITE / { suite = $2; file = r suite ".tap"; printf "" >file; next }
	/^##END /   { print suite, $3; close(file); suite = ""; next }
	suite       { print >file }
	END         { if (suite) print suite, 255 }' >"$R/.split-$name"
while read -r suite rc; do
	"$top/scripts/tap.sh" check "$name-$suite" "$R/$prefix-$suite.tap" "$rc" || bad=1
done <"$R/.split-$name"
[ -s "$R/.split-$name" ] || bad=1
rm -f "$R/.split-$name"

{
	echo "1..2"
	if tr -d '\r' <"$console" 2>/dev/null | grep -q '^TESTRC=0$'; then
		echo "ok 1 $name boot ran to its end"
	else
		tr -d '\r' <"$console" 2>/dev/null | tail -5 | sed 's/^/# /'
		echo "not ok 1 $name boot ran to its end"
	fi
	if splat=$("$top/tests/vm/scan-console.sh" "$console"); then
		echo "ok 2 $name console has no splat"
	else
		printf '%s\n' "$splat" | sed 's/^/# /'
		# again in short, for whoever sees only the end of it
		printf '%s\n' "$splat" | grep '^[^ ]' | head -8 | sed 's/^/# in short: /'
		line=$(sed -n 's/^[^ ]*:\([0-9]*\): .*/\1/p;T;q' <<<"$splat")
		head -n "${line:-1}" "$console" | tr -d '\r' |
			sed -n 's/.*\(piaccel-test: start .*\|^suite .*\)/# in short: after \1/p' | tail -1
		echo "not ok 2 $name console has no splat"
	fi
} >"$R/$prefix-boot.tap"
"$top/scripts/tap.sh" check "$name-boot" "$R/$prefix-boot.tap" 0 || bad=1
exit $bad
