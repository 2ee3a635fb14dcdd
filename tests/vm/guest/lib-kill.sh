# SPDX-License-Identifier: MIT
# kill_rounds N: N times a controller runs, at work, and is killed with SIGKILL;
# each time every relay must reach its safe state within its deadline. Prints TAP.
# Over lib.sh, with the modules loaded.

kill_rounds() {
	local A=$build/accel tb=$build/tbctl T i ok=0 tries=0 pid t deadline=3
	T=$(mktemp -d)
	mkfifo "$T/never"
	exec 9<>"$T/never"
	export OPENBLAS_NUM_THREADS=1
	cat >"$T/control.yaml" <<-END
		every: 50 ms
		sensors:
		  hall: button:GPIO17
		outputs:
		  fan: {line: GPIO23, safe: off, deadline: $deadline s}
		  pump: {line: GPIO24, safe: off, deadline: $deadline s, active: low}
		  alarm: {line: GPIO22, safe: on, deadline: $deadline s}
		rules:
		- {when: hall, then: fan on}
		- {when: hall, then: pump on}
		- {when: not hall, then: alarm on}
	END
	# "23 24 22" as the board sees them: at work 100, safe 011 (the pump is
	# active low)
	lines() { echo "$("$tb" output 23)$("$tb" output 24)$("$tb" output 22)"; }
	pause() { read -r -t "$1" <&9; } # without starting a program
	until_lines() {
		local i
		for ((i = 0; i < 300; i++)); do
			[ "$(lines)" != "$1" ] || return 0
			pause 0.05
		done
		return 1
	}
	at_work() {
		local i
		for ((i = 0; i < 600; i++)); do
			case $(<"$T/log") in *'pump on'*) break ;; esac
			pause 0.05
		done
		until_lines 100
	}
	"$tb" reset
	"$tb" drive 17 0
	echo "1..1"
	for ((i = 1; i <= $1; i++)); do
		"$A" run "$T/control.yaml" --log >"$T/log" 2>&1 &
		pid=$!
		if ! at_work; then
			# a starved machine: the deadline ran out, and it is safe
			echo "# it does not act: $(tail -1 "$T/log")"
			kill -KILL $pid; wait $pid 2>/dev/null
			i=$((i - 1)); tries=$((tries + 1))
			[ $tries -lt 10 ] || break
			continue
		fi
		"$tb" recorder o 22 23 24
		pause 0.0$((RANDOM % 90 + 10)) # anywhere in its period
		read -r t _ </proc/uptime
		kill -KILL $pid; wait $pid 2>/dev/null
		until_lines 011 && ok=$((ok + 1))
		"$tb" record | awk -v t="$t" 'END { printf "%.3f %d\n", ($1 - t) * 1000, NR }' >>"$T/times"
		echo "# round $i at $t s: $(lines), last relay after $(tail -1 "$T/times" | cut -d' ' -f1) ms"
	done
	sort -n "$T/times" | awk -v ok=$ok -v n="$1" -v ms=$((deadline * 1000)) '
		{ v[NR] = $1; few += $2 < 3 }
		END { printf "# %d of %d rounds safe; the last relay after median %.1f ms, at most %.1f ms (to 10 ms)\n",
			ok, n, v[int((NR + 1) / 2)], v[NR]
		print (ok == n && !few && v[NR] < ms ? "ok" : "not ok") \
			" 1 - " n " controllers killed: every relay safe within the deadline" }'
	"$build/accelctl" release GPIO22 GPIO23 GPIO24 >/dev/null
	"$tb" reset
	exec 9>&-
	rm -rf "$T"
}
