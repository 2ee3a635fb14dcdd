#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Training from the command line: what a first user does, what the examples
# show, and what goes wrong. Prints TAP.

. "$(dirname "$0")/lib.sh"
data=${ACCEL_TEST_DATA:-$top/../shared/data}
accel=$BUILD/accel
export ACCEL_DEVICE=cpu

# value KEY: a number of the JSON object on standard input
value() { grep -o "\"$1\": [^,}]*" | head -1 | cut -d' ' -f2; }
at_least() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a != "" && a + 0 >= b + 0) }'; }
# says STATUS PATTERN COMMAND...: fails with that status and such a line
says() {
	local want=$1 pattern=$2 out rc; shift 2
	out=$("$@" 2>&1); rc=$?
	[ $rc = "$want" ] && grep -q "^accel: .*$pattern" <<<"$out" && return 0
	echo "# status $rc: $out"
	return 1
}

# ---- digits that are made up: no data is needed ----
m=$T/digits.safetensors
out=$($accel train --json --out "$m" 2>"$T/log")
result $? "train without data" "$(cat "$T/log")"
at_least "$(value val_accuracy <<<"$out")" 0.97
result $? "made-up digits: 97 % of those held out" "$out"
[ "$(grep -c '^epoch' "$T/log")" = 5 ]
result $? "progress is a line an epoch where there is no terminal" "$(cat "$T/log")"
script -qec "stty cols 60; $accel train --epochs 1 --out $T/bar.safetensors" "$T/bar" >/dev/null 2>&1
# what was redrawn, last line aside, fits the terminal; the bar is there
wide=$(tr '\r' '\n' <"$T/bar" | sed 's/\x1b\[K$//' | grep '^[0-9][0-9]*/' | sed '$d' | awk 'length > 59')
grep -q '\[=*>*\.*\] [0-9.]*s left - loss: [0-9.]* - accuracy' "$T/bar" &&
	grep -q '^500/500 [0-9.]*s [0-9.]*ms/step - loss: .* - val_accuracy: ' \
		<(tr '\r' '\n' <"$T/bar") && [ -z "$wide" ]
result $? "on a terminal it is a bar that fits it" "$wide"
out=$($accel eval "$m" --json)
at_least "$(value accuracy <<<"$out")" 0.97 && [ -n "$(value loss <<<"$out")" ]
result $? "eval --json has loss and accuracy" "$out"
out=$($accel predict "$m" --input digits --json)
[ "$(grep -c '"class": ' <<<"$out")" = 2000 ]
result $? "predict gives a line a sample" "$(head -3 <<<"$out")"
out=$($accel summary "$m")
grep -q '101,770' <<<"$out" && grep -q 'sparse_cross_entropy' <<<"$out"
result $? "summary shows parameters and loss" "$out"
out=$($accel plot "$m" && $accel plot "$m" --curve accuracy --svg "$T/plot.svg")
[ $? = 0 ] && grep -q accuracy <<<"$out" && grep -q '<svg' "$T/plot.svg"
result $? "plot draws in the terminal and as SVG" "$out"

# ---- equal seeds, and a kill ----
options="--epochs 20 --data sensors --window 12 --seed 4"
# shellcheck disable=SC2086
train() { $accel train $options "$@" >/dev/null 2>&1; }
train --out "$T/a" && train --out "$T/b" && cmp -s "$T/a" "$T/b"
result $? "one seed, the same file"
# killed at once, then each time that a new checkpoint has taken the old one's place
killed=0
for round in 1 2 3 4; do
	was=$(stat -c %i "$T/c" 2>/dev/null)
	# shellcheck disable=SC2086
	$accel train $options --out "$T/c" --resume >/dev/null 2>&1 & pid=$!
	while [ $round != 1 ] && kill -0 $pid 2>/dev/null &&
		[ "$(stat -c %i "$T/c" 2>/dev/null)" = "$was" ]; do :; done
	kill -9 $pid 2>/dev/null
	wait $pid 2>/dev/null
	[ $? != 137 ] || killed=$((killed + 1))
done
train --out "$T/c" --resume && cmp -s "$T/a" "$T/c" && [ $killed = 4 ]
result $? "killed four times and resumed: the same file" "killed $killed times"

