#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# hookline as a peer of an SMTP benchmark: about, start, stop, count.
# Modes:
#   min      rcpt_ok + queue/discard, one worker
#   mx       a typical MX list, as far as its plugins exist, queue/maildir
#   durable  rcpt_ok + queue/maildir: fsync before the 250
#   file     as min, every body spooled
#   perl     qpsmtpd's own files of its peer's list `prefork-mx`, in Perl hosts
#   noop20   as min, with 20 plugins in front that do nothing on every hook
mode=${BENCH_MODE:-min}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
program=${HOOKLINE:-$here/build/release/hookline}

# Servers drop root: program and plugins must lie where nobody can read them.
stage() {
	mkdir -p "$BENCH_DIR/bin"
	cp "$program" "$BENCH_DIR/bin/hookline"
	cp -r "$(dirname "$program")/plugins" "$BENCH_DIR/bin/plugins"
	cp -r "$(dirname "$program")/perl" "$BENCH_DIR/bin/perl"
	chmod -R a+rX "$BENCH_DIR/bin"
}

# The plugin files of the peer (qpsmtpd.sh), with its arguments; a host for each
# session, as it has a process for each.
configure_perl() {
	local from=$BENCH_CACHE/qpsmtpd/plugins
	[ -d "$from" ] || from=/usr/share/qpsmtpd/plugins
	echo "$from" >plugin_dirs
	echo $((BENCH_CONNECTIONS + 10)) $((BENCH_CONNECTIONS + 10)) >perl_hosts
	printf '%s\n' yahoo.com aol.com >badhelo
	cat >plugins <<-EOT
		perl:hosts_allow
		perl:count_unrecognized_commands 4
		perl:noop_counter
		perl:relay
		perl:helo policy lenient
		perl:dont_require_anglebrackets
		perl:badmailfrom
		perl:badrcptto
		perl:rcpt_ok
		perl:headers reject 0 require From,Date future 2 past 15
		perl:bogus_bounce log
		perl:loop
		perl:queue/maildir $BENCH_DIR/mail
	EOT
}

configure() {
	mkdir -p "$BENCH_DIR"/{config,state,mail}
	chown nobody "$BENCH_DIR"/{state,mail}
	cd "$BENCH_DIR/config" || exit 1
	echo mx.bench.test >me
	echo bench.test >rcpthosts
	echo "@spammer.test" >badmailfrom
	echo "nobody@bench.test" >badrcptto
	echo 127.0.0.1:"$BENCH_PORT" >listen
	echo 0 >max_per_client
	echo $((BENCH_CONNECTIONS + 100)) >max_connections
	echo 0 >max_junk
	case $mode in
	durable) printf '%s\n' rcpt_ok "queue/maildir $BENCH_DIR/mail" >plugins ;;
	mx) cat >plugins <<-EOT ;;
		hosts_allow
		count_unrecognized_commands 4
		relay
		dont_require_anglebrackets
		badmailfrom
		badrcptto
		rcpt_ok
		loop
		queue/maildir $BENCH_DIR/mail
	EOT
	perl) configure_perl ;;
	file) printf '%s\n' rcpt_ok queue/discard >plugins
		echo 0 >size_threshold ;;
	noop20) cc -O2 -shared -fPIC -I"$here/include" \
			-o "$BENCH_DIR/bin/plugins/noop.so" "$here/tests/bench/noop.c"
		{ printf 'noop:%d\n' {1..20}
		printf '%s\n' rcpt_ok queue/discard; } >plugins ;;
	*) printf '%s\n' rcpt_ok queue/discard >plugins ;;
	esac
}

case $1 in
about)
	[ -x "$program" ] || { echo "build it first: ./run.sh --build" >&2; exit 1; }
	echo "version=$("$program" version | head -n 1)"
	case $mode in
	durable) echo "config=rcpt_ok + queue/maildir; log info to a file"
		echo "durable=yes: fsync of file and directory before the 250"
		echo "w4=yes"; echo "idle=" ;;
	mx) echo "config=9 plugins of the mx list, queue/maildir; log info to a file"
		echo "durable=yes: fsync of file and directory before the 250"
		echo "w4=yes"; echo "idle=1000" ;;
	perl) echo "config=13 Perl files of qpsmtpd in hosts; log info to a file"
		echo "durable=no: maildir file written, never synced"
		echo "w4=no"; echo "idle=200" ;;
	*) echo "config=$mode: rcpt_ok + queue/discard; log info to a file"
		echo "durable=no: nothing is kept"; echo "w4=no"
		echo "idle=1000 10000" ;;
	esac ;;
start)
	stage
	configure
	ulimit -n "$(ulimit -Hn)"
	"$BENCH_DIR/bin/hookline" serve --config "$BENCH_DIR/config" \
		--state "$BENCH_DIR/state" --user nobody --workers 1 \
		>"$BENCH_DIR/log" 2>&1 &
	echo $! >"$BENCH_DIR/pid" ;;
stop)
	kill "$(cat "$BENCH_DIR/pid")"; sleep 1 ;;
count)
	grep -c ' event=accept ' "$BENCH_DIR/log" ;;
esac
