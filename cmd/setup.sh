#!/bin/sh
# SPDX-License-Identifier: ISC
# Installs the missing Debian packages given as arguments (none: those the build needs), as root or through sudo.
# Sourced by demo.sh and tests/run.sh; says one clear line where that is not possible.

build_packages="build-essential cmake pkg-config libsodium-dev libssl-dev libcsv-dev libserialport-dev
libconfuse-dev libsqlite3-dev"

missing_packages() {
	for package in "$@"; do
		dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || printf '%s ' "$package"
	done
}

install_packages() {
	if ! command -v dpkg-query >/dev/null 2>&1 || ! command -v apt-get >/dev/null 2>&1; then
		echo "gapseal: this is no Debian system; please install what these Debian 12 packages hold: $*" >&2
		return 2
	fi
	missing=$(missing_packages "$@")
	[ -n "$missing" ] || return 0
	sudo=""
	if [ "$(id -u)" -ne 0 ]; then
		if ! command -v sudo >/dev/null 2>&1; then
			echo "gapseal: neither root nor sudo; please have these installed: $missing" >&2
			return 2
		fi
		sudo=sudo
	fi
	echo "installing: $missing"
	log=$(mktemp) || return 2
	if ! { $sudo apt-get update -qq && $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing; } >"$log" 2>&1; then
		cat "$log" >&2
		rm -f "$log"
		echo "gapseal: apt-get could not install: $missing" >&2
		return 2
	fi
	rm -f "$log"
}

# build_tree SOURCE BUILD [cmake options]: configures and builds, quiet unless it fails.
build_tree() {
	source_folder=$1
	build_folder=$2
	shift 2
	log=$(mktemp) || return 2
	if ! { cmake -S "$source_folder" -B "$build_folder" "$@" && cmake --build "$build_folder" -j "$(nproc)"; } >"$log" 2>&1; then
		cat "$log" >&2
		rm -f "$log"
		echo "gapseal: the build failed" >&2
		return 2
	fi
	grep -i 'warning:' "$log" || true
	rm -f "$log"
}
