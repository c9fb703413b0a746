# SPDX-License-Identifier: ISC
"""Documents against the stock tools: minisign, age, sha256sum, openssl, jq, and Python's json."""
import base64
import glob
import hashlib
import json
import os
import shutil

from scene import PROFILE_X509, expect, imei, main


def public_key(scene, officer):
    return scene.read("officers", officer + ".pub").decode().splitlines()[1]


def signature_of(scene, document, officer):
    key = base64.b64decode(public_key(scene, officer))
    return "%s.%s.minisig" % (document, key[2:10][::-1].hex().upper())


def stock_minisign_accepts_ours(scene):
    scene.make_org()
    scene.make_batch()
    for document, officer, kind, name in (("trust.json", "anna", "trust", "1"), ("psk-1/manifest.json", "ben", "manifest", "psk-1"),
                                          ("grant-psk-1/grant.json", "anna", "grant", "1")):
        done = scene.tool("minisign", "-V", "-m", document, "-x", signature_of(scene, document, officer), "-P",
                          public_key(scene, officer))
        digest = hashlib.sha256(scene.read(document)).hexdigest()
        expect("gapseal %s %s sha256:%s" % (kind, name, digest) in done.stdout.decode(), done.stdout)


def ours_accept_stock_minisign(scene):
    scene.make_org()
    scene.compile("psk-1", "credential psk { tag = 1  type = psk  from = derived  bytes = 16 }\n", [imei(1)])
    digest = hashlib.sha256(scene.read("psk-1/manifest.json")).hexdigest()
    for officer in ("anna", "carla"):
        scene.tool("minisign", "-S", "-W", "-s", "officers/%s.key" % officer, "-m", "psk-1/manifest.json", "-x",
                   signature_of(scene, "psk-1/manifest.json", officer), "-t", "gapseal manifest psk-1 sha256:" + digest)
    scene.audit("verify", "--trust", "trust.json", "--batch", "psk-1")
    scene.make_grant("psk-1")
    scene.ingest("psk-1", "grant-psk-1")


def stock_minisign_with_its_own_comment_is_refused(scene):
    scene.make_org()
    scene.compile("psk-1", "credential psk { tag = 1  type = psk  from = derived  bytes = 16 }\n", [imei(1)])
    scene.tool("minisign", "-S", "-W", "-s", "officers/anna.key", "-m", "psk-1/manifest.json", "-x",
               signature_of(scene, "psk-1/manifest.json", "anna"))
    scene.sign("ben", "psk-1")
    scene.sign("carla", "psk-1")
    scene.audit("verify", "--trust", "trust.json", "--batch", "psk-1", check=1)


def stock_age_opens_our_keys(scene):
    scene.make_org()
    scene.make_batch()
    plain = scene.tool("age", "-d", "-i", "line1/identity", "grant-psk-1/keys.age").stdout
    expect(plain.startswith(b"gapseal/keys/v1\n"), plain[:16])
    expect(plain[16:48] == hashlib.sha256(scene.read("psk-1/manifest.json")).digest(), "the manifest it belongs to")
    expect(len(plain) == 16 + 32 + 1 + 4 + 36, len(plain))
    master = scene.tool("age", "-d", "-i", "office/identity", "office/batches/psk-1/master.age").stdout
    expect(master.startswith(b"gapseal/master/v1\n"), master[:18])


def we_open_keys_made_by_stock_age(scene):
    scene.make_org()
    devices = scene.make_batch()
    plain = scene.tool("age", "-d", "-i", "line1/identity", "grant-psk-1/keys.age").stdout
    grant = json.loads(scene.read("grant-psk-1/grant.json"))
    scene.tool("age", "-r", grant["stations"][0]["recipient"], "-o", "keys.new", input=plain)
    os.replace(scene.path("keys.new"), scene.path("grant-psk-1/keys.age"))
    grant["keys_sha256"] = hashlib.sha256(scene.read("grant-psk-1/keys.age")).hexdigest()
    scene.write("grant-psk-1/grant.json", json.dumps(grant, indent=2, sort_keys=True, ensure_ascii=True) + "\n")
    for old in glob.glob(scene.path("grant-psk-1/*.minisig")):
        os.remove(old)
    scene.sign("carla", "grant-psk-1")
    scene.ingest("psk-1", "grant-psk-1")
    expect(scene.provision(scene.modem(devices[0])).devices()[0]["result"] == "done", "provisioned with keys from stock age")


def sums_and_json_are_what_others_read(scene):
    scene.make_org()
    scene.make_batch()
    done = scene.tool("sh", "-c", "cd psk-1 && sha256sum -c SHA256SUMS")
    expect(done.stdout.count(b": OK") == 2, done.stdout)
    for name in ("trust.json", "psk-1/manifest.json", "grant-psk-1/grant.json"):
        text = scene.read(name).decode("ascii")
        expect(json.dumps(json.loads(text), indent=2, sort_keys=True, ensure_ascii=True) + "\n" == text, name + " is canonical")
        scene.tool("jq", "-e", ".schema", name)


