# SPDX-License-Identifier: MIT
# The controller's benchmark; see tests/bench/control.sh.
. "$top/tests/vm/guest/lib.sh"
modules_up || exit 1
export OPENBLAS_NUM_THREADS=1
tb=$build/tbctl B=$build/bench/control T=/run
EDGES=400

# latency NAME: edges on line 17, and what line 23 did; microseconds
latency() {
	"$tb" recorder ol 17 23
	"$tb" square 17 7000000 $EDGES
	sleep 0.5
	"$tb" record | awk '$2 == "level" && $3 == 17 { t = $1; waits = 1 }
		$2 == "output" && $3 == 23 && waits { printf "%.3f\n", ($1 - t) * 1e6; waits = 0 }' |
		sort -n >$T/late
	awk -v name="$1" '{ v[NR] = $1 }
		END { printf "%-44s %4d edges, median %8.1f us, p99 %8.1f us\n", name, NR,
			v[int((NR + 1) / 2)], v[int(NR * 0.99 + 0.5)] }' $T/late
}
# control RULES...: a file whose rules these are
control() {
	cat <<-END
	every: 10 ms
	sensors:
	  switch: button:GPIO17,debounce=0
	models:
	  present: {file: $B/model.safetensors, class: "1", every: 1 ms, inputs: {pressed: pressed}}
	outputs:
	  fan: {line: GPIO23, safe: off, deadline: 1 s}
	rules:
	END
	printf -- '- when: %s\n  then: fan on\n' "$1"
}
# until the controller drives its output
running() {
	local i
	for ((i = 0; i < 400; i++)); do
		[ "$("$tb" output 23)" = in ] || return 0
		sleep 0.05
	done
	return 1
}
cpu_ns() { cat /proc/"$1"/task/*/schedstat | awk '{ n += $1 } END { printf "%d\n", n }'; }

bench() {
	local pid a b
	"$tb" reset
	"$tb" drive 17 1
	"$B/peer" /dev/gpiochip"$("$tb" gpiochip | tr -dc 0-9)" 17 23 >/dev/null 2>&1 &
	pid=$!
	running; latency "by hand on libgpiod $(cat "$B/gpiod")"
	kill $pid; wait $pid 2>/dev/null

	control 'pressed > 0.5' | sed '/^models/,/^  present/d' >$T/rule.yaml
	"$build/accel" run $T/rule.yaml --log >$T/log 2>&1 &
	pid=$!
	running; latency "accel run, through a rule"
	a=$(cpu_ns $pid); sleep 10; b=$(cpu_ns $pid)
	echo "accel run, 100 times a second: $(((b - a) / 100000))e-5 of a CPU"
	kill $pid; wait $pid

	control 'present > 0.5' >$T/model.yaml
	"$build/accel" run $T/model.yaml --log --device cpu >$T/log 2>&1 &
	pid=$!
	running; sleep 1; latency "accel run, through a model and a rule"
	kill $pid; wait $pid
	grep -v 'output fan' $T/log | sed 's/^/# /'
}
suite control bench
