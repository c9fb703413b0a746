# SPDX-License-Identifier: ISC
"""What back ends are given: the right form, only of devices proven done, no secret where it may not be; tried on back ends from Debian."""
import csv
import getpass
import hashlib
import io
import json
import os
import shutil
import socket
import sqlite3
import stat
import subprocess

from scene import BUILD, PROFILE_PSK, PROFILE_X509, Result, expect, imei, main

PROFILE_PLAIN = PROFILE_PSK.replace("urn:imei:{imei}", "nrf-{imei}")
PROFILE_TEXT = """
credential psk      { tag = 9  type = psk       from = column }
credential identity { tag = 9  type = identity  template = "nrf-{imei}" }
"""
PROFILE_TWO = PROFILE_PLAIN.replace("policy", """
credential psk2      { tag = 43  type = psk       from = derived  bytes = 16 }
credential identity2 { tag = 43  type = identity  template = "b-{imei}" }
policy""")


def refused(result, exit_code, code):
    expect(result.code == exit_code and "[%s]" % code in result.err, "%s, exit %d: %s" % (code, result.code, result.err))
    expect(not result.out, "nothing on stdout")


def export(scene, batch, form, out, *options, check=0):
    return scene.office("export", "--office", "office", "--trust", "trust.json", "--batch", batch, "--format", form, "--out", out,
                        *options, check=check)


def accept(scene, batch, *options, check=0):
    return scene.office("accept", "--office", "office", "--trust", "trust.json", "--batch", batch, "--activation",
                        "activation.json", *options, check=check)


def activate(scene, batch, log="log", officer="anna"):
    for name in os.listdir(scene.folder):
        if name.startswith("activation.json"):
            os.remove(scene.path(name))
    scene.reconcile([batch], [log], "--activation", "activation.json")
    if officer:
        scene.sign(officer, "activation.json")


