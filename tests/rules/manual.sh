#!/bin/sh
# SPDX-License-Identifier: ISC
# The manual pages say what the programs say: the reasons of gapseal-line and its commands, the findings of gapseal-audit.
set -eu
rules=tests/rules
status=0
complain() {
	echo "rules: $*" >&2
	status=1
}

# same WHAT HAVE WANT: two texts that must be equal; shows the lines that are not.
same() {
	[ "$2" = "$3" ] && return
	complain "$1"
	have=$(mktemp)
	want=$(mktemp)
	printf '%s\n' "$2" >"$have"
	printf '%s\n' "$3" >"$want"
	diff "$have" "$want" | head -n 20 >&2 || true
	rm -f "$have" "$want"
}

have=$(sed -n '/^\.\\" REASONS BEGIN$/,/^\.\\" REASONS END$/p' cmd/gapseal-line.1 | sed '1d;$d')
want=$(awk -f "$rules/reasons.awk" src/line/reason.c)
rows=$(grep -c '^	{"[a-z0-9-]*", "[a-z]*", "[a-z-]*",$' src/line/reason.c)
listed=$(printf '%s\n' "$have" | grep -c '^\.It Cm ')
[ "$rows" -gt 50 ] || complain "the table in src/line/reason.c is not found"
[ "$rows" -eq "$listed" ] || complain "gapseal-line(1) lists $listed of $rows reasons"
same "the reasons of gapseal-line(1) are not those of src/line/reason.c; awk -f $rules/reasons.awk prints them" "$have" "$want"

want=$(sed -n 's/^	{"\([a-z]*\)", .*, line_[a-z]*},$/\1/p' cmd/gapseal-line.c | sort)
have=$(sed -n 's/^\.It Ic \([a-z]*\) .*/\1/p' cmd/gapseal-line.1 | sort)
same "the commands of gapseal-line(1) are not those of cmd/gapseal-line.c" "$have" "$want"

want=$(sed -n 's/.*{"\([a-z0-9-]*\)", AUDIT_\([A-Z]*\),.*/\1 \2/p' src/audit/rules.c | tr 'A-Z' 'a-z' | sort -u)
have=$(sed -n 's/^\.It Cm \([a-z0-9-]*\) Pq \(error\|warning\)$/\1 \2/p' cmd/gapseal-audit.1 | sort -u)
[ "$(printf '%s\n' "$want" | wc -l)" -gt 30 ] || complain "the table in src/audit/rules.c is not found"
same "the findings of gapseal-audit(1) are not those of src/audit/rules.c" "$have" "$want"
exit $status
