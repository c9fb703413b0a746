#!/bin/sh
# SPDX-License-Identifier: ISC
# Every public header compiles alone as C17 and includes no third-party header; the one exception is none.
set -eu
status=0
for header in include/gapseal/*.h; do
	name=$(basename "$header")
	if ! printf '#include "gapseal/%s"\nint gapseal_header_compiles;\n' "$name" |
		cc -std=c17 -D_GNU_SOURCE -Wall -Wextra -Wpedantic -Werror -Iinclude -fsyntax-only -x c -; then
		echo "rules: $header does not compile alone" >&2
		status=1
	fi
	if grep -nE '#include *<(sodium|openssl|csv|libserialport|jansson|confuse|sqlite3|cbor|seccomp|cmocka)' "$header" >&2; then
		echo "rules: $header includes a third-party header" >&2
		status=1
	fi
done
exit $status
