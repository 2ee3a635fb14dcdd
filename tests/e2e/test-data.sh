#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Tables and series as users have them, from the command line: what is learned
# from, what is told of it, and what is refused. Prints TAP.

. "$(dirname "$0")/lib.sh"
accel=$BUILD/accel
export ACCEL_DEVICE=cpu
cd "$T" || exit 1

value() { grep -o "\"$1\": [^,}]*" | head -1 | cut -d' ' -f2; }
within() { awk -v a="$1" -v b="$2" -v c="$3" 'BEGIN { exit !(a != "" && a + 0 >= b + 0 && a + 0 <= c + 0) }'; }
# says STATUS PATTERN COMMAND...: fails with that status and such a line
says() {
	local want=$1 pattern=$2 out rc; shift 2
	out=$("$@" 2>&1); rc=$?
	[ $rc = "$want" ] && grep -q "^accel: .*$pattern" <<<"$out" && return 0
	echo "# status $rc: $out"
	return 1
}
# lines COMMAND...: how many it prints
lines() { "$@" 2>&1 | wc -l; }

# ---- air quality, as UCI has it: decimal commas, ;;, 18.00.00, -200, empty rows ----
awk -f "$top/tests/e2e/air.awk" >air.csv
{ head -1 air.csv; sed -n '2,7486p' air.csv; } >first.csv
{ head -1 air.csv; sed -n '7487,$p' air.csv; } >last.csv
out=$($accel train --data first.csv --label 'C6H6(GT)' --missing -200 --out air)
result $? "an air quality station's file is learned from as it is" "$out"
within "$(sed -n 's/^input *\[N, \([0-9]*\)\].*/\1/p' <<<"$out")" 1 20 &&
	grep -q '^Left out: Date (date), Time (date)' <<<"$out" &&
	grep -q '^Read: Date: day first' <<<"$out" &&
	grep -q '^Read: [0-9]* rows left out: their label' <<<"$out"
result $? "20 inputs at most, no date among them; what was understood is told" "$out"
out=$($accel eval air --data last.csv --json)
within "$(value mae_of_label <<<"$out")" 0.01 1.5
result $? "the mean error of benzene in the last fifth is 1.5 ug/m3 at most" "$out"
[ "$(lines $accel predict air --input last.csv)" = $(($(wc -l <last.csv) - 1)) ]
result $? "predict has a line a row, of the empty ones at the end, too"
out=$($accel train --data first.csv --label 'C6H6(GT)' --epochs 1 --out lonely)
grep -q '^Read: C6H6(GT): -200 stands alone, [0-9]* times' <<<"$out"
result $? "without --missing the lonely -200 is pointed out" "$out"

# ---- anomalies by the command line alone ----
out=$(ACCEL=$BUILD/accel sh "$top/examples/anomaly.sh" 2>&1)
result $? "examples/anomaly.sh: from a CSV to a threshold" "$out"
within "$(sed -n 's/^auc  *//p' <<<"$out" | tail -1)" 0.95 1 &&
	within "$(sed -n 's/^recall  *//p' <<<"$out" | tail -1)" 0.9 1 &&
	within "$(sed -n 's/^ *\([0-9]*\) yes$/\1/p' <<<"$out")" 40 150
result $? "it finds the worn bearings, and little else" "$out"
awk 'BEGIN { srand(3); print "a,b"; for (i = 0; i < 400; i++) { z = rand(); printf "%.3f,%.3f\n", z, 2 * z + 0.05 * rand() } }' >well.csv
awk 'BEGIN { srand(4); print "a,b,y"; for (i = 0; i < 400; i++) { z = rand(); f = i % 20 == 7
	printf "%.3f,%.3f,%s\n", z, f ? 2 - 2 * z : 2 * z + 0.05 * rand(), f ? "fault" : "ok" } }' >judge.csv
$accel train --data well.csv --task autoencode --arch dense:1,dense:2 --epochs 20 --lr 0.01 --quantile 0.95 --out ae >log 2>&1
out=$($accel eval ae --data judge.csv --label y --json)
within "$(value auc <<<"$out")" 0.8 1 && within "$(value threshold <<<"$out")" 1e-9 1 &&
	[ "$(value anomalies <<<"$out")" = 20 ]
