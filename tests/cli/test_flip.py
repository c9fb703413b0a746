# SPDX-License-Identifier: ISC
"""Every byte of a small batch folder, grant folder, trust file and log changed in turn: never accepted, never a crash."""
import concurrent.futures
import glob
import os
import shutil
import subprocess

from scene import BUILD, expect, imei, main

IGNORED = b"untrusted comment: "
MANIFEST_STEP = 10  # where every byte of the same manifest is flipped elsewhere


def ignored(name, data, at):
    """The free text after "untrusted comment: " of a signature's first line is ignored and never shown."""
    return name.endswith(".minisig") and len(IGNORED) <= at < data.index(b"\n")


def flips(folder, manifest_step):
    """(file, offset) of everything that must refuse; of a manifest and its signatures every so many."""
    for path in sorted(glob.glob(os.path.join(folder, "*"))):
        with open(path, "rb") as f:
            data = f.read()
        for at in range(0, len(data), manifest_step if os.path.basename(path).startswith("manifest.json") else 1):
            if not ignored(path, data, at):
                yield path, at


def flipped(path, at):
    with open(path, "r+b") as f:
        f.seek(at)
        byte = f.read(1)
        f.seek(at)
        f.write(bytes([byte[0] ^ 1 if byte[0] ^ 1 not in b"\n" else byte[0] ^ 2]))
    return byte


def restore(path, at, byte):
    with open(path, "r+b") as f:
        f.seek(at)
        f.write(byte)


def run_all(scene, worker, folder, command, positions):
    """One worker: its own copy of everything, each byte flipped, the command run, the byte put back."""
    bad = []
    copy = scene.path("worker-%s-%d" % (os.path.basename(folder), worker))
    shutil.copytree(scene.path(folder), os.path.join(copy, folder))
    for name, at in positions:
        path = os.path.join(copy, folder, os.path.basename(name))
        byte = flipped(path, at)
        done = subprocess.run(command(copy), cwd=scene.folder, capture_output=True)
        restore(path, at, byte)
        if done.returncode != 1:
            bad.append((os.path.basename(name), at, done.returncode, done.stdout[-300:], done.stderr[-300:]))
    return bad


def check(scene, folder, command, manifest_step=1):
    positions = list(flips(scene.path(folder), manifest_step))
    expect(len(positions) > 100, "something to flip")
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(run_all, scene, i, folder, command, positions[i::2]) for i in range(2)]
        bad = [b for job in jobs for b in job.result()]
    print("%s: %d bytes flipped" % (folder, len(positions)))
    expect(not bad, "%d flips were not refused, first: %r" % (len(bad), bad[:3]))


def story(scene):
    scene.make_org()
    devices = scene.make_batch(devices=[imei(1), imei(2)])
    scene.ingest("psk-1", "grant-psk-1")
    scene.provision(scene.modem(devices[0]))
    scene.export("log")
    scene.office("extract", "--office", "office", "--trust", "trust.json", "--batch", "psk-1", "--imei", devices[0], "--station",
                 "line1", "--out", "extract")
    shutil.move(scene.path("extract", "grant"), scene.path("grant-extract"))
    os.mkdir(scene.path("trust"))
    for name in glob.glob(scene.path("trust.json*")):
        shutil.copy(name, scene.path("trust"))


def program(name):
    return os.path.join(BUILD, name)


def the_auditor_refuses_every_flip(scene):
    story(scene)
    verify = [program("gapseal-audit"), "verify", "--trust"]
    check(scene, "psk-1", lambda copy: verify + ["trust.json", "--batch", os.path.join(copy, "psk-1")])
    check(scene, "grant-psk-1", lambda copy: verify + ["trust.json", "--batch", "psk-1", "--grant", os.path.join(copy, "grant-psk-1")])
    check(scene, "extract", lambda copy: verify + ["trust.json", "--batch", os.path.join(copy, "extract")], MANIFEST_STEP)
    check(scene, "log", lambda copy: verify + ["trust.json", "--log", os.path.join(copy, "log")])
    check(scene, "trust", lambda copy: verify + [os.path.join(copy, "trust", "trust.json"), "--pin", scene.pin()])


def the_station_refuses_every_flip(scene):
    story(scene)
    scene.line("enroll", "--home", "fresh", "--org", "acme", "--name", "line2")
    scene.line("trust", "--home", "fresh", "trust.json", "--pin", scene.pin())
    size = len(scene.read("fresh", "log", "entries.jsonl"))
    check(scene, "psk-1", lambda copy: [program("gapseal-line"), "ingest", "--home", "fresh", os.path.join(copy, "psk-1")])
    check(scene, "extract", lambda copy: [program("gapseal-line"), "ingest", "--home", "fresh", os.path.join(copy, "extract")],
          MANIFEST_STEP)
    expect(not os.listdir(scene.path("fresh", "batches")), "nothing was taken")
    expect(len(scene.read("fresh", "log", "entries.jsonl")) == size, "nothing was logged as taken")
    for name in glob.glob(scene.path("line1", "grants", "*")):
        shutil.rmtree(name)
    check(scene, "grant-psk-1", lambda copy: [program("gapseal-line"), "ingest", "--home", "line1", os.path.join(copy, "grant-psk-1")])
    expect(not os.listdir(scene.path("line1", "grants")), "no grant was taken")


main(the_auditor_refuses_every_flip, the_station_refuses_every_flip)
