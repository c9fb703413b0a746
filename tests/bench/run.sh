#!/bin/sh
# SPDX-License-Identifier: ISC
# Figures, not tests: builds, measures, prints one JSON object a line. Usage: run.sh [compile|ingest|line ...] [--large]
# Close everything else first: the figures are those of the whole machine.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
. "$top/cmd/setup.sh"
# shellcheck disable=SC2086
install_packages $build_packages python3 >&2
build=${GAPSEAL_BUILD:-$top/build}
build_tree "$top" "$build" -DGAPSEAL_TESTS=OFF >&2
cc -O2 "$top/tests/bench/primitives.c" -o "$build/primitives" -lsodium -lcrypto -lpthread
exec python3 "$top/tests/bench/bench.py" "$build" "$@"
