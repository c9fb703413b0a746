#!/bin/busybox sh
# SPDX-License-Identifier: ISC
# The whole life of the guest: loads the adapters' drivers, runs the station as /story says, hands everything
# out by its second serial line as base64, and ends. Results go out by the third while they happen.
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mkdir -p /tmp /out
set -o pipefail

say() { echo "guest: $(cut -d' ' -f1 /proc/uptime) $*"; }

while read -r module; do
	insmod "/modules/$module.ko" || say "insmod $module failed"
done </modules/order
stty -F /dev/ttyS1 raw
stty -F /dev/ttyS2 raw
say "modules loaded"

# The adapters appear when the kernel has asked them who they are.
waited=0
while [ "$(ls -d /sys/class/tty/ttyUSB* 2>/dev/null | wc -l)" -lt "$(cat /wanted)" ] && [ $waited -lt 300 ]; do
	usleep 100000
	waited=$((waited + 1))
done
say "adapters: $(ls -d /sys/class/tty/ttyUSB* 2>/dev/null | wc -l)"

# run NAME OPTION...: one run of the station; its events, its messages and its exit code.
run() {
	name=$1
	shift
	say "run $name begins"
	gapseal-line run --home /home/line1 --json --timeout 60 "$@" 2>"/out/$name.err" </dev/null |
		tee /dev/ttyS2 >"/out/$name.json"
	echo $? >"/out/$name.code"
	say "run $name ends with $(cat "/out/$name.code")"
}
. /story

gapseal-line export --home /home/line1 --out /out/log >/out/export.txt 2>&1 || say "export failed"
tar -c -C / out | base64 >/dev/ttyS1
say "handed out"
reboot -f
