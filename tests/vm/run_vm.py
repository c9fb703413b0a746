# SPDX-License-Identifier: ISC
"""A bench in a virtual machine: the real gapseal-line on a Debian kernel, with USB serial adapters that lead to
stand-in modems outside. It proves the way through libserialport and the names of bench positions, which a pty
cannot. Usage: run_vm.py BUILD. Exit 77, and a line that says why, where no such machine can be had."""
import base64
import io
import json
import os
import platform
import sys
import tarfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "cli"))
sys.path.insert(0, HERE)
import guest  # noqa: E402
import machine  # noqa: E402
import scene  # noqa: E402
from scene import expect  # noqa: E402

# Where each adapter is plugged in, in the order the machine is given them: not the order of the places, so that
# the numbers of the devices say nothing about the places. The last two hang on a hub.
PLACES = ["3", "1", "4.2", "4.1"]
STORY = """
run first --auto --once
run again --auto --once
run named --ports-from /ports --once
run whole --port left=usb:1-3 --once
run moved --auto --count 2
"""
PORTS = """# a bench by place
left   = usb:1-1        # the left fixture
middle = usb:1-3:1.0    baud 921600 flow rtscts
top = usb:1-4.1         flow xonxoff
low = usb:1-4.2
"""


def make_initrd(path, home, kernel):
    initrd = guest.Initrd()
    modules = kernel.modules("xhci-pci", "ftdi_sio")
    initrd.folder("dev")
    initrd.entry("dev/console", 0o020600, device=(5, 1))
    for folder in ("proc", "sys", "root"):
        initrd.folder(folder)
    initrd.program("bin/busybox", guest.tool("busybox"))
    initrd.copy("init", os.path.join(HERE, "init.sh"), 0o755)
    for name, data in modules:
        initrd.file("modules/%s.ko" % name, data)
    initrd.file("modules/order", "".join(name + "\n" for name, _ in modules).encode())
    initrd.file("wanted", b"%d\n" % len(PLACES))
    initrd.file("story", STORY.encode())
    initrd.file("ports", PORTS.encode())
    initrd.program("bin/gapseal-line", os.path.join(scene.BUILD, "gapseal-line"))
    initrd.tree("home/line1", home)
    initrd.write(path)


def take_out(test):
    """Unpacks what the guest handed out."""
    expect(test.read("handed") != b"", "the guest ended before it handed anything out")
    packed = io.BytesIO(base64.b64decode(test.read("handed")))
    with tarfile.open(fileobj=packed) as tar:
        for member in tar.getmembers():
            expect(member.isfile() or member.isdir(), "the guest hands out plain files")
            expect(not member.name.startswith("/") and ".." not in member.name, "inside its folder")
        tar.extractall(test.folder)


def wait_for_devices(bench, count):
    while count > 0:
        if bench.event()["event"] == "device":
            count -= 1


def move_modems(bench):
    """Every device is taken off the bench and put back at another position, the last position first."""
    for i in range(len(PLACES)):
        bench.plug_out("adapter%d" % i)
    for i in reversed(range(len(PLACES))):
        bench.plug_in("moved%d" % i, PLACES[i], "line%d" % ((i + 1) % len(PLACES)))


def run_machine(test, kernel, modems):
    initrd = test.path("initrd")
    make_initrd(initrd, test.path("line1"), kernel)
    bench = machine.Machine(test.folder, kernel, initrd)
    for i, modem in enumerate(modems):
        bench.add_line("line%d" % i, modem.link)
        bench.add_adapter("adapter%d" % i, PLACES[i], "line%d" % i)
    started = time.monotonic()
    try:
        bench.start()
        wait_for_devices(bench, 3 * len(PLACES) + 1)  # the first four runs
        wait_for_devices(bench, len(PLACES))
        move_modems(bench)
        bench.wait()
        take_out(test)
    finally:
        bench.stop()
        for name in ("console", "qemu"):
            if os.path.exists(test.path(name)):
                print(test.read(name).decode("utf-8", "replace").replace("\r", ""), end="")
    print("the machine ran %.1f s" % (time.monotonic() - started))


def devices(test, name):
    """The results of a run, after its exit code was 0."""
    code, said, lines = (test.read("out", name + kind).decode() for kind in (".code", ".err", ".json"))
    expect(code == "0\n", "%s: exit %s\n%s\n%s" % (name, code, said, lines))
    return [e for e in map(json.loads, lines.splitlines()) if e["event"] == "device"]


def at_places(results):
    return {e["port"]: e["imei"] for e in results}


def check_results(test, numbers):
    count = len(PLACES)
    bench = {"usb-1-" + place: number for place, number in zip(PLACES, numbers)}
    first = devices(test, "first")
    expect(at_places(first) == bench and len(first) == count, "a position has its name: %r" % first)
    expect(all(e["result"] == "done" for e in first), "all are done: %r" % first)
    again = devices(test, "again")
    expect(at_places(again) == bench and all(e["result"] == "same" for e in again), "then all are same: %r" % again)
    named = {"middle": numbers[0], "left": numbers[1], "low": numbers[2], "top": numbers[3]}
    expect(at_places(devices(test, "named")) == named, "positions by name: %r" % devices(test, "named"))
    expect(at_places(devices(test, "whole")) == {"left": numbers[0]}, "a place without its interface")
    moved = devices(test, "moved")
    expect(len(moved) == 2 * count and at_places(moved[:count]) == bench, "before the move: %r" % moved)
    shifted = {"usb-1-" + place: numbers[(i + 1) % count] for i, place in enumerate(PLACES)}
    expect(at_places(moved[count:]) == shifted, "a position keeps its name whatever is put there: %r" % moved[count:])
    print("longest dialogue %d ms" % max(e["ms"] for e in first))


def vm_bench(test, kernel):
    numbers = [scene.imei(i) for i in range(len(PLACES))]
    test.make_org()
    test.make_batch("x509-1", scene.PROFILE_X509, numbers)
    test.ingest("x509-1", "grant-x509-1")
    modems = [test.modem(number, None, None, "--nvm-ms", "20") for number in numbers]
    run_machine(test, kernel, modems)
    check_results(test, numbers)
    for modem in modems:
        for kind in (0, 1, 2):
            expect(test.slot(modem, 16842753, kind) is not None, "the modem holds what was written")
    report = test.reconcile(["x509-1"], ["out/log"], "--complete")
    expect(report["verdict"] == "accept" and report["counts"]["done"] == len(PLACES), "the auditor accepts: %r" % report)


def find_machine():
    """The kernel, if all a machine needs is there."""
    guest.tool("qemu-system-x86_64")
    guest.tool("busybox")
    if platform.machine() != "x86_64":
        raise guest.Missing("the programs are not for the processor of the machine")
    kernel = guest.find_kernel(os.path.join(scene.BUILD, "vm"))
    if kernel is None:
        raise guest.Missing("the kernel has no drivers for USB serial adapters")
    return kernel


def main():
    try:
        kernel = find_machine()
    except guest.Missing as missing:
        print("skipped: %s" % missing)
        sys.exit(77)

    def bench(test):
        vm_bench(test, kernel)

    scene.main(bench)


if __name__ == "__main__":
    main()
