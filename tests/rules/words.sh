#!/bin/sh
# SPDX-License-Identifier: ISC
# Small rules on text: British spelling of the commonest words, no loose ends, no long files, an SPDX line first.
set -eu
status=0
complain() {
	echo "rules: $*" >&2
	status=1
}
if grep -rnwiE 'color|behavior|initialize|initialized|serialize|serialized|recognize|recognized|unauthorized|catalog|canceled|organization|authorize|authorized|license' \
	--include='*.c' --include='*.h' src include cmd | grep -vE 'SPDX|color: #' >&2; then
	complain "American spelling"
fi
if grep -rnE '\b(TODO|FIXME|XXX|HACK)\b' src include cmd >&2; then
	complain "a loose end"
fi
if grep -rnE '\b(sleep|usleep|nanosleep)[[:space:]]*\(' src cmd --include='*.c' >&2; then
	complain "a sleep"
fi
for file in src/*/*.c src/*/*.h include/gapseal/*.h cmd/*.c cmd/*.h; do
	head -n 1 "$file" | grep -qE '^/\* SPDX-License-Identifier: ISC \*/$' || complain "$file has no SPDX line first"
	lines=$(wc -l <"$file")
	[ "$lines" -le 500 ] || complain "$file has $lines lines"
done
for entry in $(git ls-files 2>/dev/null | cut -d/ -f1 | sort -u); do
	case "$entry" in
	CMakeLists.txt | cmd | src | include | manifests | keys | tests | README.md | .*) ;;
	*) complain "the top level holds $entry" ;;
	esac
done
exit $status
