# SPDX-License-Identifier: MIT
# bash completion of accelctl: commands, their options, and lines of the header.

_accelctl()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
	local commands="info pinout get set toggle release pulse watch capture
		play relay sensor buf status doctor"
	local lines options="--help" i

	if [ "$COMP_CWORD" = 1 ]; then
		COMPREPLY=($(compgen -W "$commands --help --version" -- "$cur"))
		return
	fi
	for ((i = 0; i < 28; i++)); do lines+=" GPIO$i"; done
	case $prev in
	--pull) COMPREPLY=($(compgen -W "up down none" -- "$cur")); return ;;
	--edges) COMPREPLY=($(compgen -W "rising falling both" -- "$cur")); return ;;
	--safe) COMPREPLY=($(compgen -W "on off" -- "$cur")); return ;;
	-o | --out | --svg) COMPREPLY=($(compgen -f -- "$cur")); return ;;
	esac
	case ${COMP_WORDS[1]} in
	info | doctor) options+=" --json"; lines= ;;
	pinout) options+=" --svg --color --json"; lines= ;;
	get) options+=" --active-low --pull --json" ;;
	set) options+=" --active-low --open-drain --json" ;;
	toggle) options+=" --active-low --json" ;;
	release) options+=" --json" ;;
	pulse) options+=" --width --period --count --active-low --json" ;;
	watch) options+=" --edges --debounce --pull --active-low --count --for --json" ;;
	capture) options+=" --out --vcd --live --rate --period --for --window --pull --active-low --json" ;;
	play)
		options+=" --rate --period --count --active-low --json"
		[ "$COMP_CWORD" != 2 ] || lines=$(compgen -f -- "$cur") ;;
	relay) options+=" --safe --deadline --interlock --active-low --for --json" ;;
	sensor)
		options+=" --every --count --json"
		if [ "$COMP_CWORD" = 2 ]; then
			lines="list read watch"
		else
			lines="dht11: dht22: hcsr04: pulse: encoder: button: pir:
				$(accelctl sensor list 2>/dev/null | awk 'NF > 1 && $1 ~ /:/ {print $1}')"
		fi ;;
	buf) options+=" --contiguous --uncached --rounds --json"; lines="4K 1M 64M" ;;
	status) options+=" --lines --json"; lines= ;;
	esac
	case $cur in
	-*) COMPREPLY=($(compgen -W "$options" -- "$cur")) ;;
	*) COMPREPLY=($(compgen -W "$lines" -- "$cur")) ;;
	esac
}
complete -o default -F _accelctl accelctl
