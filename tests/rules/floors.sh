#!/bin/sh
# SPDX-License-Identifier: ISC
# A module includes only lower floors: floors.txt says which folder a header belongs to and which folders a folder may use.
# Third-party headers stand only in the files wraps.txt names.
set -eu
rules=tests/rules
status=0
complain() {
	echo "rules: $*" >&2
	status=1
}

floor_of() { awk -v header="$1" '$1 == "header" && $2 == header { print $3 }' "$rules/floors.txt"; }
may_use() { awk -v folder="$1" -v other="$2" '$1 == "uses" && $2 == folder { for (i = 3; i <= NF; i++) if ($i == other) found = 1 } END { exit !found }' "$rules/floors.txt"; }

for header in include/gapseal/*.h; do
	name=$(basename "$header" .h)
	floor=$(floor_of "$name")
	if [ -z "$floor" ]; then
		complain "$header stands on no floor; add it to floors.txt"
		continue
	fi
	for used in $(sed -n 's|^#include "gapseal/\(.*\)\.h"|\1|p' "$header"); do
		other=$(floor_of "$used")
		may_use "$floor" "${other:-nowhere}" || complain "$header ($floor) includes $used.h (${other:-no floor})"
	done
done
for file in src/*/*.c src/*/*.h; do
	[ -e "$file" ] || continue
	floor=$(basename "$(dirname "$file")")
	for used in $(sed -n 's|^#include "gapseal/\(.*\)\.h"|\1|p' "$file"); do
		other=$(floor_of "$used")
		may_use "$floor" "${other:-nowhere}" || complain "$file includes $used.h (${other:-no floor})"
	done
done

for file in src/*/*.c src/*/*.h cmd/*.c cmd/*.h; do
	for used in $(sed -n 's|^#include <\(.*\)>|\1|p' "$file"); do
		case "$used" in
		sodium.h | openssl/* | csv.h | libserialport.h | jansson.h | confuse.h | sqlite3.h | cbor.h | seccomp.h)
			grep -qx "$used $file" "$rules/wraps.txt" || complain "$file includes <$used>, which wraps.txt does not allow"
			;;
		esac
	done
done
while read -r used file; do
	grep -q "^#include <$used>" "$file" 2>/dev/null || complain "wraps.txt names $file for <$used>, which does not include it"
done <"$rules/wraps.txt"
exit $status
