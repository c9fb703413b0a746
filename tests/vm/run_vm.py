# SPDX-License-Identifier: ISC
"""A bench in a virtual machine: the real gapseal-line on a Debian kernel, with USB serial adapters that lead to
stand-in modems outside. It proves the way through libserialport and the names of bench positions, which a pty
cannot. Usage: run_vm.py BUILD. Exit 77, and a line that says why, where no such machine can be had."""
import base64
import io
import json
import os
import subprocess
import sys
import tarfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "cli"))
sys.path.insert(0, HERE)
import guest  # noqa: E402
import scene  # noqa: E402
from scene import expect  # noqa: E402

SECONDS_MAX = 400
# Where each adapter is plugged in, in the order the machine is given them: not the order of the places, so that
# the numbers of the devices say nothing about the places. The last two hang on a hub.
PLACES = ["3", "1", "4.2", "4.1"]
STORY = """
run first --auto --once
run again --auto --once
run named --ports-from /ports --once
run whole --port left=usb:1-3 --once
"""
PORTS = """# a bench by place
left   = usb:1-1        # the left fixture
middle = usb:1-3:1.0    baud 921600 flow rtscts
top = usb:1-4.1
low = usb:1-4.2
"""


def make_initrd(path, test, kernel):
    initrd = guest.Initrd()
    modules = kernel.modules("xhci-pci", "ftdi_sio")
    initrd.folder("dev")
    initrd.entry("dev/console", 0o020600, device=(5, 1))
    for folder in ("proc", "sys", "root"):
        initrd.folder(folder)
    initrd.program("bin/busybox", guest.tool("busybox"))
    initrd.copy("init", os.path.join(HERE, "init.sh"), 0o755)
    for name, data in modules:
        initrd.file("modules/%s.ko" % name, data, 0o644)
    initrd.file("modules/order", "".join(name + "\n" for name, _ in modules).encode())
    initrd.file("wanted", b"%d\n" % len(PLACES))
    initrd.file("story", STORY.encode())
    initrd.file("ports", PORTS.encode())
    initrd.program("bin/gapseal-line", os.path.join(scene.BUILD, "gapseal-line"))
    initrd.tree("home/line1", test.path("line1"))
    initrd.write(path)


def machine(test, kernel, initrd, modems):
    args = [guest.tool("qemu-system-x86_64"), "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
            "-machine", "pc", "-accel", "tcg", "-cpu", "max", "-m", "384", "-nic", "none",
            "-kernel", kernel.image, "-initrd", initrd,
            "-append", "console=ttyS0 quiet panic=-1 rdinit=/init mitigations=off",
            "-serial", "file:" + test.path("console"), "-serial", "file:" + test.path("handed"),
            "-device", "qemu-xhci,id=usb,p2=8,p3=8", "-device", "usb-hub,bus=usb.0,port=4"]
    for i, (place, modem) in enumerate(zip(PLACES, modems)):
        args += ["-chardev", "serial,id=line%d,path=%s" % (i, os.path.realpath(modem.link)),
                 "-device", "usb-serial,bus=usb.0,port=%s,chardev=line%d,serial=PORT%02d" % (place, i, i)]
    return args


def take_out(test):
    """Unpacks what the guest handed out."""
    expect(test.read("handed") != b"", "the guest ended before it handed anything out")
    packed = io.BytesIO(base64.b64decode(test.read("handed")))
    with tarfile.open(fileobj=packed) as tar:
        for member in tar.getmembers():
            expect(member.isfile() or member.isdir(), "the guest hands out plain files")
            expect(not member.name.startswith("/") and ".." not in member.name, "inside its folder")
        tar.extractall(test.folder)


def run_machine(test, kernel, modems):
    started = time.monotonic()
    initrd = test.path("initrd")
    make_initrd(initrd, test, kernel)
    made = time.monotonic()
    try:
        done = subprocess.run(machine(test, kernel, initrd, modems), stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=SECONDS_MAX)
        expect(done.returncode == 0, "qemu: " + done.stderr.decode("utf-8", "replace"))
        take_out(test)
    except Exception:
        sys.stdout.write(test.read("console").decode("utf-8", "replace")[-4000:])
        raise
    for line in test.read("console").decode("utf-8", "replace").splitlines():
        if line.startswith("guest: "):
            print(line.strip())
    print("initrd %.1f s, guest %.1f s" % (made - started, time.monotonic() - made))


def devices(test, name):
    """The results of a run by port, after its exit code was 0."""
    said = test.read("out", name + ".err").decode()
    lines = test.read("out", name + ".json").decode().splitlines()
    expect(test.read("out", name + ".code") == b"0\n", "%s: exit %r\n%s\n%s" % (name, test.read("out", name + ".code"), said,
                                                                              "\n".join(lines)))
    return {e["port"]: e for e in map(json.loads, lines) if e["event"] == "device"}


def vm_bench(test, kernel):
    numbers = [scene.imei(i) for i in range(len(PLACES))]
    test.make_org()
    test.make_batch("x509-1", scene.PROFILE_X509, numbers)
    test.ingest("x509-1", "grant-x509-1")
    modems = [test.modem(number, None, None, "--nvm-ms", "20") for number in numbers]
    run_machine(test, kernel, modems)

    found = {"usb-1-" + place: number for place, number in zip(PLACES, numbers)}
    first = devices(test, "first")
    expect({port: e["imei"] for port, e in first.items()} == found, "a position has its name: %r" % first)
    expect(all(e["result"] == "done" for e in first.values()), "all are done: %r" % first)
    print("longest dialogue %d ms" % max(e["ms"] for e in first.values()))
    again = devices(test, "again")
    expect({port: e["result"] for port, e in again.items()} == dict.fromkeys(found, "same"), "then all are same: %r" % again)
    named = devices(test, "named")
    expect({port: e["imei"] for port, e in named.items()} == {"left": numbers[1], "middle": numbers[0], "top": numbers[3],
                                                              "low": numbers[2]}, "places by name: %r" % named)
    whole = devices(test, "whole")
    expect(whole["left"]["imei"] == numbers[0], "a place without its interface: %r" % whole)

    for modem in modems:
        for kind in (0, 1, 2):
            expect(test.slot(modem, 16842753, kind) is not None, "the modem holds what was written")
    report = test.reconcile(["x509-1"], ["out/log"], "--complete")
    expect(report["verdict"] == "accept" and report["counts"]["done"] == len(PLACES), "the auditor accepts: %r" % report)


def main():
    try:
        guest.tool("qemu-system-x86_64")
        guest.tool("busybox")
        kernel = guest.find_kernel(os.path.join(scene.BUILD, "vm"))
        if kernel is None:
            raise guest.Missing("the kernel has no modules for USB serial adapters")
    except guest.Missing as missing:
        print("skipped: %s" % missing)
        sys.exit(77)

    def bench(test):
        vm_bench(test, kernel)

    scene.main(bench)


if __name__ == "__main__":
    main()
