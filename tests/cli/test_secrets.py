# SPDX-License-Identifier: ISC
"""No PSK, key, seed or lot key in any log, output, temporary file or core of any program."""
import base64
import os
import resource
import signal
import subprocess

from scene import BUILD, PROFILE_X509, Tap, Victim, expect, imei, main

OWN_PSK = "8f1d3c5b7a90e2446688aaccee001122"
PROFILE = """
credential psk      { tag = 42  type = psk       from = derived  bytes = 32 }
credential identity { tag = 42  type = identity  template = "urn:imei:{imei}" }
credential own      { tag = 43  type = psk       from = column }
credential ownid    { tag = 43  type = identity  from = column }
"""


def forms(secret):
    """A secret as it is, as hex in both cases, as base64 at its three alignments, and as the text of its hex."""
    found = {secret, secret.hex().encode(), secret.hex().upper().encode()}
    for lead in range(3):
        text = base64.b64encode(b"\0" * lead + secret)
        found.add(text[4:-4] if lead else text[:-4])
    return {f for f in found if len(f) >= 12}


def pem_body(pem):
    """The lines of a key's PEM that are its own."""
    return {line for line in pem.splitlines()[1:-1] if len(line) >= 40}


def known_secrets(scene, psk_modem, x509_modem):
    secrets = set()
    psk = scene.slot(psk_modem, 42, 3)
    secrets |= {psk} | forms(bytes.fromhex(psk.decode())) | {OWN_PSK.encode(), bytes.fromhex(OWN_PSK)}
    secrets |= pem_body(scene.slot(x509_modem, 16842753, 2))
    for batch in ("psk-1", "x509-1"):
        master = scene.tool("age", "-d", "-i", "office/identity", "office/batches/%s/master.age" % batch).stdout
        secrets |= forms(master[-32:])
        keys = scene.tool("age", "-d", "-i", "line1/identity", "grant-%s/keys.age" % batch).stdout
        secrets |= forms(keys[-32:])
    secrets |= forms(bytes.fromhex(scene.read("line1/log.seed").decode().strip()))
    secrets |= {scene.read("line1/identity").split()[-1], scene.read("office/identity").split()[-1]}
    for officer in ("anna", "ben", "carla"):
        secrets |= {scene.read("officers", officer + ".key").splitlines()[1]}
        secrets |= forms(base64.b64decode(scene.read("officers", officer + ".key").splitlines()[1])[62:94])
    secrets |= pem_body(scene.read("ca/ca.key"))
    return secrets


# Where a secret belongs: its own key files, the CSV it came from, and the stand-in modem's store.
HOMES = ("line1/log.seed", "line1/identity", "office/identity", "ca/ca.key", "psk-1.csv")


def belongs(name):
    return name in HOMES or name.startswith("officers/") and name.endswith(".key") or name.startswith("store-")


def search(scene, secrets):
    found = []
    for folder, _, names in os.walk(scene.folder):
        for name in names:
            path = os.path.join(folder, name)
            relative = os.path.relpath(path, scene.folder)
            if belongs(relative) or not os.path.isfile(path):
                continue
            with open(path, "rb") as f:
                data = f.read()
            found += [relative for s in secrets if s in data]
    for said in scene.said:
        found += ["what a program said: " + repr(said[:80]) for s in secrets if s in said]
    return found


def story(scene):
    scene.make_org()
    number, other = imei(3), imei(50)
    scene.make_batch("psk-1", PROFILE, ["%s,%s,unit-3" % (number, OWN_PSK)], header="imei,psk,psk_identity")
    scene.make_batch("x509-1", PROFILE_X509, [other])
    scene.ingest("psk-1", "x509-1", "grant-psk-1", "grant-x509-1")
    modems = scene.modem(number, "echo\n"), scene.modem(other)
    scene.provision(*modems)
    scene.line("status", "--home", "line1")
    return modems


def nothing_leaks(scene):
    modems = story(scene)
    scene.export("log")
    scene.reconcile(["psk-1", "x509-1"], ["log"])
    secrets = known_secrets(scene, *modems)
    expect(len(secrets) > 40, "the search looks for something")
    for name in HOMES:
        expect(any(s in scene.read(name) for s in secrets), "the search finds what is in " + name)
    found = search(scene, secrets)
    expect(not found, "leaked into %r" % found[:5])


def faults_and_refusals_do_not_leak(scene):
    scene.make_org()
    psk = OWN_PSK
    for bad in (psk + "0", psk[:20], psk[:-1] + "x", psk.upper() + "zz"):
        result = scene.compile("psk-1", PROFILE, ["%s,%s,unit" % (imei(1), bad)], header="imei,psk,psk_identity", check=1)
        expect(bad not in result.err + result.out and bad[:18] not in result.err + result.out, result.err)
    twice = ["%s,%s,a" % (imei(1), psk), "%s,%s,b" % (imei(2), psk)]
    result = scene.compile("psk-1", PROFILE, twice, header="imei,psk,psk_identity", check=1)
    expect("psk-duplicate" in result.err and psk not in result.err + result.out, result.err)


def a_crash_leaves_no_core(scene):
    scene.make_org()
    devices = scene.make_batch()
    scene.ingest("psk-1", "grant-psk-1")
    victim = Victim()
    tap = Tap(scene.modem(devices[0]), 150, lambda: victim.end(signal.SIGABRT))
    victim.start(
        [os.path.join(BUILD, "gapseal-line"), "run", "--home", "line1", "--once", "--timeout", "20", "--port", "p=" + tap.link],
        cwd=scene.folder, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY,) * 2))
    code = victim.process.wait()
    tap.close()
    expect(code == -signal.SIGABRT, "it was ended by SIGABRT, not %d" % code)
    cores = [n for n in os.listdir(scene.folder) if n.startswith("core")]
    expect(not cores, cores)


def arguments_and_environment_hold_no_secret(scene):
    """Every option that could carry one takes a descriptor or a file; a passphrase on the command line is a mistake."""
    for args in (("keygen", "office", "--out", "o", "--passphrase", "x"), ("sign", "p", "--key", "k", "--passphrase", "x")):
        result = scene.office(*args, check=2)
        expect("unknown option" in result.err, result.err)


main(nothing_leaks, faults_and_refusals_do_not_leak, a_crash_leaves_no_core, arguments_and_environment_hold_no_secret)
