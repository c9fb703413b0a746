# SPDX-License-Identifier: ISC
"""Plays the story of manifests/golden anew, keeps its documents there and quotes them in FORMAT.md: golden.py BUILD.
Keys are random, so every playing gives other bytes. Only a new form of some document is a reason to do it."""
import os
import shutil
import signal
import subprocess

from quotes import FORMAT, GOLDEN, requote
from scene import BUILD, Scene, Tap, Victim, imei

PROFILE = """# What the devices of manifests/golden get.
title = "Golden: the server's CA and a key of its own for each device"

credential ca       { tag = 42  type = ca        files = {"root.pem"} }
credential psk      { tag = 42  type = psk       from = derived  bytes = 16 }
credential identity { tag = 42  type = identity  template = "urn:imei:{imei}" }

policy { log_imei = true  log_unit = true }
"""
FIRST_WRITE = 330  # bytes a line has sent when it is in the middle of it


class Play:
    def __init__(self, scene):
        self.scene = scene
        self.devices = [imei(i) for i in range(6)]
        self.events = ""

    def args(self, link, unit):
        return ["run", "--home", "line1", "--once", "--json", "--timeout", "20", "--operator", "maria", "--unit", unit,
                "--port", "left=" + link]

    def present(self, modem, unit, check=0):
        self.events += self.scene.line(*self.args(modem.link, unit), check=check).out
        modem.stop()

    def cut_off(self, modem, unit):
        """A presentation that a power cut ends; it also leaves half an entry behind the log."""
        victim = Victim()
        tap = Tap(modem, FIRST_WRITE, lambda: victim.end(signal.SIGKILL))
        program = os.path.join(BUILD, "gapseal-line")
        victim.start([program] + self.args(tap.link, unit), cwd=self.scene.folder, stdout=subprocess.DEVNULL)
        victim.process.wait()
        tap.close()
        with open(self.scene.path("line1", "log", "entries.jsonl"), "ab") as f:
            f.write(b'{"attempt":1,"attest')

    def make(self):
        scene = self.scene
        scene.make_org()
        scene.make_ca()
        rows = ["%s,wo-%d" % (d, 1001 + i // 4) for i, d in enumerate(self.devices)]
        scene.make_batch("golden-1", PROFILE, rows, header="imei,lot")
        scene.ingest("golden-1", "grant-golden-1")

    def serve(self):
        scene, devices = self.scene, self.devices
        first, cut = scene.modem(devices[0]), scene.modem(devices[2])
        self.events += scene.line(*self.args(first.link, "GS-A0001")).out
        self.present(first, "GS-A0001")
        self.present(scene.modem(devices[1], "corrupt on 1+ write 42,3\n"), "GS-A0002", check=1)
        self.cut_off(cut, "GS-A0003")
        self.present(cut, "GS-A0003")
        self.present(scene.modem(imei(999)), "GS-B0001", check=1)
        self.present(scene.modem(devices[4]), "GS-A0005")

    def decide(self):
        """What people at the station declare."""
        home = ("--home", "line1", "--operator", "maria")
        self.scene.line("release", *home, "--imei", self.devices[0], "--reason", "antenna replaced")
        for undo in ((), ("--undo",), ()):
            self.scene.line("void", *home, "--unit", "GS-A0002", "--reason", "wrong board" if undo else "board cracked", *undo)
        self.scene.line("close", "--home", "line1", "--batch", "golden-1", "--lot", "wo-1002", "--yes")

    def outputs(self):
        """What the programs print, by name."""
        scene = self.scene
        bad = self.devices[1][:-1] + "0"
        scene.write("bad.csv", "imei,lot\n%s,wo-1001\n%s,wo-1001\n" % (self.devices[0], bad))
        profile = ("--profile", "golden-1.conf")
        office = ("--office", "office", "--trust", "trust.json") + profile
        papers = ("--trust", "trust.json", "--batch", "golden-1", "--grant", "grant-golden-1", "--log", "log", "--json")
        yield "events.jsonl", self.events
        yield "lint.json", scene.office("lint", *profile, "--csv", "bad.csv", "--json", check=1).out
        yield "compile.json", scene.office("compile", *office, "--csv", "golden-1.csv", "--id", "trial-1", "--out", "trial-1",
                                           "--rehearsal", "--no-escrow", "--json").out
        master = ("--office", "office", "--master", "office/batches/golden-1/master.age")
        yield "rebuild.json", scene.office("rebuild", *master, *profile, "--csv", "golden-1.csv", "--batch", "golden-1",
                                           "--json").out
        yield "plan.json", scene.office("plan", *office, "--csv", "golden-1.csv", "--id", "golden-1", "--json").out
        yield "status.json", scene.line("status", "--home", "line1", "--json").out
        yield "verify.json", scene.audit("verify", *papers).out
        yield "reconcile.json", scene.audit("reconcile", *papers, "--activation", "activation.json").out
        yield "probe.jsonl", self.probe()
        yield "error.json", scene.office("lint", "--profile", "nowhere.conf", "--csv", "golden-1.csv", "--json", check=2).out

    def extract(self):
        """One device of it, without its grant: no station of the story had it."""
        self.scene.office("extract", "--office", "office", "--trust", "trust.json", "--batch", "golden-1", "--imei", self.devices[0],
                          "--station", "line1", "--out", "extract")
        shutil.rmtree(self.scene.path("extract", "grant"))

    def probe(self):
        modem = self.scene.modem(self.devices[0], None, self.scene.path("store-" + self.devices[0]))
        said = self.scene.line("probe", "--port", "left=" + modem.link, "--json", check=None).out
        modem.stop()
        return said

    def keep(self, out):
        scene = self.scene
        scene.export("log")
        os.makedirs(os.path.join(out, "output"))
        for name, text in self.outputs():
            with open(os.path.join(out, "output", name), "w") as f:
                f.write(text)
        scene.sign("anna", "activation.json")
        self.extract()
        for name in sorted(os.listdir(scene.folder)):
            if name.startswith(("trust.json", "activation.json")):
                shutil.copyfile(scene.path(name), os.path.join(out, name))
        for folder, name in (("golden-1", "golden-1"), ("extract", "extract"), ("grant-golden-1", "grant-1"),
                             ("log", "log")):
            shutil.copytree(scene.path(folder), os.path.join(out, name), copy_function=shutil.copyfile)
        for path, name in (("golden-1.csv", "devices.csv"), ("golden-1.conf", "profile.conf"), ("root.pem", "root.pem"),
                           ("line1/line1.station", "line1.station"), ("office/batches/golden-1/master.age", "master.age"),
                           ("office/identity", "specimen-office-identity"), ("line1/identity", "specimen-line1-identity")):
            shutil.copyfile(scene.path(path), os.path.join(out, name))


def main():
    scene = Scene()
    try:
        play = Play(scene)
        play.make()
        play.serve()
        play.decide()
        shutil.rmtree(GOLDEN, ignore_errors=True)
        play.keep(GOLDEN)
    finally:
        scene.close()
    with open(FORMAT, encoding="utf-8") as f:
        text = f.read()
    with open(FORMAT, "w", encoding="utf-8") as f:
        f.write(requote(text))


main()