result $? "an autoencoder that learned without a label is judged by one" "$out"
out=$($accel predict ae --input judge.csv --json | sed -n 8p)
grep -q '"anomaly": true' <<<"$out"
result $? "predict says yes or no by the threshold that the model keeps" "$out"
says 1 'no column "nope"; it has: a, b, y' $accel eval ae --data judge.csv --label nope
result $? "a label that is not there"

# ---- --resume ----
awk 'BEGIN { print "a,b,c,y"; for (i = 0; i < 60; i++) printf "%d,%d,%d,%s\n", i % 11, i % 7, i % 5, i % 2 ? "p" : "q" }' >r.csv
resume() { $accel train --data r.csv --label y --epochs 2 --resume --out r "$@"; }
resume --columns a,b >log 2>&1
was=$(sha256sum <r)
bad=
while read -r now options; do
	# shellcheck disable=SC2086
	says 1 "with \"$now" resume $options || bad="$bad $options"
done <<-'END'
	columns:.*not.with."columns: --columns a,c
	--seed: --columns a,b --seed 4
	--lr: --columns a,b --lr 0.1
	--arch: --columns a,b --arch dense:2
	--validation: --columns a,b --validation 0.2
	--missing: --columns a,b --missing 3
	--window: --columns a,b --window 3
	label:.*not.with."label: --columns a,b --label c
END
cp r.csv kept.csv
echo 1,2,3,new >>r.csv
says 1 'classes: p, q", not with "classes: new, p, q"' resume --columns a,b || bad="$bad classes"
cp kept.csv r.csv
[ -z "$bad" ] && [ "$(sha256sum <r)" = "$was" ]
result $? "--resume with other columns, label, classes or options: both are named, nothing is changed" "$bad"
resume --columns a,b --epochs 4 >log 2>&1 && grep -q '^epoch 4/4' log && ! grep -q '^epoch 2/4' log
result $? "with more epochs it goes on" "$(cat log)"

# ---- forecasts, series and gaps ----
awk 'BEGIN { print "time,v"; for (i = 0; i < 400; i++) printf "%d,%.3f\n", 1764300000 + 60 * i + (i > 200 ? 9999 : 0), sin(i / 5) }' >wave.csv
out=$($accel train --data wave.csv --label v --window 8 --ahead 3 --validation 0.2 --epochs 30 --out wave)
result $? "a forecast is learned" "$out"
grep -q '^Read: 1 gap of more than 180 s' <<<"$out" && grep -q '^Read: 2 series' <<<"$out" &&
	grep -q '^Columns: v -> v' <<<"$out"
result $? "the gap and the number of series are told; the label is an input" "$out"
mae=$(sed -n 's/^mae *\([0-9.]*\) in the unit of v/\1/p' <<<"$out")
still=$(sed -n 's/^ *\([0-9.]*\) in the unit of the label if nothing changed.*/\1/p' <<<"$out")
within "$mae" 0.001 0.12 && within "$still" 0.3 0.45
result $? "its error stands beside that of saying that nothing changes" "$out"
out=$($accel predict wave --input wave.csv)
[ "$(wc -l <<<"$out")" = 400 ] && [ "$(grep -c 'a window needs 8 rows' <<<"$out")" = 14 ]
result $? "predict has a line a row, and says where a series is too short" "$(grep -c '?' <<<"$out")"
for i in 1 2; do
	awk -v i=$i 'BEGIN { print "time,v,y"; for (k = 0; k < 10; k++) printf "%d,%d,%s\n", 1764300000 + 60 * (k + 10 * i), k * i % 7, k % 2 ? "p" : "q" }' >part$i.csv
done
out=$($accel train --data part1.csv --data part2.csv --label y --window 5 --epochs 1 --out w)
grep -q '12 samples' <<<"$out" && grep -q '^Read: 2 series' <<<"$out"
result $? "no window runs from one file into the next" "$out"
mkdir -p left right && cp part1.csv left/ && cp part2.csv right/
out=$($accel train --data left --data right --label @folder --window 5 --epochs 1 --out w)
grep -q 'of 2 classes' <<<"$out" && $accel summary w | grep -q 'Classes: left, right'
result $? "folders are classes with --label @folder" "$out"
cut -d, -f2- part1.csv >clockless.csv
says 1 'no column of times.*--time' $accel train --data clockless.csv --label y --window 3 --gap 5min --out w
result $? "--gap where no time is"

