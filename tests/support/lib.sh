# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Helpers for integration tests in bash. A test starts with
#
#	. "$(dirname "$0")/../support/lib.sh"
#
# and has then: $BUILD (the programs), $T (its own folder, gone at the end, readable by all), and the
# functions below. trial.py is the same for python; it also starts agents and collectors.
set -euo pipefail

export BUILD=${PLUMBLINE_BUILD:-$PWD/build}
T=$(mktemp -d "${TMPDIR:-/tmp}/plumbline-test.XXXXXX")
chmod 0755 "$T"
at_exit=()
started=()

# "PID START-TIME" names a process for ever on this boot; a reused pid does not match.
process_identity() {
	local stat
	stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
	stat=${stat##*) }
	# shellcheck disable=SC2086 # split on purpose: field 22 is the 20th after the name
	set -- "$1" $stat
	echo "$1 ${21}"
}

# end_process "PID START-TIME": asks, waits 5 s, then kills.
end_process() {
	local pid=${1% *} i
	[ "$(process_identity "$pid")" = "$1" ] || return 0
	kill "$pid" 2>/dev/null || return 0
	for ((i = 0; i < 100; i++)); do
		[ "$(process_identity "$pid")" = "$1" ] || return 0
		sleep 0.05
	done
	kill -KILL "$pid" 2>/dev/null || true
}

run_at_exit() {
	local status=$? i
	set +e
	for ((i = ${#started[@]} - 1; i >= 0; i--)); do
		end_process "${started[i]}"
	done
	for ((i = ${#at_exit[@]} - 1; i >= 0; i--)); do
		eval "${at_exit[i]}"
	done
	rm -rf "$T"
	exit $status
}
trap run_at_exit EXIT
trap 'exit 1' INT TERM

# at_exit COMMAND...: runs it at the end, last one first.
at_exit() {
	at_exit+=("$(printf '%q ' "$@")")
}

fail() {
	echo "FAILED: $*" >&2
	exit 1
}

skip() {
	echo "skip: $*"
	exit 77
}

need_root() {
	[ "$(id -u)" = 0 ] || skip "needs root"
}

need_program() {
	local program
	for program in "$@"; do
		command -v "$program" >/dev/null || skip "needs the program $program"
	done
}

# expect TEXT EXPECTED ACTUAL
expect() {
	[ "$2" = "$3" ] || fail "$1: expected '$2', got '$3'"
}

# expect_status STATUS COMMAND...: its output goes to $T/out and $T/err.
expect_status() {
	local wanted=$1 status=0
	shift
	"$@" >"$T/out" 2>"$T/err" </dev/null || status=$?
	if [ "$status" != "$wanted" ]; then
		tail -n 20 "$T/out" "$T/err" >&2
		fail "$*: expected exit status $wanted, got $status"
	fi
}

# wait_for SECONDS WHAT COMMAND...: until the command succeeds.
wait_for() {
	local deadline=$((SECONDS + $1)) what=$2
	shift 2
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $deadline ] || fail "waited in vain for $what"
		sleep 0.1
	done
}

# start NAME COMMAND...: in the background, output to $T/NAME.log, ended when the test ends. Sets $started_pid.
start() {
	local name=$1
	shift
	"$@" >>"$T/$name.log" 2>&1 </dev/null &
	started_pid=$!
	started+=("$(process_identity $started_pid)")
}

# A TCP port of 127.0.0.1 that is free now.
free_port() {
	python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# make_pki DIR AGENT: see packaging/throwaway-pki.
make_pki() {
	packaging/throwaway-pki "$1" "$2"
}
