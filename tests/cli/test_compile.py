# SPDX-License-Identifier: ISC
"""Compiling itself: threads, progress on a terminal, every signature verified."""
import os
import pty
import re
import subprocess

from scene import BUILD, PROFILE_PSK, PROFILE_X509, expect, imei, main

COUNT = 700


def compile_args(scene, name, *options):
    return [os.path.join(BUILD, "gapseal"), "compile", "--office", "office", "--trust", "trust.json", "--profile", "p.conf", "--csv", "d.csv",
            "--id", name, "--out", name, "--no-escrow", "--rehearsal", *options]


def prepare(scene, profile):
    scene.make_org(stations=())
    scene.make_ca()
    scene.write("p.conf", profile)
    scene.write("d.csv", "imei\n" + "".join(imei(i) + "\n" for i in range(COUNT)))


def on_terminal(scene, args):
    """What a terminal on stderr got to see."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(args, cwd=scene.folder, stdout=subprocess.DEVNULL, stderr=theirs)
    os.close(theirs)
    seen = b""
    while True:
        try:
            some = os.read(ours, 4096)
        except OSError:  # the other side is closed
            break
        seen += some
    os.close(ours)
    expect(process.wait() == 0, seen)
    return seen.decode()


def progress_tells_rate_and_time(scene):
    prepare(scene, PROFILE_PSK)
    seen = on_terminal(scene, compile_args(scene, "seen"))
    expect(re.search(r"\r%d of %d devices, [0-9]+ a second, [0-9]+\.[0-9] s\x1b\[K\r\n" % (COUNT, COUNT), seen), repr(seen))
    done = subprocess.run(compile_args(scene, "quiet"), cwd=scene.folder, capture_output=True, check=True)
    expect(b"a second" not in done.stderr and b"\r" not in done.stderr, done.stderr)


def every_signature_can_be_verified(scene):
    prepare(scene, PROFILE_X509)
    subprocess.run(compile_args(scene, "all", "--ca", "ca", "--verify-all"), cwd=scene.folder, check=True, capture_output=True)
    scene.tool("sh", "-c", "cd all && sha256sum -c --quiet SHA256SUMS")


main(progress_tells_rate_and_time, every_signature_can_be_verified)
