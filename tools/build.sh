# SPDX-License-Identifier: MIT
# build.sh - the build directories of run.sh and test.sh.
# shellcheck shell=bash
#
# Sourced from the top of the tree.  build_tree DIR [MESON OPTIONS] configures
# build/DIR if that is still to do, or was done for a tree at another place or
# before the last package was installed (run.sh's build knows no test library),
# and builds it; prints one line, and the compiler's words if it fails.
# BUILD_ONLY, a pattern for grep -E, restricts that to some of the targets.

# Written whenever a package is installed.
BUILD_PACKAGES=/var/lib/dpkg/status

build_is_ours() {
	[ -f "build/$1/build.ninja" ] &&
		grep -qsF "\"source\": \"$PWD\"" \
			"build/$1/meson-info/meson-info.json"
}

build_configure() {
	local name=$1 log=build/$1.log
	shift
	meson setup "build/$name" "$@" >"$log" 2>&1 && return
	tail -n 30 "$log" >&2
	echo "could not configure build/$name" >&2
	return 1
}

build_tree() {
	local name=$1 log=build/$1.log targets=()
	shift
	echo "building build/$name"
	mkdir -p build
	if ! build_is_ours "$name"; then
		rm -rf "build/$name"
		build_configure "$name" "$@" || return 1
	elif [ "$BUILD_PACKAGES" -nt "build/$name/build.ninja" ]; then
		build_configure "$name" --reconfigure || return 1
	fi
	if [ -n "${BUILD_ONLY-}" ]; then
		mapfile -t targets < <(ninja -C "build/$name" -t targets all |
			sed -n 's/:.*//p' | grep -E "$BUILD_ONLY")
	fi
	if ! ninja -C "build/$name" ${targets[@]+"${targets[@]}"} \
		>"$log" 2>&1; then
		grep -v '^\[[0-9]*/[0-9]*\]' "$log" | tail -n 60 >&2
		echo "could not build build/$name (all of it: $log)" >&2
		return 1
	fi
}
