# SPDX-License-Identifier: BSD-2-Clause
# bash completion of cella. The options and their values come from `cella help --completion`: the binary's own table.
_cella()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} cella=${COMP_WORDS[0]}
	local table kind names word rest

	COMPREPLY=()
	if [ "$COMP_CWORD" -eq 1 ]; then
		mapfile -t COMPREPLY < <(compgen -W "run get doctor help version" -- "$cur")
		return
	fi
	case ${COMP_WORDS[1]} in
	get)
		mapfile -t COMPREPLY < <(compgen -W "$("$cella" get 2>/dev/null | cut -d' ' -f1)" -- "$cur")
		return ;;
	help)
		mapfile -t COMPREPLY < <(compgen -W "run get doctor help version" -- "$cur")
		return ;;
	run) ;;
	*) return ;;
	esac

	table=$("$cella" help --completion 2>/dev/null)
	kind='' names=''
	while read -r word rest; do
		names="$names $word"
		case " $word ${rest% *} " in *" $prev "*) kind=${rest##* } ;; esac
	done <<<"$table"
	case $kind in
	file)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return ;;
	value) return ;;
	'' | flag) ;;
	*)
		mapfile -t COMPREPLY < <(compgen -W "${kind//|/ }" -- "$cur")
		return ;;
	esac
	case $cur in
	-*) mapfile -t COMPREPLY < <(compgen -W "$names" -- "$cur") ;;
	*)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -W "$("$cella" get 2>/dev/null | cut -d' ' -f1)" -- "$cur"; compgen -f -- "$cur") ;;
	esac
}
complete -F _cella cella