# Ctrl-C is no kill, but it can be gone on from as well. In the background, where
# this may run, it is ignored unless told otherwise.
# shellcheck disable=SC2086
env --default-signal=INT $accel train $options --epochs 100000 --out "$T/i" --resume --json >"$T/stopped" 2>/dev/null & pid=$!
while [ ! -e "$T/i" ] && kill -0 $pid 2>/dev/null; do :; done
kill -INT $pid
wait $pid
result $? "Ctrl-C is a success" "$(cat "$T/stopped")"
epochs=$(value epochs <"$T/stopped")
train --epochs $((epochs + 1)) --out "$T/whole"
train --epochs $((epochs + 1)) --out "$T/i" --resume
grep -q '"interrupted": true' "$T/stopped" && cmp -s "$T/i" "$T/whole"
result $? "Ctrl-C and resumed: the same file" "$(cat "$T/stopped")"
rm -f "$T/i"

# ---- a table ----
table=$data/occupancy
if [ -e "$table/datatraining.txt" ]; then
	m=$T/room.safetensors
	out=$($accel train --data "$table/datatraining.txt" --label Occupancy --out "$m")
	result $? "train on a table" "$out"
	out=$($accel eval "$m" --data "$table/datatest.txt" --json)
	at_least "$(value accuracy <<<"$out")" 0.97
	result $? "occupancy: 97 % of the first test" "$out"
	out=$($accel eval "$m" --data "$table/datatest2.txt" --json)
	at_least "$(value accuracy <<<"$out")" 0.98
	result $? "occupancy: 98 % of the second" "$out"
	out=$($accel eval "$m" --data "$table/datatest2.txt" --confusion --json)
	awk 'match($0, /"confusion": .*]]/) {
		n = split(substr($0, RSTART + 13, RLENGTH), c, /[^0-9]+/)
		for (i = 1; i <= n; i++) sum += c[i]
	} END { exit sum != 9752 }' <<<"$out"
	result $? "its confusion is of every row" "$out"
	out=$($accel summary "$m")
	grep -q 'Columns: Temperature, Humidity, Light, CO2, HumidityRatio -> Occupancy' <<<"$out"
	result $? "the date is no input by default" "$out"
else
	skip "occupancy" "no data in $table"
fi

printf 'x,y\n1,10.5\n2,20\n3,31\n4,40\n5,49.5\n6,61\n' >"$T/line.csv"
out=$($accel train --data "$T/line.csv" --label y --epochs 200 --out "$T/line")
grep -q 'Columns: x -> y' <<<"$out"
result $? "points of a line: x is no row number where it is alone" "$out"
out=$($accel eval "$T/line" --data "$T/line.csv" --json)
awk -v m="$(value mae <<<"$out")" -v l="$(value mae_of_label <<<"$out")" \
	'BEGIN { exit !(m > 0 && l / m > 17 && l / m < 18) }'
result $? "eval has the error in the label's unit, too" "$out"

# ---- a rare class ----
awk -v OFS=, 'BEGIN { srand(5); print "a,b,w,state"; for (i = 0; i < 2000; i++) { f = i % 50 == 7
	print 0.7 * f + rand() + rand() + rand(), 0.7 * f + rand() + rand() + rand(), f ? 49 : 1, f ? "fault" : "ok" } }' \
	>"$T/rare.csv"
# "fault" is the first class; of two, recall is that of the second
found() { awk 'match($0, /"confusion": \[\[[0-9]*/) { print substr($0, RSTART + 15, RLENGTH - 15) }'; }
rare() { $accel train --data "$T/rare.csv" --columns a,b --label state --epochs 10 --arch dense:2 --lr 0.02 \
	--out "$T/rare" "$@" >/dev/null &&
	$accel eval "$T/rare" --data "$T/rare.csv" --confusion --json | found; }
none=$(rare) balanced=$(rare --class-weights balanced) named=$(rare --class-weights fault=49) column=$(rare --weight w)
at_least 10 "$none" && at_least "$balanced" 34 && at_least "$named" 34 && at_least "$column" 34
result $? "of 40 faults in 2,000 rows 10 are found at most, 34 with weights: balanced, named or of a column" \
	"$none, $balanced, $named, $column"
says 2 "no class 'bad': fault, ok" $accel train --data "$T/rare.csv" --label state --class-weights bad=2 --out "$T/no" &&
	says 2 "'fault' is not NAME=WEIGHT" $accel train --data "$T/rare.csv" --label state --class-weights fault --out "$T/no"
result $? "weights of classes that are none"

