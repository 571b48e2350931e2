#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# qpsmtpd's sample list as a peer of an SMTP benchmark: about, start, stop,
# count.  run.py starts what it asks (SAMPLE_DNS, SAMPLE_SPAMD: ports).
# Modes: WHO-WHAT, where WHO is
#   hookline, prefork, forkserver
# and WHAT is
#   native    the lines of `plugins`, queue/maildir
#   policies  and those of `policies` before naughty: SPF, DKIM, DMARC, klez
#             (files of qpsmtpd in Perl hosts, where hookline runs them)
#   spamd     those of `plugins` and spamassassin before naughty
mode=${BENCH_MODE:-hookline-native}
who=${mode%-*} what=${mode##*-}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
program=${HOOKLINE:-$here/../../../build/release/hookline}
if [ -d "$BENCH_CACHE/qpsmtpd" ]; then
	home=$BENCH_CACHE/qpsmtpd bin=$home
else
	home=/usr/share/qpsmtpd bin=/usr/bin
fi

more() {
	case $what in
	policies) cat "$here/policies" ;;
	spamd) echo "spamassassin reject 12 spamd_socket 127.0.0.1:$SAMPLE_SPAMD" ;;
	esac
}

# What both servers read.
configure() {
	mkdir -p "$BENCH_DIR"/{config,spool,mail,run,state,bin}
	chown nobody "$BENCH_DIR"/{spool,mail,run,state}
	chmod 700 "$BENCH_DIR/spool"
	cd "$BENCH_DIR/config" || exit 1
	echo mx.bench.test >me
	echo bench.test >rcpthosts
	echo "@spammer.test" >badmailfrom
	echo "nobody@bench.test" >badrcptto
	printf '%s\n' yahoo.com aol.com >badhelo
	echo "user@bench.test:secret" >flat_auth_pw
	chown nobody flat_auth_pw
	chmod 600 flat_auth_pw
	echo bl.test >dnsbl_zones
	echo rhs.test >rhsbl_zones
	echo 10000 >size_threshold
	{ grep -v '^naughty' "$here/plugins"
	more
	echo naughty
	echo "queue/maildir $BENCH_DIR/mail"; } >plugins
}

start_hookline() {
	cp "$program" "$BENCH_DIR/bin/hookline"
	cp -r "$(dirname "$program")"/{plugins,perl} "$BENCH_DIR/bin"
	chmod -R a+rX "$BENCH_DIR/bin"
	echo "$home/plugins" >plugin_dirs
	echo 127.0.0.1:"$BENCH_PORT" >listen
	echo 127.0.0.1:"$SAMPLE_DNS" >resolvers
	echo 0 >max_per_client
	echo $((BENCH_CONNECTIONS + 100)) >max_connections
	echo $((BENCH_CONNECTIONS + 10)) $((BENCH_CONNECTIONS + 10)) >perl_hosts
	ulimit -n "$(ulimit -Hn)"
	"$BENCH_DIR/bin/hookline" serve --config "$BENCH_DIR/config" \
		--state "$BENCH_DIR/state" --user nobody --workers 1 \
		>"$BENCH_DIR/log" 2>&1 &
	echo $! >"$BENCH_DIR/pid"
}

start_qpsmtpd() {
	echo "$home/plugins" >plugin_dirs
	echo "$BENCH_DIR/spool" >spool_dir
	echo 4 >loglevel
	echo "logging/warn 6" >logging
	export QPSMTPD_CONFIG=$BENCH_DIR/config
	# Its taint checks keep Net::DNS from a port in the environment.
	export RES_OPTIONS=port:$SAMPLE_DNS
	cd "$home" || exit 1
	case $who in
	forkserver) set -- --no-rdns --listen-address 127.0.0.1 \
		--port "$BENCH_PORT" --limit-connections $((BENCH_CONNECTIONS + 100)) \
		--max-from-ip $((BENCH_CONNECTIONS + 100)) ;;
	prefork) set -- --listen-address "127.0.0.1:$BENCH_PORT" \
		--port "$BENCH_PORT" --children $((BENCH_CONNECTIONS + 50)) \
		--idle-children 50 --max-from-ip 0 ;;
	esac
	# It does not pass its own --no-rdns on.
	# shellcheck disable=SC2016 # of Perl
	sed 's/tcpenv($nto_laddr, $nto_iaddr)/tcpenv($nto_laddr, $nto_iaddr, 1)/' \
		"$bin/qpsmtpd-$who" >"$BENCH_DIR/qpsmtpd-$who"
	perl -T -I "$home/lib" -I "$here/../../diff/lib" -MLoopbackDns \
		"$BENCH_DIR/qpsmtpd-$who" "$@" --user nobody \
		--pid-file "$BENCH_DIR/run/pid" >"$BENCH_DIR/log" 2>&1 &
	echo $! >"$BENCH_DIR/pid"
}

case $1 in
about)
	echo "version=$who"
	echo "config=qpsmtpd's sample list ($what), queue/maildir; log info to a file"
	case $who in
	hookline) echo "durable=yes: fsync of file and directory before the 250" ;;
	*) echo "durable=no: maildir file written, never synced" ;;
	esac
	echo "w4=no"; echo "idle=" ;;
start)
	configure
	case $who in
	hookline) start_hookline ;;
	*) start_qpsmtpd ;;
	esac ;;
stop)
	kill "$(cat "$BENCH_DIR/pid")"; sleep 1 ;;
count)
	find "$BENCH_DIR/mail/new" -type f | wc -l ;;
esac
