#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# usage: sudo packaging/quickstart          build, start, make drift, show it at the collector
#        sudo packaging/quickstart stop     end what it started, remove what it made outside build/
#
# Runs Plumbline on this machine as in production (same programs, users and privileges) with keys
# that are thrown away. Nothing leaves the machine: the collector listens on 127.0.0.1.
#
# What it makes outside build/: the folders STATE, RUN and OPT below, and system users where they are
# missing. The programs run from a copy in OPT, as installed ones would: in a tree that is in the
# baseline, and within reach of Plumbline's users, which a checkout in somebody's home is not.
set -Eeuo pipefail

SOURCE=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
BUILD=$SOURCE/build
WORK=$BUILD/quickstart # keys, logs, baseline, report: for you to look at
STATE=/var/lib/plumbline-qship
RUN=/run/plumbline-qship
LOCK=/run/plumbline-qship.lock # empty; held while this script works
OPT=/opt/plumbline-qship # below a tree of the default baseline
SCRATCH=$OPT/line3
AGENT_CONFIG=$STATE/etc/plumbline.conf
COLLECTOR_CONFIG=$STATE/etc/collector.conf
AGENT=$(uname -n)
BIN=$OPT/bin
DATA=$OPT/share
STEPS=12
step=0
step_name=start
step_log=

say() {
	printf '%s\n' "$*"
}

elapsed() {
	printf '%d:%02d' $((SECONDS / 60)) $((SECONDS % 60))
}

# begin NAME LOG: the next step; LOG is what to show when it fails.
begin() {
	step=$((step + 1))
	step_name=$1
	step_log=${2:-}
	printf '[%2d/%d] %s  %s\n' "$step" "$STEPS" "$(elapsed)" "$step_name"
}

note() {
	printf '               %s\n' "$*"
}

# In a subshell nothing: its caller fails too.
on_error() {
	[ $BASHPID != $$ ] || fail "line $2: $3 ended with $1"
}

fail() {
	trap - ERR
	{
		if [ -n "$step_log" ] && [ -s "$step_log" ]; then
			say "--- end of $step_log"
			tail -n 25 "$step_log"
			say "---"
		fi
		say "quickstart: step $step ($step_name) failed: $*"
		say "logs are in $WORK; end the rest with: packaging/quickstart stop"
	} >&2
	end_started || true
	exit 1
}
trap 'on_error $? $LINENO "$BASH_COMMAND"' ERR
trap 'fail "interrupted"' INT TERM HUP

