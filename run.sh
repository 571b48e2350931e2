#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# run.sh - install what is missing, build a release, start hookline.
#
# Everything but --build goes to `hookline serve`.  Without --config it runs
# the sample configuration in config/; without --state it keeps its state and
# the mail in var/.  As root, what the processes without privileges must
# reach is given to their user, or copied to where that user can reach it.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")"
. tools/packages.sh
. tools/build.sh

usage() {
	cat <<-'TEXT'
	usage: ./run.sh [--build] [--config DIR] [--listen LINE]... [OPTION]...

	Installs the packages that hookline needs, builds build/release, and
	starts it in the foreground; Ctrl-C stops it.

	  --build         install and build only
	  --config DIR    configuration directory (default: the sample, config/)
	  --listen LINE   as in config/listen, e.g. 127.0.0.1:2525; may repeat
	  --state DIR     where state and mail go (default: var/)
	  OPTION          any other option of `hookline serve`
	TEXT
}

die() {
	echo "run.sh: $*" >&2
	exit 1
}

# ---- the command line ----------------------------------------------------

build_only=no config='' state='' user='' listen=() rest=()
caller=${OLDPWD:-$PWD}
absolute() {
	case $1 in
	/*) printf '%s\n' "$1" ;;
	*) printf '%s\n' "$caller/$1" ;;
	esac
}
while [ $# -gt 0 ]; do
	case $1 in
	--config=* | --listen=* | --state=* | --user=*)
		option=${1%%=*} value=${1#*=}
		;;
	--config | --listen | --state | --user)
		[ $# -gt 1 ] || die "$1 needs a value"
		option=$1 value=$2
		shift
		;;
	*) option=$1 value='' ;;
	esac
	shift
	case $option in
	--build) build_only=yes ;;
	--config) config=$(absolute "$value") ;;
	--state) state=$(absolute "$value") ;;
	--user) user=$value ;;
	--listen) listen+=("$value") ;;
	-h | --help) usage && exit 0 ;;
	*) rest+=("$option") ;;
	esac
done
[ -z "$config" ] || [ -d "$config" ] || die "no such directory: $config"

# ---- install and build ---------------------------------------------------

# shellcheck disable=SC2086 # lists of names
packages_need $PACKAGES_BUILD $PACKAGES_RUN
build_tree release
ln -sfn build/release/hookline hookline
[ "$build_only" = no ] || exit 0

# ---- what the run user can reach -----------------------------------------

# The first word of a control file, as hookline reads it.
control() {
	[ ! -f "$1" ] || sed -n '/^[ \t]*#/d; s/^[ \t]*\([^ \t]\{1,\}\).*/\1/p' \
		"$1" | head -n 1
}

as_user() {
	setpriv --reuid "$user" --regid "$(id -g "$user")" --clear-groups -- \
		"$@" >/dev/null 2>&1
}

# Copies program, plugins and configuration to $1, and has var/ there.
move_to() {
	local base=$1
	mkdir -p "$base/build/release/plugins" && chmod 755 "$base" || return 1
	install -m 755 build/release/hookline "$base/build/release/" || return 1
	copy_plugins "$base" || return 1
	rm -rf "$base/config"
	cp -R "$config" "$base/config" || return 1
	chmod -R a+rX "$base/config" "$base/build" || return 1
	as_user "$base/build/release/hookline" version || return 1
	program=$base/build/release/hookline
	config=$base/config
	[ -n "$state_given" ] || state=$base/var
}

copy_plugins() {
	local file
	find build/release/plugins -name '*.so' -type f |
		while IFS= read -r file; do
			install -D -m 755 "$file" "$1/$file" || return 1
		done
	rm -rf "$1/build/release/perl"
	cp -R build/release/perl "$1/build/release/perl"
}

program=$PWD/build/release/hookline
state_given=$state
config=${config:-$PWD/config}
state=${state:-$PWD/var}
if [ "$(id -u)" = 0 ]; then
	user=${user:-$(control "$config/user")}
	user=${user:-nobody}
	id "$user" >/dev/null 2>&1 || die "no such user: $user"
	mkdir -p "$state"
	if [ "$user" != root ] && ! { as_user "$program" version &&
		as_user test -x build/release/plugins &&
		as_user test -r "$config" -a -x "$config" &&
		as_user test -x "$state"; }; then
		echo "$user cannot enter $PWD: running from a copy"
		[ -n "$state_given" ] || rmdir "$state" 2>/dev/null || true
		sum=$(printf %s "$PWD" | cksum | cut -d' ' -f1)
		move_to "/var/lib/hookline-$sum" ||
			move_to "$(mktemp -d /var/tmp/hookline-XXXXXX)" ||
			move_to "$(mktemp -d /run/hookline-XXXXXX)" ||
			move_to "$(mktemp -d /tmp/hookline-XXXXXX)" ||
			die "no place that $user can run a program from"
		echo "program: $program"
	fi
	mkdir -p "$state"
	[ "$(stat -c %U "$state")" = "$user" ] || chown -hR "$user:" "$state"
	rest+=(--user "$user")
else
	[ -z "$user" ] || rest+=(--user "$user")
	mkdir -p "$state"
fi

# ---- say where, and start ------------------------------------------------

if [ ${#listen[@]} = 0 ] && [ ! -f "$config/listen" ]; then
	listen=(127.0.0.1:2525)
fi
lines=$(if [ ${#listen[@]} = 0 ]; then
	sed '/^[ \t]*#/d; /^[ \t]*$/d' "$config/listen"
else
	printf '%s\n' "${listen[@]}"
fi)
first=${lines%%[[:space:]]*}
domain=$(control "$config/rcpthosts")
[ -n "$domain" ] || domain=$(control "$config/me")
domain=${domain:-example.com}
case $first in
unix:*) where="--socket ${first#unix:}" ;;
*)
	host=${first%:*} port=${first##*:}
	host=${host#[} host=${host%]}
	case $host in 0.0.0.0 | '' | '*') host=127.0.0.1 ;; ::) host=::1 ;; esac
	where="--server $host --port $port"
	;;
esac
maildir=$(sed -n 's/^[ \t]*queue\/maildir[ \t]\{1,\}\([^ \t]*\).*/\1/p' \
	"$config/plugins" 2>/dev/null | head -n 1)
case $maildir in
'') maildir="as $config/plugins says" ;;
/*) ;;
*) maildir=$state/$maildir ;;
esac
echo "listening on: $(printf %s "$lines" | tr '\n' ' ')"
echo "mail for $domain goes to: $maildir"
echo "configuration: $config   state: $state"
echo "try: swaks $where --from me@example.org --to you@$domain"
arguments=(--config "$config" --state "$state")
for line in ${listen[@]+"${listen[@]}"}; do
	arguments+=(--listen "$line")
done
exec "$program" serve "${arguments[@]}" ${rest[@]+"${rest[@]}"}
