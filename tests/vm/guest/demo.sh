# SPDX-License-Identifier: MIT
# What the demo does inside the machine: a room is sensed, learned and heated, and
# its controller dies. One TAP line a step; lines behind "# " are for people.
. "$top/tests/vm/guest/lib.sh"
# shellcheck disable=SC2317 # called by suite
demo() {
	local A=$build/accel W=/run/demo n=0 out run said room i terminal
	export OPENBLAS_NUM_THREADS=1 LC_ALL=C.UTF-8
	mkdir -p $W && cd $W || return 1
	step() { # RC TEXT [DETAIL]
		n=$((n + 1))
		[ -z "${3:-}" ] || printf '%s\n' "$3" | sed 's/^/#   /'
		if [ "$1" = 0 ]; then echo "ok $n - $2"; return; fi
		tail -3 room.csv | sed 's/^/#   room: /'; cat room.err
		kill -0 "$room" || echo "#   the room is gone"
		echo "not ok $n - $2"; return 1
	}
	until_true() { # SECONDS COMMAND...
		local s=$1; shift
		for ((i = 0; i < s * 10; i++)); do "$@" && return 0; sleep 0.1; done
		return 1
	}
	says() { grep -q "$1" "$run"; }
	start() { "$A" run control.yaml --log >"$run" 2>&1 & controller=$!; }
	# the same on a terminal, and its last whole picture there
	start_dashboard() {
		mkfifo keys && exec 8<>keys
		script -qfc "stty cols 78 rows 24; echo \$\$ >pid; exec $A run control.yaml" "$run" <&8 >/dev/null 2>&1 &
		terminal=$!
	}
	picture() {
		perl -0777 -ne 's/\r//g; @f = split /\e\[\d+A/; $_ = $f[-2];
			s/\e\[[0-9;]*[A-Za-z]//g; s/\s+$//; print' "$run"
	}

	load gpio-sim && load testboard && load piaccel && [ -c /dev/piaccel ]
	step $? "insmod piaccel.ko" "$(uname -sr), $(uname -m)" || return
	said=$("$build/accelctl" info)
	step $? "accelctl info" "$said" || return

	mkfifo truth
	"$build/room" truth >room.csv 2>room.err & room=$!
	# the board has a DHT22, a motion sensor, a heater and a fan
	cat >sense.yaml <<-END
		every: 1 s
		sensors:
		  room: {spec: "dht22:GPIO4", every: 2 s, max_age: 10 s}
		  hall: pir:GPIO17
		outputs:
		  heater: {line: GPIO24, safe: off, deadline: 3 s}
		  fan: {line: GPIO23, safe: off, deadline: 3 s}
	END
	out=$("$A" record sense.yaml --out data.csv --label people --for 120 <truth 2>&1)
	step $? "accel record: two hours of the room, and who was there" \
		"$out$(echo; head -1 data.csv; tail -2 data.csv)" || return
	out=$("$A" train --data data.csv --label people \
		--columns room.temperature,room.humidity,hall.motion --arch dense:16:relu,dense:2 \
		--epochs 60 --batch 16 --lr 0.01 --device cpu --out people.safetensors 2>&1)
	step $? "accel train: are there people?" "$(tail -2 <<<"$out")" || return
	out=$("$A" eval people.safetensors --data data.csv --json 2>&1)
	[ "$(sed -n 's/.*"accuracy": 0\.\([0-9]\).*/\1/p; s/.*"accuracy": 1.*/9/p' <<<"$out")" -ge 8 ]
	step $? "it is right more than eight times in ten" "$out" || return

	cat sense.yaml - >control.yaml <<-END
		models:
		  people: {file: people.safetensors, class: "1", inputs: {room.temperature: temperature, room.humidity: humidity, hall.motion: motion}}
		rules:
		- when: people > 0.5 and temperature < 21 °C
		  until: temperature > 22 °C
		  then: heater on
		- when: humidity > 58 % with hysteresis 5 %
		  then: fan on
	END
	out=$("$A" run control.yaml --check 2>&1)
	step $? "accel run --check control.yaml" "$(sed -n '/^models/,$p' control.yaml; echo "$out")" || return
	run=$W/run1; start_dashboard
	until_true 90 drives 24 1 && until_true 10 says 'heater on'
	step $? "people come: the model sees them, the heater goes on (the dashboard, without its colours)" \
		"$(sleep 1; picture)" || return
	kill -KILL "$(cat pid)"; wait $terminal 2>/dev/null
	until_true 10 drives 24 0
	step $? "the controller is killed: the kernel drives the heater off" || return
	run=$W/run2; start
	until_true 90 drives 24 1
	step $? "started again, it takes the lines over and heats" "$(grep output "$run" | head -4)" || return
	kill -STOP $controller; until_true 10 drives 24 0
	step $? "the controller hangs: its deadline passes, the kernel drives the heater off" || return
	kill -CONT $controller; until_true 10 says 'TRIPPED: keep-alive missed'
	step $? "awake again, it finds the trip and leaves it so" "$(grep TRIPPED "$run")" || return
	kill -USR1 $controller; until_true 90 drives 24 1
	step $? "rearmed by hand, it heats" "$(grep -i rearm "$run")" || return
	sleep 30
	kill -TERM $controller; wait $controller
	step $? "asked to end, it leaves safe states" "$(tail -2 "$run")" || return
	drives 24 0; step $? "the heater is off" || return
	kill $room
	sed 's/^/#csv /' room.csv
	echo "1..$n"
}
suite demo demo
