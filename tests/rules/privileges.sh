#!/bin/sh
# SPDX-License-Identifier: ISC
# What a program contains: its own symbols against a deny list, the library symbols it imports against an allow list, the libraries
# it needs against a list. Usage: privileges.sh BUILD
set -eu
build=$1
rules=tests/rules
status=0
complain() {
	echo "rules: $*" >&2
	status=1
}

# deny PROGRAM PATTERN: no function of our own whose name matches.
deny() {
	found=$(nm --defined-only "$build/$1" | awk '$2 ~ /^[A-Z]$/ { print $3 }' | grep -E "$2" || true)
	[ -z "$found" ] || complain "$1 contains $(echo "$found" | tr '\n' ' ')"
}
# contains PROGRAM NAME: proof that the deny lists look at something real.
contains() { nm --defined-only "$build/$1" | awk '{ print $3 }' | grep -qx "$2" || complain "$1 does not contain $2: is it stripped?"; }

deny gapseal '^(note_sign|signer_|log_append|logbook_|port_|at_|vault_|station_|provision_)'
deny gapseal-line '^(minisig_sign|officer_key|age_seal|age_scrypt|record_seal|contents_(begin|put|pad)|mint_|ca_|keys_(batch|lot|credentials|device|credential)|json_write|(manifest|grant|trust|activation)_(write|make)|x509_|roster_|profile_|ledger_|office_)$'
deny gapseal-line '^(age_sealer_|mint_|ca_|roster_|profile_|ledger_|office_|x509_)'
deny gapseal-audit '^(secret_|keys_|age_|record_open|record_seal|signer_|officer_|mint_|ca_|port_|at_|vault_|logbook_)'
deny gapseal-audit '_sign$'
deny gapseal-sim '^(secret_|keys_|age_|record_|trust_|manifest_|grant_|signer_|officer_|mint_|ca_|vault_|home_|office_|logbook_)'
contains gapseal minisig_sign
contains gapseal-line note_sign
contains gapseal-audit log_verify
contains gapseal-sim main

for program in gapseal gapseal-line gapseal-audit gapseal-sim; do
	imports=$(nm -D -u "$build/$program" | awk '{ print $NF }' | grep -v '@GLIBC' | sed 's/@.*//' |
		grep -vE '^(_ITM_|__gmon_start__|__cxa_finalize|__asan|__ubsan)' | sort -u)
	for symbol in $imports; do
		grep -qx "$symbol" "$rules/imports/$program.txt" || complain "$program imports $symbol, which imports/$program.txt does not allow"
	done
	needed=$(readelf -d "$build/$program" | sed -n 's/.*(NEEDED).*\[\(.*\)\.so.*/\1/p' | sort | tr '\n' ' ')
	allowed=$(sort "$rules/needed/$program.txt" | tr '\n' ' ')
	[ "$needed" = "$allowed" ] || complain "$program needs '$needed', not '$allowed'"
	readelf -d "$build/$program" | grep -q BIND_NOW || complain "$program is not linked with -z now"
done
exit $status
