#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# test.sh - install what the tests need, and run all of them.
#
# Three builds (gcc release; clang with address and undefined sanitizers; the
# ucontext fibers) run the same suites, a fourth with the memory sanitizer the
# units of what parses the client's bytes; then come the gates of tools/check.
# The last line is the sum: "N passed, N failed".  Single suites are run with
# `meson test -C build/release --suite dialog`.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")"
. tools/packages.sh
. tools/build.sh

[ $# = 0 ] || {
	echo "usage: ./test.sh" >&2
	exit 2
}

# shellcheck disable=SC2086 # lists of names
packages_need $PACKAGES_BUILD $PACKAGES_RUN $PACKAGES_TEST
# shellcheck disable=SC2086 # a list of names
packages_unpack build/unpacked $PACKAGES_UNPACKED

# Most tests wait most of their time.
processes=$((2 * $(nproc)))

results=build/results
rm -rf "$results"
mkdir -p "$results"

# run_build NAME TIMEOUT-FACTOR TEST-OPTION... -- SETUP-OPTION...
# TEST_ONLY, a pattern for grep -E, restricts it to tests of such names.
run_build() {
	local name=$1 factor=$2 options=()
	shift 2
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	if ! build_tree "$name" "$@"; then
		echo "build failed" >"$results/$name.failed"
		return 0
	fi
	echo "testing build/$name"
	if [ -n "${TEST_ONLY-}" ]; then
		mapfile -t -O "${#options[@]}" options < <(
			meson test -C "build/$name" --list 2>/dev/null |
				sed 's/.* //' | grep -E "$TEST_ONLY")
	fi
	rm -f "build/$name/meson-logs/testlog.json"
	meson test -C "build/$name" --no-rebuild --print-errorlogs \
		--timeout-multiplier "$factor" --num-processes "$processes" \
		${options[@]+"${options[@]}"} || true
	if [ -f "build/$name/meson-logs/testlog.json" ]; then
		cp "build/$name/meson-logs/testlog.json" "$results/$name.json"
		cp "build/$name/meson-info/intro-tests.json" \
			"$results/$name.tests"
	else
		echo "no results" >"$results/$name.failed"
	fi
}

run_build release 2 -- -Dbuildtype=release
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
CC=clang CXX=clang++ run_build asan 5 --no-suite release-only -- \
	-Db_sanitize=address,undefined -Db_lundef=false \
	-Dbuildtype=debugoptimized -Dfuzzers=true
run_build ucontext 3 --no-suite release-only -- \
	-Dfiber_backend=ucontext -Dbuildtype=debugoptimized
# What is not built with it (libraries, libuv) it would take for not
# initialized, so it sees these folders alone (tests/unit/foreign.c stands
# between them and OpenSSL, libidn2).
CC=clang BUILD_ONLY='^tests/unit/(base|smtp)/test_[a-z0-9_]*$' \
	TEST_ONLY='^(base|smtp)-' \
	run_build msan 5 -- \
	-Db_sanitize=memory -Db_lundef=false -Dbuildtype=debugoptimized

tools/check --full 2>&1 | tee "$results/gates.txt" || true

exec /usr/bin/python3 tools/test-summary "$results"
