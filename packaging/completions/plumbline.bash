# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Completion for plumbline(1). Words are told here; what a program would answer is not asked.

_plumbline_options() {
	case $1 in
	'baseline create') echo --name --tree --layer --previous --revision --ticket --ignore --gone --host-program --host-ignore \
		--check-packages --packages --progress --output ;;
	'baseline sign') echo --key --cert --role --name --meaning --ticket --time ;;
	'baseline request-approval') echo --role --name --meaning --ticket --time --cert -o ;;
	'baseline attach') echo --content ;;
	'baseline verify') echo --ca --policy --json ;;
	'baseline show') echo --ca --unpackaged --differs --json ;;
	'baseline propose') echo --from --findings --findings-file --scan --tree --accept \
		--accept-all --reason --delta --output --ticket --packages --socket --config ;;
	'baseline diff') echo --files --json --html ;;
	'baseline explain') echo --json --config ;;
	'baseline export') echo --format --output ;;
	'baseline import') echo --format --name --prefix --tree --ignore --layer --previous \
		--revision --ticket --output ;;
	'baseline load') echo --socket --config ;;
	'baseline unload') echo --layer --socket --config ;;
	check) echo --profile --overlay --category --root --data --walk --json --config ;;
	'check lint') echo --data --config ;;
	controls) echo --framework --json --profile --overlay --category --data --config ;;
	data-dictionary) echo --json ;;
	doctor) echo --json --try --socket --config ;;
	status | watch) echo --json --socket --config ;;
	findings) echo --all --each --change-set --json --socket --config ;;
	coverage) echo --since --json --socket --config ;;
	report) echo --framework --level --scope --waivers --ca --format --output --since --input --socket --config ;;
	export) echo --since --output --socket --config ;;
	verify) echo --baseline --full --json --config ;;
	'waiver sign') echo --key --cert --name --role --meaning --time ;;
	'waiver show') echo --ca --json --config ;;
	'incident declare') echo --by --reason --at --socket --config ;;
	'incident report') echo --by --reference --at --socket --config ;;
	'incident close') echo --by --reason --socket --config ;;
	'incident list') echo --all --json --socket --config ;;
	import | rescan) echo --socket --config ;;
	esac
}

_plumbline() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
	local verb=${COMP_WORDS[1]:-} words=
	COMPREPLY=()

	if [ "$COMP_CWORD" -eq 1 ]; then
		words='baseline check controls coverage data-dictionary doctor export findings import incident report rescan status verify version waiver watch'
	elif [ "$verb" = baseline ] && [ "$COMP_CWORD" -eq 2 ]; then
		words='attach create diff explain export import load propose request-approval show sign unload verify'
	elif [ "$verb" = incident ] && [ "$COMP_CWORD" -eq 2 ]; then
		words='close declare list report'
	elif [ "$verb" = waiver ] && [ "$COMP_CWORD" -eq 2 ]; then
		words='show sign'
	elif [ "$verb" = check ] && [ "$COMP_CWORD" -eq 2 ] && [[ $word != -* ]]; then
		words=lint
	else
		case $verb\ ${COMP_WORDS[2]} in
		baseline\ * | incident\ * | waiver\ * | 'check lint') verb+=\ ${COMP_WORDS[2]} ;;
		esac
		case $before in
		--format)
			words='csv html json'
			[ "$verb" != report ] || words='csv hdf html json navigator oscal-ap oscal-ar oscal-poam text'
			[ "$verb" != 'baseline export' ] || words='cyclonedx csv json mtree'
			[ "$verb" != 'baseline import' ] || words='cyclonedx mtree sha256sum'
			;;
		--layer) words='host model site vendor' ;;
		--by | --reference | --at | --role | --name | --meaning | --ticket | --time | --reason | --accept | --since | --revision | --ignore) return ;;
		*) [[ $word != -* ]] || words=$(_plumbline_options "$verb") ;;
		esac
	fi
	if [ -n "$words" ]; then
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
	else
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
	fi
}
complete -o filenames -F _plumbline plumbline