# "PID START-TIME" names a process for ever on this boot; a reused pid does not match.
identity() {
	local stat
	stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
	stat=${stat##*) }
	# shellcheck disable=SC2086 # split on purpose: the start time is the 20th field after the name
	set -- "$1" $stat
	[ "$2" != Z ] || return 1
	echo "$1 ${21}"
}

is_running() {
	[ "$(identity "${1% *}")" = "$1" ]
}

# end_process "PID START-TIME" SECONDS
end_process() {
	local pid=${1% *} i
	is_running "$1" || return 0
	kill -TERM "$pid" 2>/dev/null || return 0
	for ((i = 0; i < $2 * 10; i++)); do
		is_running "$1" || return 0
		sleep 0.1
	done
	kill -KILL "$pid" 2>/dev/null || true
}

# The agent's children end when their supervisor does; those that do not are named and ended too.
end_started() {
	local name pid start child
	local -a children=()
	[ -f "$STATE/started" ] || return 0
	while read -r name pid start; do
		for child in /proc/[0-9]*; do
			child=${child#/proc/}
			if [ "$(parent_of "$child")" = "$pid" ] && is_running "$pid $start"; then
				children+=("$(identity "$child")")
			fi
		done
		end_process "$pid $start" 10
		note "ended $name ($pid)"
	done < <(tac "$STATE/started")
	for child in "${children[@]}"; do
		[ -z "$child" ] || end_process "$child" 5
	done
	rm -f "$STATE/started"
}

parent_of() {
	local stat
	stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
	stat=${stat##*) }
	# shellcheck disable=SC2086 # split on purpose
	set -- $stat
	echo "$2"
}

# start NAME COMMAND...: in the background with its output in $WORK/NAME.log, noted for `stop`.
start() {
	local name=$1
	shift
	: >"$WORK/$name.log"
	setsid "$@" >>"$WORK/$name.log" 2>&1 </dev/null 9>&- &
	started=$(identity $!) || fail "$name did not start"
	printf '%s %s\n' "$name" "$started" >>"$STATE/started"
}

# wait_for SECONDS WHAT COMMAND...: until the command succeeds; fails when the last started program ends.
wait_for() {
	local deadline=$((SECONDS + $1)) what=$2
	shift 2
	until "$@" >/dev/null 2>&1; do
		is_running "$started" || fail "the program ended before $what"
		[ $SECONDS -lt $deadline ] || fail "waited in vain for $what"
		sleep 0.2
	done
}

# json EXPRESSION: standard input is JSON (a list, or objects one a line) as `data`; prints what is not None.
json() {
	/usr/bin/python3 -c '
import json, sys
text = sys.stdin.read().strip()
data = json.loads(text) if text[:1] == "[" else [json.loads(l) for l in text.splitlines()]
value = eval(sys.argv[1])
if value is not None:
    print(value)
' "$@"
}

stop() {
	local kind name
	end_started
	if [ -f "$STATE/made" ]; then
		while read -r kind name; do
			case $kind in
			user) userdel "$name" 2>/dev/null || true ;;
			group) groupdel "$name" 2>/dev/null || true ;;
			esac
		done < <(tac "$STATE/made")
	fi
	rm -rf "$STATE" "$RUN" "$OPT"
}

install_packages() {
	local log=$WORK/packages.log
	"$SOURCE/packaging/install-packages" build >"$log" 2>&1 || fail "a package could not be installed"
	note "$(tail -n 1 "$log")"
}

build_programs() {
	local log=$WORK/build.log
	if [ ! -f "$BUILD/build.ninja" ]; then
		meson setup "$BUILD" "$SOURCE" >"$log" 2>&1 || fail "meson refuses this source tree"
	fi
	ninja -C "$BUILD" >>"$log" 2>&1 || fail "it does not compile"
	note "$("$BUILD/plumbline" version) in $BUILD"
	mkdir -p "$BIN"
	find "$BUILD" -maxdepth 1 -type f -perm -u+x -name 'plumbline*' -exec install -t "$BIN" {} +
	cp -r "$SOURCE/baselines" "$DATA"
	chmod -R a+rX "$OPT"
	note "copied to $BIN: the baseline will approve these"
}

make_keys() {
	rm -rf "$WORK/pki"
	"$SOURCE/packaging/throwaway-pki" "$WORK/pki" "$AGENT" >"$WORK/pki.log" 2>&1 ||
		fail "openssl could not make the keys"
	note "CA, collector, agent and approver certificates in $WORK/pki, good for two days"
}

make_users() {
	mkdir -p "$STATE" "$RUN" "$STATE/etc"
	chmod 0755 "$STATE" "$RUN" "$STATE/etc"
	"$SOURCE/packaging/create-users" >"$STATE/made" 2>"$WORK/users.log" ||
		fail "the system users could not be made"
	note "made $(grep -c '^user' "$STATE/made" || true) users; 'stop' removes those"
}

start_collector() {
	local store=$STATE/collector
	install -d -m 0750 -o plumbline-collector -g plumbline-collector "$store"
	install -m 0644 "$WORK"/pki/{ca,collector,agent,approver-ca}.pem "$STATE/etc"
	install -m 0600 "$WORK/pki/agent.key" "$STATE/etc"
	install -m 0600 -o plumbline-collector -g plumbline-collector "$WORK/pki/collector.key" "$STATE/etc"
	port=$(/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	cat >"$COLLECTOR_CONFIG" <<END
[listen]
address = 127.0.0.1:$port

[tls]
ca = $STATE/etc/ca.pem
certificate = $STATE/etc/collector.pem
key = $STATE/etc/collector.key

[store]
path = $store

[report]
data_dir = $DATA
END
	start collector "$BIN/plumbline-collector" serve --config "$COLLECTOR_CONFIG"
	wait_for 20 "the collector listened on port $port" \
		grep -q "$(printf ':%04X 00000000:0000 0A' "$port")" /proc/net/tcp
	note "https://127.0.0.1:$port, mutual TLS 1.3, SQLite store in $store, user plumbline-collector"
}

# Before the baseline, so that it is approved.
make_scratch() {
	mkdir -p "$SCRATCH"
	cp /bin/true "$SCRATCH/pump-control"
	printf 'pressure_limit_bar = 6.0\n' >"$SCRATCH/pump.conf"
	printf 'line 3, batch recipe\n' >"$SCRATCH/recipe.txt"
	chmod 0755 "$SCRATCH" "$SCRATCH/pump-control"
	chmod 0644 "$SCRATCH/pump.conf" "$SCRATCH/recipe.txt"
	note "$SCRATCH: a program, its settings and a recipe"
}

take_baseline() {
	local line
	rm -f "$WORK/machine.plb"
	"$BIN/plumbline" baseline create --name "$AGENT" --progress -o "$WORK/machine.plb" 2>&1 |
		tee "$WORK/baseline.log" | show_progress || fail "the baseline could not be taken"
	tr '\r' '\n' <"$WORK/baseline.log" | grep -v -e '^hashing' -e '^$' | head -n 2 | while IFS= read -r line; do
		note "$line"
	done
	"$BIN/plumbline" baseline sign "$WORK/machine.plb" --key "$WORK/pki/approver.key" \
		--cert "$WORK/pki/approver.pem" --role approver --name 'Trial Approver' \
		--meaning 'approved for this trial' >>"$WORK/baseline.log" 2>&1 ||
		fail "the baseline could not be signed"
	note "$(du -h "$WORK/machine.plb" | cut -f1) in $WORK/machine.plb, signed by one approver"
}

# Shows a line every five seconds of what it reads; all of it is in the log.
show_progress() {
	local line last=$SECONDS
	stdbuf -oL tr '\r' '\n' | while IFS= read -r line; do
		if [ -n "$line" ] && [ $((SECONDS - last)) -ge 5 ]; then
			note "$line"
			last=$SECONDS
		fi
	done
}

start_agent() {
	cat >"$AGENT_CONFIG" <<END
[agent]
name = $AGENT
state_dir = $STATE/agent
run_dir = $RUN
data_dir = $DATA
libexec_dir = $BIN

[baseline]
approver_ca = $STATE/etc/approver-ca.pem

[collector]
url = https://127.0.0.1:$port
ca = $STATE/etc/ca.pem
certificate = $STATE/etc/agent.pem
key = $STATE/etc/agent.key
END
	start agent "$BIN/plumblined" --config "$AGENT_CONFIG"
	wait_for 30 "the agent answered" read_status
}

# Reads the agent's status into $WORK/status.json; its exit status 1 is an answer too: not covered yet, or
# findings are open.
read_status() {
	local result=0
	"$BIN/plumbline" status --config "$AGENT_CONFIG" --json >"$WORK/status.json" 2>"$WORK/status.err" || result=$?
	[ $result -le 1 ] && [ -s "$WORK/status.json" ]
}

status_field() {
	json "data[0].get('$1')" <"$WORK/status.json"
}

wait_covered() {
	local deadline=$((SECONDS + 200)) phase last='' told=$SECONDS
	"$BIN/plumbline" baseline load "$WORK/machine.plb" --config "$AGENT_CONFIG" >"$WORK/load.log" 2>&1 || {
		cat "$WORK/load.log" >&2
		fail "the agent refused the baseline"
	}
	while :; do
		phase=
		if read_status; then
			phase=$(status_field phase)
		fi
		[ "$phase" != covered ] || break
		if [ "$phase" != "$last" ] || [ $((SECONDS - told)) -ge 20 ]; then
			note "$(elapsed) ${phase:-no answer}"
			last=$phase
			told=$SECONDS
		fi
		is_running "$started" || fail "the agent ended"
		[ $SECONDS -lt $deadline ] || fail "the agent is not covered after 200 s but ${phase:-silent}: $(cat "$WORK/status.err")"
		sleep 0.5
	done
	rung=$(status_field rung)
	note "$(elapsed) covered on rung '$rung'"
	if [ "$rung" = scan ]; then
		note "this machine lets Plumbline only scan: it does not see who, nor programs that run and go"
		note "$(status_field rung_reason)"
	fi
}

make_drift() {
	expected=()
	cp /bin/true "$SCRATCH/unapproved"
	printf 'unapproved %s\n' "$RANDOM$RANDOM" >>"$SCRATCH/unapproved"
	"$SCRATCH/unapproved"
	if [ "$rung" != scan ]; then
		expected+=("software.unknown $SCRATCH/unapproved")
	else
		expected+=("software.added $SCRATCH/unapproved")
	fi
	note "ran an unapproved program:                      unapproved"

	/usr/bin/python3 - "$SCRATCH/pump-control" <<-'END'
	import os, sys
	before = os.stat(sys.argv[1])
	with open(sys.argv[1], "ab") as f:
	    f.write(b"!")
	os.utime(sys.argv[1], ns=(before.st_atime_ns, before.st_mtime_ns))
	END
	expected+=("software.modified $SCRATCH/pump-control")
	note "modified an approved program, put its mtime back: pump-control"

	printf 'nobody approved this\n' >"$SCRATCH/added.txt"
	expected+=("data.added $SCRATCH/added.txt")
	note "added a file:                                   added.txt"

	chmod 0666 "$SCRATCH/pump.conf"
	expected+=("data.attributes $SCRATCH/pump.conf")
	note "opened an approved file to all writers:         pump.conf"

	if [ "$rung" = scan ]; then
		"$BIN/plumbline" rescan --config "$AGENT_CONFIG" >"$WORK/rescan.log" 2>&1 ||
			fail "the agent refused to scan"
		note "asked for a scan"
	fi
}

collector_findings() {
	"$BIN/plumbline-collector" findings --config "$COLLECTOR_CONFIG" --json 2>"$WORK/findings.err"
}

# Prints findings as they arrive, until all that were expected are there.
show_findings() {
	local deadline=$((SECONDS + 60)) missing
	: >"$WORK/shown"
	while :; do
		collector_findings >"$WORK/findings.json" ||
			fail "the collector does not tell its findings: $(tail -n 1 "$WORK/findings.err")"
		missing=$(/usr/bin/python3 "$SOURCE/packaging/show-findings" "$WORK/findings.json" \
			"$WORK/shown" "$SCRATCH" "${expected[@]}" 3>&1 >&2) || fail "the collector's findings are not JSON"
		[ -n "$missing" ] || break
		is_running "$started" || fail "the agent ended"
		[ $SECONDS -lt $deadline ] || fail "not at the collector after 60 s: ${missing//$'\n'/, }"
		sleep 0.5
	done
	count=$(json 'len(data)' <"$WORK/findings.json")
	hardening=$(json 'sum(f["kind"].startswith("hardening.") for f in data)' <"$WORK/findings.json")
	note "$count findings in all: ${#expected[@]} of this drift, $hardening failed hardening checks, and what else this machine does"
}

write_report() {
	rm -f "$WORK/report.html"
	"$BIN/plumbline-collector" report --config "$COLLECTOR_CONFIG" --format html -o "$WORK/report.html" \
		2>"$WORK/report.err" || fail "no report: $(tail -n 1 "$WORK/report.err")"
	note "$(wc -c <"$WORK/report.html") bytes, one file that needs nothing else"
}

main() {
	if [ "$(id -u)" != 0 ]; then
		say "quickstart: run it as root: sudo packaging/quickstart" >&2
		exit 1
	fi
	if [ $# -gt 1 ] || [ "${1:-stop}" != stop ]; then
		say "usage: sudo packaging/quickstart [stop]" >&2
		exit 2
	fi
	exec 9>"$LOCK"
	if ! flock -n 9; then
		say "quickstart: another one is at work on this machine" >&2
		exit 1
	fi
	if [ "${1:-}" = stop ]; then
		stop
		rm -f "$LOCK"
		say "quickstart: stopped; $WORK is yours to look at or remove"
		exit 0
	fi

	mkdir -p "$WORK"
	if [ -e "$STATE" ]; then
		say "ending the run before this one"
		stop
	fi

	begin "install what the build needs" "$WORK/packages.log"
	install_packages
	begin "build" "$WORK/build.log"
	build_programs
	begin "make keys and certificates to throw away" "$WORK/pki.log"
	make_keys
	begin "make system users" "$WORK/users.log"
	make_users
	begin "start the collector" "$WORK/collector.log"
	start_collector
	begin "make a scratch folder in a monitored tree"
	make_scratch
	begin "take and sign a baseline of this machine" "$WORK/baseline.log"
	take_baseline
	begin "start the agent" "$WORK/agent.log"
	start_agent
	begin "load the baseline, wait until the agent covers this machine" "$WORK/agent.log"
	wait_covered
	begin "make drift"
	make_drift
	begin "findings as they reach the collector" "$WORK/agent.log"
	show_findings
	begin "write the report" "$WORK/collector.log"
	write_report

	say
	say "The agent goes on. Look around:"
	say "  sudo $BIN/plumbline status --config $AGENT_CONFIG"
	say "  sudo $BIN/plumbline watch --config $AGENT_CONFIG      then change a file below /opt"
	say "  sudo $BIN/plumbline-collector findings --config $COLLECTOR_CONFIG"
	say "and end it with: sudo packaging/quickstart stop"
	say "quickstart: ok: $count findings reached the collector; report: $WORK/report.html"
}

main "$@"
