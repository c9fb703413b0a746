# SPDX-License-Identifier: ISC
"""A virtual machine with a USB bench: adapters that can be plugged in and out while it runs."""
import json
import os
import socket
import subprocess

import guest

SECONDS_MAX = 400  # for anything the machine is waited for; it needs about fifteen in all
START_SECONDS_MAX = 60


class Machine:
    """Files of the machine lie in a folder: console (what kernel and init say), qemu (what qemu says),
    handed (what the guest hands out)."""

    def __init__(self, folder, kernel, initrd):
        self.folder = folder
        self.process = self.control = self.live = None
        self.events = []
        self.args = [guest.tool("qemu-system-x86_64"), "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
                     "-machine", "pc", "-accel", "tcg", "-cpu", "max", "-m", "384", "-nic", "none",
                     "-kernel", kernel.image, "-initrd", initrd, "-append", "console=ttyS0 quiet panic=-1 rdinit=/init",
                     "-qmp", "unix:%s" % self.path("control"),
                     "-serial", "file:" + self.path("console"), "-serial", "file:" + self.path("handed"),
                     "-chardev", "socket,id=live,path=" + self.path("live"), "-serial", "chardev:live",
                     "-device", "qemu-xhci,id=usb,p2=8,p3=8", "-device", "usb-hub,bus=usb.0,port=4"]

    def path(self, name):
        return os.path.join(self.folder, name)

    def add_line(self, name, terminal):
        """A line that an adapter may have at its other end: a pty."""
        self.args += ["-chardev", "serial,id=%s,path=%s" % (name, os.path.realpath(terminal))]

    def add_adapter(self, name, place, line):
        """An adapter that is plugged in from the start."""
        self.args += ["-device", "usb-serial,id=%s,bus=usb.0,port=%s,chardev=%s,serial=%s" % (name, place, line, name)]

    def start(self):
        listeners = [self.listen(name) for name in ("live", "control")]
        with open(self.path("qemu"), "wb") as said:
            self.process = subprocess.Popen(self.args, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        self.live, self.control = [self.accept(listener) for listener in listeners]
        self.command("qmp_capabilities")

    def listen(self, name):
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(self.path(name))
        listener.listen(1)
        listener.settimeout(START_SECONDS_MAX)
        return listener

    def accept(self, listener):
        with listener:
            connection = listener.accept()[0]
        connection.settimeout(SECONDS_MAX)
        with connection:
            return connection.makefile("rw")

    def answer(self):
        """The next message of the machine; events are kept."""
        message = json.loads(next(self.control))
        if "error" in message:
            raise RuntimeError("qemu: %r" % message)
        if "event" in message:
            self.events.append((message["event"], message.get("data", {}).get("device")))
        return message

    def command(self, name, **arguments):
        self.control.write(json.dumps({"execute": name, "arguments": arguments}) + "\n")
        self.control.flush()
        while "return" not in self.answer():
            pass

    def plug_out(self, name):
        self.command("device_del", id=name)
        while ("DEVICE_DELETED", name) not in self.events:
            self.answer()

    def plug_in(self, name, place, line):
        self.command("device_add", driver="usb-serial", id=name, bus="usb.0", port=place, chardev=line, serial=name)

    def event(self):
        """The next event a station inside says."""
        return json.loads(next(self.live))

    def wait(self):
        """Until the guest has ended."""
        for _ in self.live:
            pass
        if self.process.wait(SECONDS_MAX) != 0:
            raise RuntimeError("qemu failed")

    def stop(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        for stream in (self.live, self.control):
            if stream is not None:
                stream.close()
