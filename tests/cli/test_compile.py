# SPDX-License-Identifier: ISC
"""Compiling itself: threads, progress on a terminal, every signature verified."""
import json
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


def the_office_has_standing_values(scene):
    prepare(scene, PROFILE_PSK)
    pin = scene.tool("sha256sum", "trust.json").stdout.decode()[:64]
    conf = ('trust = "trust.json"\nprofile = "p.conf"\ncsv = "d.csv"\nlot_size = 100\ntitle = "Spring run"\nseries = eu\n'
            'no_escrow = true\nrehearsal = true\njson = true\nstation = {"line1", "line2"}\nthreads = 1\npin = "%s"\n' % pin)
    scene.write("office/office.conf", conf)
    made = json.loads(scene.office("compile", "--office", "office", "--id", "a", "--out", "a").out)
    expect((made["lots"], made["series"]) == (7, "eu"), made)
    made = json.loads(scene.office("compile", "--office", "office", "--id", "b", "--out", "b", "--lot-size", 350, "--title", "Other").out)
    expect(made["lots"] == 2 and json.loads(scene.read("b/manifest.json"))["title"] == "Other", "flags win")
    scene.write("office/office.conf", 'trust = {"trust.json", "other.json"}\n')
    refused = scene.office("compile", "--office", "office", "--id", "c", "--out", "c", check=2)
    expect("missing --trust" in refused.err, refused.err)  # two values are none for a flag that is given once
    for text, code in (("force = true\n", "config-option"), ("passphrase_fd = 3\n", "config-option"), ("again = {\"1\"}\n", "config-option")):
        scene.write("office/office.conf", text)
        refused = scene.office("compile", "--office", "office", "--id", "c", "--out", "c", "--json", check=1)
        expect(json.loads(refused.out)["code"] == code, refused.out)


main(progress_tells_rate_and_time, every_signature_can_be_verified, the_office_has_standing_values)