# ---- bench ----
out=$($accel bench train --seconds 0.2 --threads 1 --json)
for key in samples_per_s samples_per_cpu_s step_us submits_per_step allocations_per_step; do
	[ -n "$(value $key <<<"$out")" ] || out="$out: no $key"
done
at_least "$(value samples_per_s <<<"$out")" 1 && [ "$(value submits_per_step <<<"$out")" = 1 ] &&
	! grep -q 'no [a-z]' <<<"$out"
result $? "bench train: one submit a step" "$out"

# ---- examples ----
for e in examples/*.c; do
	e=$(basename "$e" .c)
	out=$(${CC:-cc} -std=c11 -Wall -Wextra -Werror -Ilibaccel/include -o "$T/$e" \
		"examples/$e.c" -L"$BUILD" -laccel -lm -Wl,-rpath,"$BUILD" 2>&1)
	result $? "examples/$e.c compiles" "$out"
	if [ "$e" = mnist ]; then
		[ -e "$data/mnist" ] || { skip "MNIST" "no data in $data/mnist"; continue; }
		out=$("$T/$e" "$data/mnist")
		at_least "$(sed -n 's/.*epoch 5.*val_accuracy: //p' <<<"$out")" 0.975
		result $? "MNIST: 97.5 % of the test set in five epochs" "$out"
	else
		out=$("$T/$e" 2>&1)
		result $? "examples/$e.c learns what it should" "$out"
	fi
done

for e in examples/*.c; do
	e=$(basename "$e" .c)
	out=$(ACCEL_DEVICE=none "$T/$e" 2>&1)
	[ $? = 1 ] && grep -q "^$e: .*no usable device 'none'" <<<"$out"
	result $? "examples/$e.c says that there is no such device" "$out"
done

# ---- what goes wrong ----
printf 'a,b\n1,2\n3\n' >"$T/ragged.csv"
: >"$T/empty.csv"
printf 'a,b\n7,x\n2,y\n9,x\n' >"$T/text.csv"
says 1 "ragged.csv:3" $accel train --data "$T/ragged.csv" --label b --out "$T/x"
result $? "a ragged table: file and line"
says 1 "empty.csv" $accel train --data "$T/empty.csv" --label b --out "$T/x"
result $? "an empty table"
says 1 "nope" $accel train --data "$T/text.csv" --label nope --out "$T/x"
result $? "a label column that is not there"
says 1 "cannot\|No such" $accel train --data "$T/none.csv" --label b --out "$T/x"
result $? "a file that is not there"
says 1 "outputs" $accel train --arch flatten,dense:3 --out "$T/x"
result $? "too few outputs"
says 1 "dens" $accel train --arch dens:3 --out "$T/x"
result $? "no such layer"
says 2 adagrad $accel train --optimizer adagrad --out "$T/x"
result $? "no such optimizer"
says 1 "loss is" $accel train --optimizer sgd --lr 1e30 --epochs=1 --out "$T/x"
result $? "a loss that explodes"
says 1 "cannot write $T/no/x: No such" $accel train --data "$T/text.csv" --out "$T/no/x" &&
	says 1 "cannot write $T: Is a dir" $accel train --data "$T/text.csv" --out "$T"
result $? "nowhere to write to, which is said before training"
says 2 "columns is for tables" $accel train --columns a --out "$T/x" &&
	says 2 "test and --validation" $accel train --data "$T/text.csv" --test a --validation 0.1 --out "$T/x" &&
	says 2 "data is missing" $accel eval "$T/line"
result $? "options without a meaning"
head -c 1000 "$T/a" >"$T/cut"
says 1 "cut" $accel eval "$T/cut" --data sensors
result $? "a model file that was cut off"
says 1 "\[28, 28\]\|\[12, 4\]" $accel eval "$T/a" --data digits
result $? "a model and data of different shapes"
cp "$T/plot.svg" "$T/kept.svg"
says 1 "no curve 'f1'" $accel plot "$T/digits.safetensors" --curve f1 --svg "$T/plot.svg" &&
	cmp -s "$T/plot.svg" "$T/kept.svg" &&
	says 1 "no/x.svg: No such" $accel plot "$T/digits.safetensors" --svg "$T/no/x.svg"
result $? "a curve that is not there writes nothing"
says 2 "epochs" $accel train --epochs many
result $? "an option that is no number"
[ ! -e "$T/x" ]
result $? "a run that failed leaves no model"

echo "1..$n"
