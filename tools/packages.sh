# SPDX-License-Identifier: MIT
# packages.sh - which Debian packages hookline needs, and how to get them.
# shellcheck shell=bash disable=SC2034
#
# Sourced by run.sh and test.sh.  packages_need LIST... installs those of the
# named packages that are missing, as root or through sudo.  No service of a
# package is started while we install: what needs a daemon starts its own.

# Building a release and running it.  swaks is what run.sh tells you to try.
PACKAGES_BUILD="gcc libc6-dev pkg-config meson ninja-build python3
	libuv1-dev libboost-context-dev libc-ares-dev libsqlite3-dev
	libpcre2-dev libcdb-dev libcrypt-dev libssl-dev libidn2-dev
	libsystemd-dev libargon2-dev libldap-dev libseccomp-dev
	libmaxminddb-dev libcurl4-openssl-dev"
# Perl plugins need Mail::Header, Net::DNS and IO::FDPass.
PACKAGES_RUN="swaks perl libmailtools-perl libnet-dns-perl libio-fdpass-perl
	libdigest-hmac-perl"

# What cannot be installed, because Postfix is; tests take it from the place
# where it was unpacked.  And what that needs.
PACKAGES_UNPACKED="exim4-daemon-light"
PACKAGES_UNPACKED_NEED="libdb5.3 libgnutls-dane0 libnsl2 libnss-wrapper"

# Debian's qpsmtpd, and what its plugins use.
PACKAGES_QPSMTPD="qpsmtpd libmail-spf-perl libmail-dkim-perl libnet-ldap-perl
	libcdb-file-perl libwww-perl libmail-dmarc-perl libgeo-ip-perl
	libdbd-sqlite3-perl libio-socket-ssl-perl spamd clamav clamav-daemon
	cvm"

# What test.sh adds: test libraries, checkers, real clients.
PACKAGES_TEST="libcmocka-dev python3-pytest g++ clang clang-tidy
	clang-format libclang-rt-14-dev llvm cppcheck mandoc shellcheck procps
	curl dovecot-imapd dovecot-lmtpd gsasl haproxy msmtp netcat-openbsd
	nginx-light nsd openssl p0f postfix sasl2-bin slapd sqlite3 strace
	systemd testssl.sh unbound valgrind $PACKAGES_UNPACKED_NEED $PACKAGES_QPSMTPD"

packages_missing() {
	local name
	for name in "$@"; do
		[ "$(dpkg-query -W -f='${db:Status-Status}' "$name" \
			2>/dev/null)" = installed ] || printf '%s ' "$name"
	done
}

# Runs a command as root; says what is wrong where that is not possible.
packages_as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null 2>&1; then
		sudo "$@"
	else
		echo "cannot install packages: not root, and no sudo here;" \
			"as root: apt-get install $packages_wanted" >&2
		return 1
	fi
}

# The part that runs as root, in a shell of its own: a policy-rc.d that
# forbids starting services stands only while apt-get runs.
packages_root_script() {
	cat <<-'SCRIPT'
	set -eu
	export DEBIAN_FRONTEND=noninteractive LC_ALL=C
	policy=/usr/sbin/policy-rc.d
	if [ ! -e "$policy" ] && [ ! -L "$policy" ]; then
		trap 'rm -f "$policy"' EXIT
		trap 'exit 1' HUP INT TERM
		printf '#!/bin/sh\nexit 101\n' >"$policy"
		chmod 755 "$policy"
	fi
	for name in "$@"; do
		if [ "$name" = postfix ]; then
			echo "postfix postfix/main_mailer_type select" \
				"No configuration" | debconf-set-selections
		fi
	done
	install() {
		apt-get install -y -q --no-install-recommends \
			-o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 \
			-o Dpkg::Options::=--force-confold "$@"
	}
	# The lists may be missing, or so old that their files are gone.
	known() {
		for name in "$@"; do
			apt-cache policy "$name" |
				grep -q 'Candidate: [^(]' || return 1
		done
	}
	if known "$@" && install "$@"; then
		exit 0
	fi
	apt-get update -q
	install "$@"
	SCRIPT
}

# packages_need LIST...: 0 when all are there, else says why not.
packages_need() {
	local log status=0
	packages_wanted=$(packages_missing "$@")
	packages_wanted=${packages_wanted% }
	[ -n "$packages_wanted" ] || return 0
	if ! command -v apt-get >/dev/null 2>&1; then
		echo "missing packages: $packages_wanted" \
			"(no apt-get here: this script knows Debian only)" >&2
		return 1
	fi
	echo "installing: $packages_wanted"
	log=$(mktemp)
	# shellcheck disable=SC2086 # a list of names
	packages_as_root sh -c "$(packages_root_script)" sh $packages_wanted \
		>"$log" 2>&1 </dev/null || status=$?
	if [ "$status" != 0 ]; then
		tail -n 20 "$log" >&2
		echo "could not install: $packages_wanted" >&2
	fi
	rm -f "$log"
	return "$status"
}

# packages_unpack DIR NAME...: has the files of each in DIR/NAME, without bits
# for another user.  Says what could not be had; tests skip it then.
packages_unpack() {
	local dir=$1 name new
	shift
	for name in "$@"; do
		[ ! -d "$dir/$name" ] || continue
		echo "unpacking: $name"
		new=$dir/.$name.$$
		mkdir -p "$new"
		if (cd "$new" && apt-get download -q "$name" &&
			dpkg-deb -x "$name"_*.deb . && rm "$name"_*.deb) \
			>"$dir/$name.log" 2>&1; then
			chmod -R u-s,g-s "$new"
			mv "$new" "$dir/$name"
		else
			tail -n 3 "$dir/$name.log" >&2
			rm -r "$new"
		fi
	done
}
