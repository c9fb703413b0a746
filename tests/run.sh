#!/bin/sh
# SPDX-License-Identifier: ISC
# Installs what is missing, builds, and runs every test. Exit 0 only if all of them passed.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
. "$top/cmd/setup.sh"

test_packages="minisign age jq openssl python3 binutils strace libcmocka-dev libjansson-dev
qemu-system-x86 busybox-static mosquitto mosquitto-clients"
# shellcheck disable=SC2086
install_packages $build_packages $test_packages

build=${GAPSEAL_BUILD:-$top/build}
build_tree "$top" "$build" -DGAPSEAL_WERROR=ON -DGAPSEAL_TESTS=ON
build_tree "$top" "$build-sanitized" -DGAPSEAL_WERROR=ON -DGAPSEAL_TESTS=ON -DGAPSEAL_SANITIZE=ON -DCMAKE_BUILD_TYPE=Debug

summary=$(mktemp -d)
trap 'rm -rf "$summary"' EXIT
status=0
ctest --test-dir "$build" --output-on-failure -j "$(nproc)" -O "$summary/plain" || status=1
# Unit tests once more under the sanitizers: the same sources, memory and undefined behaviour watched; and the fuzzers.
ctest --test-dir "$build-sanitized" --output-on-failure -j "$(nproc)" -L 'unit|fuzz' -O "$summary/sanitized" || status=1

passed=$(grep -hE '^ *[0-9]+/[0-9]+ Test .*Passed' "$summary/plain" "$summary/sanitized" | wc -l)
failed=$(grep -hE '^ *[0-9]+/[0-9]+ Test .*(Failed|Timeout|Not Run|Exception)' "$summary/plain" "$summary/sanitized" | wc -l)
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ] && exit $status
exit 1
