# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Completion for plumbline-collector(8). Words are told here; what a store would answer is not asked.

_plumbline_collector_options() {
	case $1 in
	serve | retire) echo --config ;;
	agents) echo --json --config ;;
	findings) echo --agent --each --change-set --json --follow --config ;;
	report) echo --format -o --agent --framework --level --scope --waivers --ca --config ;;
	'incident declare') echo --agent --by --reason --at --config ;;
	'incident report') echo --agent --by --reference --at --config ;;
	'incident close') echo --agent --by --reason --config ;;
	'incident list') echo --agent --all --json --config ;;
	import | receipt) echo -o --config ;;
	esac
}

_plumbline_collector() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
	local verb=${COMP_WORDS[1]:-} words=
	COMPREPLY=()

	if [ "$COMP_CWORD" -eq 1 ]; then
		words='agents findings import incident receipt report retire serve'
	elif [ "$verb" = incident ] && [ "$COMP_CWORD" -eq 2 ]; then
		words='close declare list report'
	else
		[ "$verb" != incident ] || verb="incident ${COMP_WORDS[2]}"
		case $before in
		--format) words='csv hdf html json navigator oscal-ap oscal-ar oscal-poam text' ;;
		--agent | --by | --reason | --reference | --at | --change-set | --framework | --level) return ;;
		*) [[ $word != -* ]] || words=$(_plumbline_collector_options "$verb") ;;
		esac
	fi
	if [ -n "$words" ]; then
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
	else
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
	fi
}
complete -o filenames -F _plumbline_collector plumbline-collector
