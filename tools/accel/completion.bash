# SPDX-License-Identifier: MIT
# bash completion of accel: what its own help knows, and values of some options.

_accel()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
	local accel=${COMP_WORDS[0]} words="" help

	if [ "$COMP_CWORD" = 1 ]; then
		words=$("$accel" --help 2>/dev/null | awk '/^  / {print $1}')
		COMPREPLY=($(compgen -W "$words --help --version" -- "$cur"))
		return
	fi
	case $prev in
	--device) words="cpu vulkan" ;;
	--task) words="classify regress autoencode" ;;
	--optimizer) words="sgd rmsprop adam adamw" ;;
	--curve) words="loss accuracy" ;;
	--data | --input) words="digits sensors" ;;
	bench) words="matmul conv elementwise submit train" ;;
	esac
	if [[ $cur = -* ]]; then
		help=("${COMP_WORDS[1]}")
		[ "${COMP_WORDS[1]} ${COMP_WORDS[2]}" != "bench train" ] || help+=(train)
		words=$("$accel" "${help[@]}" --help 2>/dev/null |
			grep -oE '(^  |\[)--[a-z]+' | tr -d ' [')
		words+=" --help"
	fi
	# what is left to files is bash's own
	[ -z "$words" ] || COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _accel accel
