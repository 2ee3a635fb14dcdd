# SPDX-License-Identifier: MIT
# The dashboard on terminals of several sizes. util-linux's script is the terminal.
. "$top/tests/vm/guest/lib.sh"

A=$build/accel tb=$build/tbctl
if [ ! -c /dev/testboard ] || [ ! -x "$tb" ] || [ ! -x "$A" ] || [ ! -c /dev/pts/ptmx ]; then
	echo "1..0 # SKIP no test board, no pseudo-terminals, or accel was not built"
	exit 4
fi
warm
export OPENBLAS_NUM_THREADS=1 LC_ALL=C.UTF-8
T=$(mktemp -d)
cd "$T" || exit 1
"$tb" reset
"$tb" drive 17 0
{
	cat <<-END
		every: 50 ms
		deadline: 3 s
		sensors:
		  hall: button:GPIO17
		outputs:
		  fan: {line: GPIO23, safe: off}
		rules:
		- {when: pressed > 0.5, then: fan on}
		values:
	END
	for i in {1..40}; do echo "  a_value_with_a_long_name_$i: presses * $i"; done
} >control.yaml

# on NAME COLUMNS ROWS: the dashboard on a new terminal, whose output is NAME
# and whose keys come from file descriptor 7
on() {
	local name=$1
	rm -f keys; mkfifo keys
	script -qfc "stty cols $2 rows $3; tty >$name.tty; echo \$\$ >pid; exec $A run control.yaml" "$name" <keys >/dev/null 2>"$name.err" &
	term=$!
	exec 7>keys
}
frames() { [ "$(grep -ac 'q ends' "$1")" -ge "$2" ]; }
# widest line, most lines of a frame, colours; of what follows the last clearing
measure() {
	perl -CSD -0777 -ne 's/\r//g; s/^Script (started|done).*\n//gm; s/^.*\e\[2J\e\[H//s; $c = () = /\e\[[0-9;]*m/g;
		for (split /\e\[\d+A/) { s/\e\[[0-9;]*[A-Za-z]//g; @l = split /\n/; $h = @l if @l > $h;
			for (@l) { $w = length if length > $w } }
		print "$w $h ", $c ? "coloured" : "plain", "\n"' "$1"
}
ends() { # KEY: by this key
	printf %s "$1" >&7; wait $term; local rc=$?; exec 7>&-; return $rc
}

on wide 100 60
until_true drives 23 1 && until_true frames wide 3
result $? "it is drawn again and again" "$(cat wide.err; tail -c 500 wide)"
ends q && drives 23 0; result $? "q ends it, the outputs safe"
grep -aq 'values' wide && grep -aq 'a_value_with_a_long_name_40 ' wide && grep -aq 'ON .* fan' wide &&
	grep -aq 'pressed > 0.5' wide && grep -aq 'output fan on' wide
result $? "it shows values, rules, outputs and events" "$(tail -c 3000 wide)"
read -r w h color <<<"$(measure wide)"
[ "$w" -le 100 ] && [ "$h" -le 59 ] && [ "$color" = coloured ]
result $? "in 100 columns and 60 rows, with colours" "$w columns, $h lines, $color"

on small 40 16
until_true drives 23 1 && until_true frames small 3
read -r w h color <<<"$(measure small)"
[ "$w" -le 40 ] && [ "$h" -le 15 ] && [ "$h" -ge 10 ]
result $? "a small terminal gets what fits" "$w columns, $h lines"
grep -aq 'values ([0-9]* of 43)' small; result $? "and how much it does not show" "$(tail -c 1000 small)"
stty -F "$(cat small.tty)" cols 30 rows 12
cleared() { grep -aq $'\e\[2J' small; }
until_true cleared && : >mark && until_true frames small $(($(grep -ac 'q ends' small) + 2))
read -r w h color <<<"$(measure small)"
[ "$w" -le 30 ] && [ "$h" -le 11 ]; result $? "made smaller while it runs, it is drawn anew" "$w columns, $h lines"
kill -STOP "$(cat pid)"; until_true drives 23 0
# script stops with what it runs
kill -CONT $term "$(cat pid)"
tripped() { grep -aq 'TRIPPED' small; }
until_true tripped; result $? "a trip is shown" "$(tail -c 500 small)"
printf r >&7; until_true drives 23 1; result $? "r rearms"
ends q; result $? "and q ends it"

NO_COLOR=1 on plain 80 24
until_true frames plain 2; ends q
[ "$(measure plain | cut -d' ' -f3)" = plain ]; result $? "no colours where NO_COLOR is set" "$(measure plain)"
TERM=dumb on dumb 80 24
until_true grep -aq 'output fan on' dumb && ! grep -aq $'\e' dumb
result $? "a dumb terminal gets the log" "$(tail -c 500 dumb)"
kill -TERM "$(cat pid)"; wait $term; exec 7>&-
"$A" run control.yaml --for 0.5 >pipe 2>&1
! grep -q $'\e' pipe && grep -q 'output fan' pipe
result $? "so does what is no terminal" "$(cat pipe)"

"$build/accelctl" release GPIO23 >/dev/null
"$tb" reset
rm -rf "$T"
echo "1..$n"