def produce(scene, profile, count=3, done=2, batch="run-1", header="imei", rows=None, officer="anna"):
    """A batch with some of its devices done, their modems, and a signed activation."""
    scene.make_org()
    devices = [imei(i) for i in range(count)]
    scene.make_batch(batch, profile, rows or devices, header=header)
    scene.ingest(batch, "grant-" + batch)
    modems = [scene.modem(d) for d in devices[:done]]
    if modems:
        scene.provision(*modems)
    scene.export("log")
    activate(scene, batch, officer=officer)
    return devices, modems


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Broker:
    """Mosquitto on loopback with a psk_file, ready when made."""

    def __init__(self, scene, psk_file):
        self.port = free_port()
        scene.write("mosquitto.conf", "user %s\nlistener %d 127.0.0.1\nallow_anonymous true\npsk_hint gapseal\npsk_file %s\n"
                    % (getpass.getuser(), self.port, scene.path(psk_file)))
        program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
        self.process = subprocess.Popen([program, "-c", scene.path("mosquitto.conf")], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        while True:
            expect(self.process.poll() is None, "mosquitto ended")
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except ConnectionRefusedError:
                pass

    def close(self):
        self.process.terminate()
        self.process.wait()


def client(scene, program, broker, identity, key, *options):
    return scene.tool(program, "-h", "127.0.0.1", "-p", broker.port, "--psk-identity", identity, "--psk", key, "-t", "t", *options,
                      check=None)


def a_broker_takes_the_devices_that_are_done(scene):
    devices, modems = produce(scene, PROFILE_PLAIN)
    result = export(scene, "run-1", "mosquitto", "psk_file", "--only", "activation.json", "--plain")
    expect("2 devices of batch run-1" in result.err, result.err)
    expect(stat.S_IMODE(os.stat(scene.path("psk_file")).st_mode) == 0o600, "mode")
    lines = scene.read("psk_file").decode().splitlines()
    held = {scene.slot(m, 42, 4).decode(): scene.slot(m, 42, 3).decode() for m in modems}
    expect(dict(line.split(":") for line in lines) == held and len(lines) == 2, "what the modems hold, and no more")
    identity, key = next(iter(held.items()))
    broker = Broker(scene, "psk_file")
    try:
        done = client(scene, "mosquitto_pub", broker, identity, key, "-r", "-m", "hello")
        expect(done.returncode == 0, done.stderr)
        done = client(scene, "mosquitto_sub", broker, identity, key, "-C", "1", "-W", "20")
        expect(done.stdout == b"hello\n", (done.stdout, done.stderr))
        other = key[:-1] + ("0" if key[-1] != "0" else "1")
        expect(client(scene, "mosquitto_pub", broker, identity, other, "-m", "x").returncode != 0, "another key is refused")
        expect(client(scene, "mosquitto_pub", broker, "nrf-" + devices[2], key, "-m", "x").returncode != 0, "not done: unknown")
    finally:
        broker.close()


def a_server_takes_a_provisioned_certificate(scene):
    devices, modems = produce(scene, PROFILE_X509, 1, 1)
    scene.write("cert.pem", scene.slot(modems[0], 16842753, 1))
    scene.write("key.pem", scene.slot(modems[0], 16842753, 2))
    scene.tool("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "server.key",
               "-out", "server.pem", "-subj", "/CN=localhost", "-days", "2")
    port = free_port()
    server = subprocess.Popen(["openssl", "s_server", "-accept", "127.0.0.1:%d" % port, "-cert", "server.pem", "-key", "server.key",
                               "-CAfile", "ca/ca.pem", "-Verify", "1", "-verify_return_error", "-rev"], cwd=scene.folder,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        while b"ACCEPT" not in server.stdout.readline():
            expect(server.poll() is None, "s_server ended")
        connect = ("openssl", "s_client", "-connect", "127.0.0.1:%d" % port, "-CAfile", "server.pem", "-verify_return_error",
                   "-quiet")
        done = scene.tool(*connect, "-cert", "cert.pem", "-key", "key.pem", input=b"hello\nCLOSE\n", check=None)
        expect(b"olleh" in done.stdout, (done.stdout, done.stderr))
        done = scene.tool(*connect, input=b"hello\nCLOSE\n", check=None)
        expect(b"olleh" not in done.stdout, "without a certificate")
    finally:
        server.terminate()
        server.wait()
        server.stdout.close()


def certificates_for_the_clouds(scene):
    devices, modems = produce(scene, PROFILE_X509)
    export(scene, "run-1", "nrfcloud", "cloud", "--only", "activation.json")
    expect(os.listdir(scene.path("cloud")) == ["onboard-001.csv"], os.listdir(scene.path("cloud")))
    rows = list(csv.reader(io.StringIO(scene.read("cloud", "onboard-001.csv").decode())))
    expect(sorted(r[0] for r in rows) == sorted("nrf-" + d for d in devices[:2]), rows)
    held = {scene.slot(m, 16842753, 1).decode() for m in modems}
    expect({r[4] for r in rows} == held and all(r[1:4] == ["", "", "APP|MODEM"] for r in rows), "rows")
    for row in rows:
        scene.write("one.pem", row[4])
        scene.tool("openssl", "verify", "-CAfile", "ca/ca.pem", "-purpose", "sslclient", "one.pem")
        subject = scene.tool("openssl", "x509", "-in", "one.pem", "-noout", "-subject").stdout.decode()
        expect("CN = " + row[0] in subject, subject)
    export(scene, "run-1", "aws", "things.json", "--only", "activation.json")
    things = [json.loads(line) for line in scene.read("things.json").decode().splitlines()]
    expect({t["CertificatePem"] for t in things} == held, "aws")
    expect(all(t["ThingName"] == "nrf-" + t["SerialNumber"] for t in things), things)
    out = export(scene, "run-1", "thingsboard-x509", "-", "--only", "activation.json").out
    rows = list(csv.DictReader(io.StringIO(out)))
    expect({r["X.509 certificate"] for r in rows} == held, out)
    scene.office("export", "--office", "office", "--trust", "trust.json", "--batch", "run-1", "--format", "json", "--out", "all.json",
                 "--plain", "--all")
    expect(b"PRIVATE KEY" not in scene.read("all.json"), "no private key leaves")
    refused(export(scene, "run-1", "mosquitto", "x", "--all", "--plain", check=1), 1, "export-nothing")


def a_thousand_rows_a_file(scene):
    scene.make_org()
    scene.make_batch("big", PROFILE_X509, [imei(i) for i in range(1001)])
    result = export(scene, "big", "nrfcloud", "cloud", "--all")
    expect("WARNING" in result.err, result.err)
    counts = [len(list(csv.reader(io.StringIO(scene.read("cloud", n).decode())))) for n in sorted(os.listdir(scene.path("cloud")))]
    expect(counts == [1000, 1], counts)


def psks_for_others(scene):
    devices, modems = produce(scene, PROFILE_PSK)
    held = {scene.slot(m, 42, 4).decode(): scene.slot(m, 42, 3).decode() for m in modems}
    clients = json.loads(export(scene, "run-1", "leshan", "-", "--only", "activation.json").out)
    expect({c["endpoint"]: c["psk"]["key"] for c in clients} == held, "leshan")
    expect(all(c["psk"]["identity"] == c["endpoint"] for c in clients), clients)
    rows = list(csv.DictReader(io.StringIO(export(scene, "run-1", "thingsboard", "-", "--only", "activation.json").out)))
    expect({r["LwM2M identity"]: r["LwM2M key"] for r in rows} == held, rows)
    rows = list(csv.DictReader(io.StringIO(export(scene, "run-1", "csv", "-", "--only", "activation.json").out)))
    expect({r["content"] for r in rows if r["type"] == "psk"} == set(held.values()), rows)
    expect(all(r["sha256"] == hashlib.sha256(r["content"].encode()).hexdigest() for r in rows), "digests")
    listed = json.loads(export(scene, "run-1", "json", "-", "--only", "activation.json").out)
    expect(sorted(d["imei"] for d in listed) == devices[:2], listed)
    expect({c["content"] for d in listed for c in d["credentials"] if c["type"] == "identity"} == set(held), listed)
    refused(export(scene, "run-1", "emqx", "-", "--only", "activation.json", check=1), 1, "export-psk")
    refused(export(scene, "run-1", "mosquitto", "x", "--plain", "--only", "activation.json", check=1), 1, "export-identity")
    expect(not os.path.exists(scene.path("x")), "nothing half-written")
    expect(not [n for n in os.listdir(scene.folder) if n.endswith(".part")], "no draft")


def emqx_takes_psks_of_text(scene):
    devices = [imei(0)]
    produce(scene, PROFILE_TEXT, 1, 1, header="imei,psk", rows=["%s,%s" % (devices[0], b"correct-horse-16".hex())])
    out = export(scene, "run-1", "emqx", "-", "--only", "activation.json").out
    expect(out == "nrf-%s:correct-horse-16\n" % devices[0], "emqx")


def secrets_go_where_they_may(scene):
    devices, modems = produce(scene, PROFILE_PLAIN)
    only = ("--only", "activation.json")
    refused(export(scene, "run-1", "mosquitto", "psk", *only, check=2), 2, "export-secret")
    refused(export(scene, "run-1", "nrfcloud", "-", *only, check=2), 2, "export-folder")
    refused(export(scene, "run-1", "nonsense", "x", *only, check=2), 2, "export-format")
    refused(export(scene, "run-1", "mosquitto", "x", *only, "--all", "--plain", check=2), 2, "export-choice")
    refused(export(scene, "run-1", "mosquitto", "x", *only, "--recipient", "age1nonsense", check=1), 1, "age-recipient")
    master, slave = os.openpty()
    done = subprocess.run([os.path.join(BUILD, "gapseal"), "export", "--office", "office", "--trust", "trust.json", "--batch", "run-1",
                           "--format", "mosquitto", "--out", "-"] + list(only), cwd=scene.folder, stdin=subprocess.DEVNULL,
                          stdout=slave, stderr=subprocess.PIPE)
    os.close(slave)
    os.close(master)
    refused(Result(done.returncode, "", done.stderr.decode()), 2, "export-terminal")
    scene.tool("age-keygen", "-o", "backend.key")
    recipient = scene.tool("age-keygen", "-y", "backend.key").stdout.decode().strip()
    export(scene, "run-1", "mosquitto", "psk.age", *only, "--recipient", recipient)
    lines = scene.tool("age", "-d", "-i", "backend.key", "psk.age").stdout
    expect(lines == export(scene, "run-1", "mosquitto", "-", *only).out.encode() and lines.count(b"\n") == 2, "age file")
    key = scene.slot(modems[0], 42, 3)
    expect(key in lines and key not in scene.read("psk.age"), "sealed")
    refused(export(scene, "run-1", "mosquitto", "psk.age", *only, "--recipient", recipient, check=2), 2, "file-exists")


PROFILE_EVEN = """
credential psk      { tag = 42  type = psk       from = derived  bytes = 16 }
credential identity { tag = 42  type = identity  template = "0123456789abcd-{imei}" }
"""


def little_memory_seals_any_number(scene):
    """Rows of 64 bytes: one, and two chunks of an age file to the byte, and what is just not; in locked memory for a fraction of it."""
    scene.make_org()
    scene.tool("age-keygen", "-o", "backend.key")
    recipient = scene.tool("age-keygen", "-y", "backend.key").stdout.decode().strip()
    for name, first, count in ("even", 0, 1024), ("two", 2000, 2048), ("odd", 10000, 2049), ("large", 20000, 8000):
        scene.make_batch(name, PROFILE_EVEN, [imei(first + i) for i in range(count)])
        args = ("--office", "office", "--trust", "trust.json", "--batch", name, "--format", "mosquitto", "--all")
        plain = scene.office("export", *args, "--out", "-").out.encode()
        expect(len(plain) == 64 * count, len(plain))
        limited = ("prlimit", "--memlock=262144:262144", os.path.join(BUILD, "gapseal"), "export", *args, "--recipient", recipient)
        scene.tool(*limited, "--out", name + ".age")
        piped = scene.tool(*limited, "--out", "-").stdout
        for sealed in scene.read(name + ".age"), piped:
            opened = scene.tool("age", "-d", "-i", "backend.key", input=sealed).stdout
            expect(opened == plain, "%s: %d bytes, not %d" % (name, len(opened), len(plain)))
        expect(stat.S_IMODE(os.stat(scene.path(name + ".age")).st_mode) == 0o600, "mode")


def a_full_disk_leaves_nothing(scene):
    scene.make_org()
    scene.make_batch("run-1", PROFILE_EVEN, [imei(i) for i in range(3000)])
    scene.tool("age-keygen", "-o", "backend.key")
    recipient = scene.tool("age-keygen", "-y", "backend.key").stdout.decode().strip()
    os.mkdir(scene.path("out"))
    for options in ("--recipient", recipient), ("--plain",):
        for call, calls, least in ("write", 9, 3), ("fsync", 3, 2), ("renameat2", 2, 1):
            failed = 0
            for when in range(1, calls + 1):
                result = scene.tool("strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=" + call, "-e",
                                    "inject=%s:error=ENOSPC:when=%d" % (call, when), os.path.join(BUILD, "gapseal"), "export",
                                    "--office", "office", "--trust", "trust.json", "--batch", "run-1", "--format", "mosquitto", "--all",
                                    "--out", "out/psk", *options, check=None)
                left = os.listdir(scene.path("out"))
                failed += result.returncode == 2
                # a file in its place, whose folder cannot be synced, is whole all the same
                fine = left == ["psk"] if result.returncode == 0 else left == [] or left == ["psk"] and call == "fsync"
                expect(result.returncode in (0, 2) and fine, (call, when, result, left))
                for name in left:
                    os.remove(scene.path("out", name))
            expect(failed >= least, "%s failed only %d times" % (call, failed))


def superseded_devices_are_left_out(scene):
    """What a later batch supersedes counts no more, whatever was proven of it."""
    devices, modems = produce(scene, PROFILE_PLAIN)
    accept(scene, "run-1")
    only = ("--only", "activation.json")
    before = export(scene, "run-1", "mosquitto", "-")
    expect(before.out.count("\n") == 2 and "left out: 1 that nothing proves done" in before.err, before.err)
    expect("supersedes" not in before.err, before.err)
    scene.compile("run-2", PROFILE_PLAIN, [devices[0]], "--supersede", "run-1:same", "--reason", "key seen")
    for options in (), only:
        after = export(scene, "run-1", "mosquitto", "-", *options)
        expect("left out: 1 that nothing proves done\n" in after.err and "left out: 1 that a later batch supersedes\n" in after.err,
               after.err)
        expect(after.out == "nrf-%s:%s\n" % (devices[1], scene.slot(modems[1], 42, 3).decode()), after.out)
    every = export(scene, "run-1", "mosquitto", "-", "--all")
    expect("nrf-" + devices[0] not in every.out and every.out.count("\n") == 2 and "left out: 1 that a later" in every.err, every.err)
    # all of it, and of the last two nothing is left
    scene.compile("run-3", PROFILE_PLAIN, [imei(70)], "--supersede", "run-1:all", "--reason", "given up")
    for options in (), only, ("--all",):
        refused(export(scene, "run-1", "mosquitto", "x", "--plain", *options, check=1), 1, "export-empty")
    expect(not os.path.exists(scene.path("x")), "nothing written")


def only_what_is_proven(scene):
    devices, modems = produce(scene, PROFILE_PLAIN)
    plain = ("--plain",)
    refused(export(scene, "run-1", "mosquitto", "x", *plain, check=1), 1, "export-unproven")
    result = export(scene, "run-1", "mosquitto", "all", *plain, "--all")
    expect("WARNING" in result.err and scene.read("all").count(b"\n") == 3, result.err)
    activate(scene, "run-1", officer=None)
    refused(export(scene, "run-1", "mosquitto", "x", *plain, "--only", "activation.json", check=1), 1, "signature-none")
    refused(accept(scene, "run-1", check=1), 1, "signature-none")
    scene.sign("ben", "activation.json")
    scene.make_batch("run-2", PROFILE_PLAIN, [imei(50)])
    refused(export(scene, "run-2", "mosquitto", "x", *plain, "--only", "activation.json", check=1), 1, "activation-manifest")
    scene.make_batch("run-3", PROFILE_PLAIN, [imei(60)], "--rehearsal")
    result = export(scene, "run-3", "mosquitto", "-", "--all")
    expect("REHEARSAL" in result.err, result.err)
    expect(not os.path.exists(scene.path("x")), "nothing written")
    data = bytearray(scene.read("run-1", "records-000.bin"))
    data[130] ^= 1
    scene.write("run-1/records-000.bin", bytes(data))
    refused(export(scene, "run-1", "mosquitto", "x", *plain, "--only", "activation.json", check=1), 1, "records-hash")


def forged_activations_are_refused(scene):
    devices, modems = produce(scene, PROFILE_PLAIN)
    good = json.loads(scene.read("activation.json"))

    def forge(signed=True, **changes):
        scene.write("activation.json", json.dumps(dict(good, **changes), indent=2, sort_keys=True, ensure_ascii=True) + "\n")
        if signed:
            for name in [n for n in os.listdir(scene.folder) if n.startswith("activation.json.")]:
                os.remove(scene.path(name))
            scene.sign("ben", "activation.json")
        return export(scene, changes.get("batch", "run-1"), "mosquitto", "x", "--plain", "--only", "activation.json", check=None)

    refused(forge(False, done=[0, 1, 2]), 1, "minisig-signature")
    refused(forge(manifest_sha256="00" * 32), 1, "activation-manifest")
    refused(forge(org="other"), 1, "activation-manifest")
    refused(forge(done=[0, 3]), 1, "activation-manifest")
    refused(forge(trust=2), 1, "activation-trust")
    scene.make_batch("dry", PROFILE_PLAIN, [imei(60)], "--rehearsal")
    digest = hashlib.sha256(scene.read("dry", "manifest.json")).hexdigest()
    refused(forge(batch="dry", manifest_sha256=digest, done=[0]), 1, "activation-rehearsal")
    expect(not os.path.exists(scene.path("x")), "nothing written")
    expect(forge().code == 0, "the true one is taken")


def one_officer_is_not_two(scene):
    scene.make_org(grant=2)
    scene.make_batch("run-1", PROFILE_PLAIN, [imei(0)])
    scene.sign("ben", "grant-run-1")
    scene.ingest("run-1", "grant-run-1")
    scene.provision(scene.modem(imei(0)))
    scene.export("log")
    activate(scene, "run-1")
    refused(export(scene, "run-1", "mosquitto", "-", "--only", "activation.json", check=1), 1, "signature-threshold")
    refused(accept(scene, "run-1", check=1), 1, "signature-threshold")
    scene.sign("carla", "activation.json")
    accept(scene, "run-1")
    expect(export(scene, "run-1", "mosquitto", "-").out.startswith("nrf-"), "two are")


def next_trust(scene, *options):
    scene.office("trust", "next", "--from", "trust.json", "--out", "trust2.json", *options)
    for officer in ("ben", "carla"):
        scene.sign(officer, "trust2.json")
    return ("export", "--office", "office", "--trust", "trust2.json", "--batch", "run-1", "--format", "mosquitto", "--out", "-")


def an_officer_who_left_did_sign(scene):
    produce(scene, PROFILE_PLAIN, officer="ben")
    scene.office("keygen", "officer", "dora", "--out", "officers", "--no-passphrase")
    args = next_trust(scene, "--retire", "anna", "--officer", "officers/dora.pub")
    expect(scene.office(*args, "--only", "activation.json").out.count("\n") == 2, "the batch that anna signed is still good")


def a_compromised_officer_did_not(scene):
    produce(scene, PROFILE_PLAIN, officer="ben")
    args = next_trust(scene, "--compromised", "anna", "--accept-no-spare")
    refused(scene.office(*args, "--only", "activation.json", check=1), 1, "signature-threshold")


def nobody_done_is_nothing_to_export(scene):
    produce(scene, PROFILE_PLAIN, 1, 0)
    refused(export(scene, "run-1", "mosquitto", "x", "--plain", "--only", "activation.json", check=1), 1, "export-empty")


def a_tag_must_be_chosen(scene):
    devices, modems = produce(scene, PROFILE_TWO, 1, 1)
    only = ("--only", "activation.json")
    refused(export(scene, "run-1", "mosquitto", "-", *only, check=1), 1, "export-tag")
    refused(export(scene, "run-1", "mosquitto", "-", *only, "--tag", "44", check=1), 1, "export-tag")
    out = export(scene, "run-1", "mosquitto", "-", *only, "--tag", "43").out
    expect(out == "b-%s:%s\n" % (devices[0], scene.slot(modems[0], 43, 3).decode()), "tag 43")


def accepted_devices_need_no_file(scene):
    devices, modems = produce(scene, PROFILE_PLAIN)
    shutil.copytree(scene.path("log"), scene.path("log-1"))
    result = accept(scene, "run-1", "--log", "log")
    expect(result.out == "batch run-1: 2 of 3 devices accepted as done, 1 log, 0 close-outs\n", result.out)
    first = export(scene, "run-1", "mosquitto", "-").out
    expect(first.count("\n") == 2, "what was accepted")
    accept(scene, "run-1", "--log", "log")
    for name in [n for n in os.listdir(scene.folder) if n.startswith("activation.json")]:
        shutil.copy(scene.path(name), scene.path("old-" + name))
    scene.provision(scene.modem(devices[2]))
    scene.line("close", "--home", "line1", "--batch", "run-1", "--yes")
    shutil.rmtree(scene.path("log"))
    scene.export("log")
    activate(scene, "run-1")
    result = accept(scene, "run-1", "--log", "log")
    expect("3 of 3" in result.out and "1 close-out\n" in result.out, result.out)
    expect(export(scene, "run-1", "mosquitto", "-").out.count("\n") == 3, "three now")
    refused(accept(scene, "run-1", "--log", "log-1", check=1), 1, "accept-rollback")
    old = ("accept", "--office", "office", "--trust", "trust.json", "--batch", "run-1", "--activation", "old-activation.json")
    refused(scene.office(*old, check=1), 1, "accept-fewer")
    expect(export(scene, "run-1", "mosquitto", "-").out.count("\n") == 3, "still three")
    scene.office(*old, "--withdraw")
    expect(export(scene, "run-1", "mosquitto", "-").out == first, "two again")


def a_rewritten_log_is_seen(scene):
    devices, modems = produce(scene, PROFILE_PLAIN)
    shutil.copytree(scene.path("line1"), scene.path("twin"))
    refused(accept(scene, "run-1", "--log", "log", "--log", "log", check=1), 1, "accept-station")
    scene.provision(scene.modem(devices[2]))
    scene.export("log-2")
    accept(scene, "run-1", "--log", "log-2")
    # The same station with an old copy of its home, gone on from there another way: every signature is good.
    for number in (900, 901, 902):
        scene.provision(scene.modem(imei(number)), home="twin", check=1)
    scene.export("log-3", home="twin")
    expect(scene.read("log-3", "entries.jsonl").count(b"\n") > scene.read("log-2", "entries.jsonl").count(b"\n"), "longer")
    refused(accept(scene, "run-1", "--log", "log-3", check=1), 1, "accept-fork")
    scene.write("log-2/entries.jsonl", scene.read("log-2", "entries.jsonl").replace(b'"type":"end"', b'"type":"End"', 1))
    refused(accept(scene, "run-1", "--log", "log-2", check=1), 1, "entry-form")


def shown(scene):
    return json.loads(scene.office("ledger", "show", "--office", "office", "--json").out)


def two_stations(scene):
    """A batch of two lots, one a station, each done but for one device and closed out; an activation of both, and their logs."""
    scene.make_org(stations=("line1", "line2"))
    scene.compile("run-1", PROFILE_PLAIN, ["%s,wo-%d" % (imei(i), i % 2 + 1) for i in range(6)], header="imei,lot")
    for officer in "anna", "ben":
        scene.sign(officer, "run-1")
    papers = ["--trust", "trust.json", "--batch", "run-1"]
    for n in 1, 2:
        scene.make_grant("run-1", stations=("line%d" % n,), folder="grant-%d" % n, lots=("--lot", "wo-%d" % n))
        scene.ingest("run-1", "grant-%d" % n, home="line%d" % n)
        scene.provision(*[scene.modem(imei(i)) for i in (n - 1, n + 1)], home="line%d" % n)
        scene.export("short-%d" % n, home="line%d" % n)
        scene.line("close", "--home", "line%d" % n, "--batch", "run-1", "--yes")
        scene.export("log-%d" % n, home="line%d" % n)
        papers += ["--grant", "grant-%d" % n, "--log", "log-%d" % n]
    scene.audit("reconcile", *papers, "--activation", "activation.json")
    scene.sign("anna", "activation.json")


def two_stations_return(scene):
    two_stations(scene)
    backup = scene.read("office", "ledger.sqlite")
    result = accept(scene, "run-1", "--log", "log-1", "--log", "log-2")
    expect(result.out == "batch run-1: 4 of 6 devices accepted as done, 2 logs, 2 close-outs\n", result.out)
    noted = shown(scene)
    expect([(c["station"], c["lot"], c["grant"], c["done"], c["unused"]) for c in noted["closeouts"]] ==
           [("line1", "wo-1", 1, 2, 1), ("line2", "wo-2", 2, 2, 1)], noted["closeouts"])
    expect(noted["accepted"][0]["done"] == 4, noted["accepted"])
    # again, in another order, one alone, none: nothing changes
    for logs in ("log-1", "log-2"), ("log-2", "log-1"), ("log-2",), ():
        accept(scene, "run-1", *[w for log in logs for w in ("--log", log)])
        expect(shown(scene) == noted, "accepting %s again changed the ledger" % (logs,))
    # one good log, one that is shorter than what was accepted: nothing of either is noted
    refused(accept(scene, "run-1", "--log", "log-1", "--log", "short-2", check=1), 1, "accept-rollback")
    expect(shown(scene) == noted, "a refused log changed the ledger")
    scene.write("office/ledger.sqlite", backup)
    before = shown(scene)
    accept(scene, "run-1", "--log", "short-2")
    expect(shown(scene)["closeouts"] == [], "what the log does not say yet")
    accept(scene, "run-1", "--log", "log-1", "--log", "log-2")
    expect(shown(scene)["closeouts"] == noted["closeouts"], "the longer logs go on from the shorter")
    scene.office("ledger", "verify", "--office", "office", "--batch", "run-1")
    scene.write("office/ledger.sqlite", backup)
    refused(accept(scene, "run-1", "--log", "log-1", "--log", "log-1", check=1), 1, "accept-station")
    refused(accept(scene, "run-1", "--log", "nowhere", check=2), 2, "file-open")
    expect(shown(scene) == before, "a refused log changed the ledger")


def strange_logs_are_refused(scene):
    """Of another org, of a station that only has the name, with a checkpoint of another station, or closing out what nobody granted."""
    two_stations(scene)
    before = shown(scene)
    scene.line("enroll", "--home", "their", "--org", "other", "--name", "line1")
    scene.line("enroll", "--home", "namesake", "--org", "acme", "--name", "line1")
    for home, code in ("their", "accept-station"), ("namesake", "note-unsigned"):
        scene.export("log-" + home, home=home)
        refused(accept(scene, "run-1", "--log", "log-" + home, check=1), 1, code)
    shutil.copy(scene.path("log-2", "checkpoint"), scene.path("short-1", "checkpoint"))
    refused(accept(scene, "run-1", "--log", "short-1", check=1), 1, "log-short")
    expect(shown(scene) == before, "a refused log changed the ledger")
    # an office whose ledger is an older copy knows nothing of the second grant
    db = sqlite3.connect(scene.path("office", "ledger.sqlite"))
    for table in "grants", "grant_lots", "grant_stations":
        db.execute("DELETE FROM %s WHERE serial = 2" % table)
    db.commit()
    db.close()
    before = shown(scene)
    refused(accept(scene, "run-1", "--log", "log-1", "--log", "log-2", check=1), 1, "accept-closeout")
    expect(shown(scene) == before and before["accepted"] == [], "half of it was noted")
    accept(scene, "run-1", "--log", "log-1")


def an_opening_proves_a_device_by_sha256sum(scene):
    devices, modems = produce(scene, PROFILE_PLAIN)
    args = ("extract", "--office", "office", "--trust", "trust.json", "--batch", "run-1")
    result = scene.office(*args, "--imei", devices[1], "--opening", "opening")
    digest = scene.tool("sha256sum", "opening").stdout.decode().split()[0]
    index = int(result.out.split()[1])
    stride = json.loads(scene.read("run-1", "manifest.json"))["stride"]
    record = scene.read("run-1", "records-000.bin")[index * stride:(index + 1) * stride]
    expect(record[48:80].hex() == digest and digest in result.out, result.out)
    lines = scene.read("opening").decode().splitlines()
    expect(lines[2] == "imei " + devices[1], "the device")
    key = scene.slot(modems[1], 42, 3)
    expect("42,3," + hashlib.sha256(key).hexdigest() in lines, "its PSK's digest")
    expect(stat.S_IMODE(os.stat(scene.path("opening")).st_mode) == 0o600, "mode")
    expect(lines[1] not in result.out + result.err, "the blind is not said")
    refused(scene.office(*args, "--imei", devices[1], "--opening", "opening", check=2), 2, "file-exists")
    refused(scene.office(*args, "--imei", imei(999), "--opening", "x", check=1), 1, "unseal-imei")
    refused(scene.office(*args, "--imei", "123", "--opening", "x", check=1), 1, "imei-length")
    expect(not os.path.exists(scene.path("x")), "nothing written")


main(a_broker_takes_the_devices_that_are_done, a_server_takes_a_provisioned_certificate, certificates_for_the_clouds,
     a_thousand_rows_a_file, psks_for_others, emqx_takes_psks_of_text, secrets_go_where_they_may, little_memory_seals_any_number,
     a_full_disk_leaves_nothing, superseded_devices_are_left_out, only_what_is_proven,
     forged_activations_are_refused, one_officer_is_not_two, an_officer_who_left_did_sign,
     a_compromised_officer_did_not,
     nobody_done_is_nothing_to_export, a_tag_must_be_chosen, accepted_devices_need_no_file, a_rewritten_log_is_seen, two_stations_return,
     strange_logs_are_refused,
     an_opening_proves_a_device_by_sha256sum)