def issued_certificates_verify(scene):
    scene.make_org()
    devices = scene.make_batch("x509-1", PROFILE_X509, [imei(5)])
    scene.ingest("x509-1", "grant-x509-1")
    modem = scene.modem(devices[0])
    scene.provision(modem)
    cert, key = scene.slot(modem, 16842753, 1), scene.slot(modem, 16842753, 2)
    scene.write("cert.pem", cert)
    scene.write("key.pem", key)
    scene.tool("openssl", "verify", "-CAfile", "ca/ca.pem", "-purpose", "sslclient", "cert.pem")
    text = scene.tool("openssl", "x509", "-in", "cert.pem", "-noout", "-text").stdout.decode()
    for words in ("Version: 3", "CN = nrf-" + devices[0], "CA:FALSE", "Digital Signature", "TLS Web Client Authentication",
                  "Subject Key Identifier", "Authority Key Identifier"):
        expect(words in text, words + " in\n" + text)
    public = scene.tool("openssl", "x509", "-in", "cert.pem", "-noout", "-pubkey").stdout
    expect(public == scene.tool("openssl", "pkey", "-in", "key.pem", "-pubout").stdout, "the key belongs to the certificate")
    expect(scene.slot(modem, 16842753, 0) == scene.read("ca/ca.pem"), "the CA as it was given")


def openssl_verifies_a_checkpoint(scene):
    scene.make_org()
    devices = scene.make_batch()
    scene.ingest("psk-1", "grant-psk-1")
    scene.provision(scene.modem(devices[0]))
    scene.export("log")
    note = scene.read("log/checkpoint")
    text, _, signatures = note.partition(b"\n\n")
    text += b"\n"
    station = json.loads(scene.read("trust.json"))["stations"][0]
    key = base64.b64decode(station["log_key"].split("+", 2)[2])
    blob = base64.b64decode(signatures.split(b" ")[2])
    scene.write("key.der", bytes.fromhex("302a300506032b6570032100") + key[1:])
    scene.write("text", text)
    scene.write("sig", blob[4:])
    scene.tool("openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "key.der", "-keyform", "DER", "-rawin", "-in", "text", "-sigfile", "sig")
    expect(text.split(b"\n")[0] == b"acme/line1", text)
    lines = scene.read("log/entries.jsonl").splitlines()
    expect(int(text.split(b"\n")[1]) == len(lines), "the size is the number of entries")
    expect(base64.b64decode(text.split(b"\n")[2]) == merkle(lines), "the root is the RFC 6962 root of the lines")


def merkle(leaves):
    level = [hashlib.sha256(b"\0" + leaf).digest() for leaf in leaves]
    while len(level) > 1:
        pairs = [hashlib.sha256(b"\1" + level[i] + level[i + 1]).digest() for i in range(0, len(level) - 1, 2)]
        level = pairs + ([level[-1]] if len(level) % 2 else [])
    return level[0]


def the_root_is_over_the_records(scene):
    scene.make_org()
    scene.make_batch(devices=[imei(i) for i in range(11)])
    manifest = json.loads(scene.read("psk-1/manifest.json"))
    records = scene.read("psk-1/records-000.bin")
    stride = manifest["stride"]
    expect(len(records) == stride * manifest["count"], "whole records")
    leaves = [records[i:i + stride] for i in range(0, len(records), stride)]
    expect(merkle(leaves).hex() == manifest["root"], "root")
    expect([r[:16] for r in leaves] == sorted(r[:16] for r in leaves), "sorted by tag")


def the_independent_verifier_agrees(scene):
    scene.make_org()
    devices = scene.make_batch()
    scene.ingest("psk-1", "grant-psk-1")
    scene.provision(*[scene.modem(d) for d in devices[:3]])
    scene.export("log")
    verifier = os.path.join(os.path.dirname(os.path.abspath(__file__)), "verify.py")
    done = scene.tool("python3", verifier, "trust.json", "psk-1", "grant-psk-1", "log")
    expect(b"accept" in done.stdout and b"done 3" in done.stdout, done.stdout)
    shutil.copytree(scene.path("psk-1"), scene.path("changed"))
    data = bytearray(scene.read("changed/records-000.bin"))
    data[60] ^= 1
    scene.write("changed/records-000.bin", bytes(data))
    scene.tool("python3", verifier, "trust.json", "changed", "grant-psk-1", "log", check=1)


main(stock_minisign_accepts_ours, ours_accept_stock_minisign, stock_minisign_with_its_own_comment_is_refused,
     stock_age_opens_our_keys, we_open_keys_made_by_stock_age, sums_and_json_are_what_others_read, issued_certificates_verify,
     openssl_verifies_a_checkpoint, the_root_is_over_the_records, the_independent_verifier_agrees)
