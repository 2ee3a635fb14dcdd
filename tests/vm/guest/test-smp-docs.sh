# SPDX-License-Identifier: MIT
# The programs of docs/uapi.md, as a reader would run them, on the test board
# that has the chip's name.
. "$top/tests/vm/guest/lib.sh"

programs=$(ls "$build"/docs/uapi-*.c 2>/dev/null)
if [ -z "$programs" ] || [ ! -c /dev/testboard ]; then
	echo "1..0 # SKIP no programs of docs/uapi.md, or no test board"
	exit 4
fi
tb=$build/tbctl
# somebody presses the button of line 17 now and then: it pulls to ground
[ ! -x "$tb" ] || printf '200000000 17=0\n200000000 17=z\n' |
	"$tb" play - player 0 rounds 0

n=0
echo "1..$(wc -w <<<"$programs")"
for c in $programs; do
	n=$((n + 1))
	name=$(basename "$c" .c)
	title=$(cat "${c%.c}.txt")
	timeout 60 "${c%.c}" 2>&1 | sed 's/^/# /'
	rc=${PIPESTATUS[0]}
	if [ "$rc" = 0 ]; then
		echo "ok $n $name $title"
	else
		echo "# status $rc"
		echo "not ok $n $name $title"
	fi
done
[ ! -x "$tb" ] || "$tb" reset
exit 0
