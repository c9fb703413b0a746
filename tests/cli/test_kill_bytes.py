# SPDX-License-Identifier: ISC
"""kill -9 of gapseal-line at every byte it sends to a device: the next run finishes the device, what the device holds is what was
planned, and the auditor accepts both runs."""
import concurrent.futures
import itertools
import os
import shutil
import signal
import subprocess

from scene import BUILD, PROFILE_PSK, PROFILE_X509, Tap, Victim, expect, imei, main

WORKERS = 4


def line_args(home, link):
    return [os.path.join(BUILD, "gapseal-line"), "run", "--home", home, "--once", "--json", "--timeout", "20", "--port", "p=" + link]


def fresh_home(scene, name):
    shutil.copytree(scene.path("line1"), scene.path(name))
    return name


def undisturbed(scene, number):
    """The bytes the line sends to one device, and what the device holds then."""
    modem = scene.modem(number, None, scene.path("store-whole"))
    tap = Tap(modem)
    result = scene.run("gapseal-line", *line_args(fresh_home(scene, "whole"), tap.link)[1:], check=0)
    tap.close()
    modem.stop()
    expect(result.devices()[0]["result"] == "done", result.out)
    return len(tap.sent), scene.read("store-whole")


def killed_at(scene, home, modem, at):
    """Runs the line with its at-th byte answered by SIGKILL."""
    victim = Victim()
    tap = Tap(modem, at, lambda: victim.end(signal.SIGKILL))
    victim.start(line_args(home, tap.link), cwd=scene.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    code = victim.process.wait()
    tap.close()
    expect(code == -signal.SIGKILL, "exit %d" % code)


def survives(scene, batch, number, stored, at):
    home = fresh_home(scene, "home-%d" % at)
    modem = scene.modem(number, None, scene.path("store-%d" % at))
    killed_at(scene, home, modem, at)
    result = scene.run("gapseal-line", *line_args(home, modem.link)[1:])
    modem.stop()
    told = [event["result"] for event in result.devices()]
    expect(result.code == 0 and told in (["done"], ["same"]), "the next run: %d %s%s" % (result.code, result.out, result.err))
    expect(scene.read("store-%d" % at) == stored, "the device holds something else")
    log = "log-%d" % at
    scene.export(log, home=home)
    report = scene.reconcile([batch], [log])
    counts = {key: n for key, n in report["counts"].items() if n and key not in ("devices", "unused")}
    expect(report["verdict"] == "accept" and counts in ({"done": 1}, {"same": 1}), "the auditor: %r" % counts)
    for folder in (home, log):
        shutil.rmtree(scene.path(folder))


def survives_each(scene, batch, profile, step):
    scene.next = itertools.count(1).__next__  # several threads ask
    scene.make_org()
    device = scene.make_batch(batch, profile, [imei(1), imei(2)])[0]
    scene.ingest(batch, "grant-" + batch)
    size, stored = undisturbed(scene, device)

    def one(at):
        try:
            survives(scene, batch, device, stored, at)
        except AssertionError as error:
            return "killed at byte %d: %s" % (at, error)
        return None

    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        wrong = [text for text in pool.map(one, range(0, size, step)) if text]
    print("killed at %d of %d bytes" % (len(range(0, size, step)), size))
    expect(size > 200 and not wrong, "\n".join(wrong))


def psk_at_every_byte(scene):
    survives_each(scene, "psk-1", PROFILE_PSK, 1)


def x509_at_every_seventh_byte(scene):
    survives_each(scene, "x509-1", PROFILE_X509, 7)


main(psk_at_every_byte, x509_at_every_seventh_byte)
