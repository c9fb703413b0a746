#!/bin/sh
# SPDX-License-Identifier: ISC
# The whole job once, on this machine: office, stations, two batches, stand-in modems, audit, and four refusals.
# Everything happens in a temporary folder that is removed at the end (GAPSEAL_DEMO_KEEP=1 keeps it).
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
. "$top/cmd/setup.sh"
# shellcheck disable=SC2086
install_packages $build_packages
build=${GAPSEAL_BUILD:-$top/build}
build_tree "$top" "$build" -DGAPSEAL_TESTS=OFF

work=$(mktemp -d)
modems=""
finish() {
	for pid in $modems; do kill "$pid" 2>/dev/null || true; done
	[ -n "${GAPSEAL_DEMO_KEEP:-}" ] && echo "kept: $work" || rm -rf "$work"
}
trap finish EXIT
cd "$work"
PATH="$build:$PATH"
example="$top/manifests/example"

chapter() { printf '\n== %s\n' "$*"; }
show() { printf '$ %s\n' "$(printf '%s' "$*" | sed "s|$top/||g")"; }
run() { show "$@"; "$@"; }
# refused CODE COMMAND...: the command must end with that exit code.
refused() {
	want=$1
	shift
	show "$@"
	got=0
	"$@" || got=$?
	if [ "$got" -ne "$want" ]; then
		echo "demo: that should have ended with exit $want, not $got" >&2
		exit 1
	fi
	echo "(exit $got, as it should)"
}

imeis() { sed -n '2,$p' "$1" | cut -d, -f"$2" | tr -d '"\r' | head -n "$3"; }
# modem NAME IMEI: a stand-in modem behind the pty ports/NAME, ready when this returns.
modem() {
	mkfifo "ready.$1"
	gapseal-sim modem --imei "$2" --link "$work/ports/$1" --state "$work/ports/$1.store" --nvm-ms 5 >"ready.$1" &
	modems="$modems $!"
	read -r line <"ready.$1"
	rm "ready.$1"
	: "$line"
}
# imei_column FILE: which column of the CSV is the IMEI.
imei_column() { head -n 1 "$1" | tr -d '\r\357\273\277' | tr ',' '\n' | grep -n -i '^"\{0,1\}imei"\{0,1\}$' | cut -d: -f1; }

chapter "Office: its own key, three officers, a CA for device certificates"
run gapseal keygen office --out office --no-passphrase
for officer in anna ben carla; do run gapseal keygen officer "$officer" --out officers --no-passphrase; done
run gapseal ca new --out ca --subject "O=Example,CN=Example Device CA" --days 10950 --no-passphrase

chapter "Contract manufacturer: two stations enrol and send their cards"
run gapseal-line enroll --home line1 --org acme --name line1
run gapseal-line enroll --home line2 --org acme --name line2

chapter "Office: who may sign what, signed by two of three"
run gapseal trust new --org acme --officer officers/anna.pub --officer officers/ben.pub --officer officers/carla.pub \
	--batch-threshold 2 --grant-threshold 1 --trust-threshold 2 \
	--station line1/line1.station --station line2/line2.station --out trust.json
run gapseal sign trust.json --key officers/anna.key --yes
run gapseal sign trust.json --key officers/ben.key --yes
run gapseal trust show trust.json
pin=$(sha256sum trust.json | cut -d' ' -f1)

chapter "Office: one batch of pre-shared keys, one of certificates"
run gapseal lint --profile "$example/psk.conf" --csv "$example/devices.csv"
run gapseal compile --office office --trust trust.json --pin "$pin" --profile "$example/psk.conf" --csv "$example/devices.csv" \
	--id psk-1 --out psk-1 --no-escrow
run gapseal compile --office office --trust trust.json --profile "$example/x509.conf" --csv "$example/devices-x509.csv" \
	--id x509-1 --out x509-1 --ca ca --no-escrow
run gapseal sign psk-1 x509-1 --key officers/anna.key --yes
cp -r psk-1 psk-1-one-signature
run gapseal sign psk-1 x509-1 --key officers/carla.key --yes
run gapseal grant --office office --trust trust.json --batch psk-1 --station line1 --all-lots --days 30 --out grant-psk
run gapseal grant --office office --trust trust.json --batch x509-1 --station line1 --all-lots --days 30 --out grant-x509
run gapseal sign grant-psk grant-x509 --key officers/ben.key --yes

chapter "Office: the medium for line1, and the slip that goes another way"
run gapseal pack --office office --station line1 --batch psk-1 --batch x509-1 --grant grant-psk --grant grant-x509 --out stick

chapter "Station line1: pin the trust file, take everything from the medium"
run gapseal-line trust --home line1 trust.json --pin "$pin"
run gapseal-line ingest --home line1 stick

chapter "Station line1: six stand-in modems, three of each batch"
mkdir ports
n=0
ports=""
for imei in $(imeis "$example/devices.csv" "$(imei_column "$example/devices.csv")" 3) \
	$(imeis "$example/devices-x509.csv" "$(imei_column "$example/devices-x509.csv")" 3); do
	n=$((n + 1))
	modem "bench$n" "$imei"
	ports="$ports --port bench$n=$work/ports/bench$n"
done
# shellcheck disable=SC2086
run gapseal-line run --home line1 $ports --once --timeout 30 --operator maria
run gapseal-line status --home line1
run gapseal-line export --home line1 --out log-line1

chapter "Auditor: no secret anywhere"
run gapseal-audit verify --trust trust.json --pin "$pin" --batch psk-1 --batch x509-1 --grant grant-psk --grant grant-x509 --log log-line1
run gapseal-audit reconcile --trust trust.json --batch psk-1 --batch x509-1 --grant grant-psk --grant grant-x509 --log log-line1

chapter "Refused: one byte of the records changed"
cp -r psk-1 psk-1-changed
printf 'X' | dd of=psk-1-changed/records-000.bin bs=1 seek=300 conv=notrunc status=none
run gapseal-line trust --home line2 trust.json --pin "$pin"
refused 1 gapseal-line ingest --home line2 psk-1-changed

chapter "Refused: only one officer's signature"
refused 1 gapseal-line ingest --home line2 psk-1-one-signature

chapter "Refused: a grant for another station"
refused 1 gapseal-line ingest --home line2 psk-1 grant-psk

chapter "Refused: a device that is in no batch"
modem stranger 352656100367872
refused 1 gapseal-line run --home line1 --port "bench9=$work/ports/stranger" --once --timeout 30
printf '\nThe whole job was played; the audit accepts, the four refusals were refused.\n'