# ---- entity, state, time ----
awk 'BEGIN { print "entity_id,state,last_changed"
	for (i = 0; i < 60; i++) {
		t = sprintf("2025-01-01T00:%02d", i)
		printf "sensor.t,%s,%s:00.123456+00:00\n", i % 9 == 4 ? "unavailable" : (i % 2 ? 25 : 20) + i % 5 / 10, t
		printf "\"lamp, hall\",%s,%s:00.5+00:00\n", i % 2 ? "on" : "off", t
	} }' >states.csv
out=$($accel train --data states.csv --pivot entity_id,state,last_changed --label 'lamp, hall' --epochs 40 --out states)
grep -q '^Columns: sensor.t -> lamp, hall' <<<"$out" &&
	grep -q '^Read: 120 lines of 2 entities' <<<"$out"
result $? "--pivot: each entity is a column" "$out"
[ "$(lines $accel predict states --input states.csv --pivot entity_id,state,last_changed)" = 120 ]
result $? "and each instant a row"
says 1 'three columns' $accel train --data states.csv --pivot entity_id,state --label x --out w
result $? "--pivot wants three columns"

# ---- what predict does not need ----
awk 'BEGIN { print "t,l,y"; for (i = 0; i < 60; i++) printf "%.1f,%d,%s\n", 20 + 3 * (i % 2) + i % 7 / 10, 100 + 300 * (i % 2) + i % 9, i % 2 ? "on" : "off" }' >lamp.csv
$accel train --data lamp.csv --label y --epochs 60 --out lamp >log 2>&1
printf 'x,l,t,y\nu,400,23,never\nu,100,20,\nu,abc,23,on\nu,,,off\nu,"401","23"\n' >ask.csv
out=$($accel predict lamp --input ask.csv 2>&1 | cut -f1 | tr '\n' ' ')
[ "$out" = "accel: ask.csv:6:3: 3 fields, where those before have 4 " ]
result $? "a torn row is an error with its place" "$out"
sed -i '$d' ask.csv
out=$($accel predict lamp --input ask.csv 2>&1 | cut -f1 | tr '\n' ' ')
[ "$out" = "on off ? ? " ]
result $? "labels are not read, other columns do not matter, a line says what cannot be answered" "$out"

# ---- other files ----
printf 'PK\3\4rest' >z.npz
says 1 '.npz.*unzip' $accel train --data z.npz --out w &&
	{ printf 'PAR1\0\0' >p.parquet; says 1 'Parquet, which is not read' $accel train --data p.parquet --out w; } &&
	{ echo '[{"a": 1}]' >j.json; says 1 'JSON, which is not read' $accel train --data j.json --out w; }
result $? "npz, Parquet and JSON: what to do is said"
gzip -c lamp.csv >lamp.csv.gz && $accel eval lamp --data lamp.csv.gz --json >log 2>&1 &&
	head -c 60 lamp.csv.gz >cut.csv.gz && says 1 'cut.csv.gz: damaged or cut off' $accel eval lamp --data cut.csv.gz
result $? "gzip is read, and what is cut off of it refused" "$(cat log)"
# numpy on Python 2 wrote shapes of longs
npy() { # FILE TYPE SHAPE BYTES
	local h="{'descr': '$2', 'fortran_order': False, 'shape': $3, }"
	printf '\x93NUMPY\x01\x00\x76\x00%-117s\n' "$h" >"$1"
	# shellcheck disable=SC2059
	printf "$4" >>"$1"
}
npy x.npy '<f4' '(4L, 1L)' '\0\0\0\0\0\0\200\077\0\0\0\0\0\0\200\077'
npy y.npy '|u1' '(4L,)' '\0\1\0\1'
$accel train --data x.npy --label y.npy --epochs 1 --out np >log 2>&1 && gzip -k x.npy &&
	$accel predict np --input x.npy.gz >log 2>&1 && [ "$(wc -l <log)" = 4 ]
result $? ".npy of Python 2 is read, packed, too" "$(cat log)"
says 1 'did not learn from one' $accel predict np --input lamp.csv &&
	says 1 'did not learn from one' $accel eval np --data lamp.csv
result $? "a model of arrays does not guess what a table is"

echo "1..$n"
