# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Completion for plumblined(8).

_plumblined() {
	local word=${COMP_WORDS[COMP_CWORD]}

	if [[ $word == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W '--config --check-config --foreground --pins --version' -- "$word")
	else
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
	fi
}
complete -o filenames -F _plumblined plumblined
