# SPDX-License-Identifier: ISC
"""A second machine makes a batch again from CSV, profile and seed: equal to the last byte, or the difference is named."""
import base64
import hashlib
import json
import os
import shutil

from verifier import sealed
from scene import PROFILE_PSK, PROFILE_X509, TOP, expect, imei, main

GOLDEN = os.path.join(TOP, "tests", "vectors", "golden")
SECTIONS_PSK = PROFILE_PSK[:PROFILE_PSK.index("policy")]
PROFILE_COLUMN = """
credential psk      { tag = 42  type = psk       column = "psk" }
credential identity { tag = 42  type = identity  template = "urn:imei:{imei}" }
"""
PROFILES = {"psk": PROFILE_PSK, "x509": PROFILE_X509, "both": SECTIONS_PSK + PROFILE_X509}


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def make(scene, name, profile, devices, *options, header="imei"):
    if not os.path.exists(scene.path("office")):
        scene.make_org()
    if "issued" in profile and not os.path.exists(scene.path("ca")):
        scene.make_ca()
    if "issued" in profile:
        options += ("--ca", "ca")
    return scene.compile(name, profile, devices, "--lot-size", "20", *options, header=header)


def rebuild(scene, name, *options, master=None, check=None, ca=True):
    args = ["rebuild", "--office", "office", "--batch", name, "--profile", name + ".conf", "--csv", name + ".csv",
            "--master", master or "office/batches/%s/master.age" % name, "--json"]
    if ca and os.path.exists(scene.path("ca")):
        args += ["--ca", "ca/ca.pem"]
    return scene.office(*args, *options, check=check)


def refused(scene, name, code, place=None, says=None, **kwargs):
    result = rebuild(scene, name, check=1, **kwargs)
    fault = json.loads(result.out)
    expect(fault["code"] == code, "%s instead of %s: %s" % (fault["code"], code, fault))
    expect(place is None or place in str(fault), "%s is not in %s" % (place, fault))
    expect(says is None or says in fault["text"], "%s is not in %s" % (says, fault["text"]))
    return fault


def contents(scene, folder):
    return {name: scene.read(folder, name) for name in os.listdir(scene.path(folder))}


def test_equal(scene):
    for name, profile in PROFILES.items():
        tac = {"psk": "00101400", "x509": "00101401", "both": "00101402"}[name]
        make(scene, name, profile, [imei(i, tac) for i in range(50)], "--threads", "3")
        before = contents(scene, name)
        if os.path.exists(scene.path("ca", "ca.key")):
            os.rename(scene.path("ca", "ca.key"), scene.path("away.key"))  # the second machine has no CA key
        for threads in "1", "2", "4":
            result = json.loads(rebuild(scene, name, "--threads", threads, check=0).out)
            expect(result["equal"] and result["devices"] == 50, "not equal: %s" % result)
            expect(result["manifest_sha256"] in before["SHA256SUMS"].decode(), "another manifest")
        if os.path.exists(scene.path("away.key")):
            os.rename(scene.path("away.key"), scene.path("ca", "ca.key"))
        expect(contents(scene, name) == before, "rebuild wrote to the folder")


def test_no_ca(scene):
    make(scene, "b", PROFILE_X509, [imei(1)])
    fault = json.loads(rebuild(scene, "b", check=2, ca=False).out)
    expect(fault["code"] == "ca-needed", fault["code"])
    # another CA of the same name and kind
    scene.office("ca", "new", "--out", "ca2", "--subject", "O=Example,CN=Example CA", "--days", 7300, "--no-passphrase")
    shutil.copy(scene.path("ca2", "ca.pem"), scene.path("ca", "ca.pem"))
    refused(scene, "b", "rebuild-record", "index 0", "CA's signature")


def test_records(scene):
    """One byte of each part, in the first, a middle and the last record."""
    make(scene, "b", PROFILES["both"], [imei(i) for i in range(25)])
    flip_records(scene, {60, 90})  # where certificates must be taken from a record it must open first
    shutil.rmtree(scene.path("b"))
    shutil.rmtree(scene.path("office"))
    shutil.rmtree(scene.path("ca"))
    scene.office("keygen", "office", "--out", "office", "--no-passphrase")
    make(scene, "b", PROFILE_PSK, [imei(i) for i in range(25)])
    flip_records(scene, set())


def flip_records(scene, sealed):
    stride, good = json.loads(scene.read("b", "manifest.json"))["stride"], scene.read("b", "records-000.bin")
    parts = {0: "the tag", 20: "the key commitment", 60: "the state commitment", 90: "the nonce",
             200: "the sealed part", stride - 1: "the sealed part"}
    for index in 0, 12, 24:
        for at, part in parts.items():
            bad = bytearray(good)
            bad[index * stride + at] ^= 1
            scene.write("b/records-000.bin", bytes(bad))
            fault = refused(scene, "b", "rebuild-record", "b: index %d" % index,
                            "the sealed part" if at in sealed else part)
            expect("in lot lot-00%d" % (index // 20 + 1) in fault["text"], fault["text"])
    scene.write("b/records-000.bin", good + b"x")
    refused(scene, "b", "rebuild-files", "records-000.bin")
    scene.write("b/records-000.bin", good[:-1])
    refused(scene, "b", "rebuild-files", "records-000.bin")
    scene.write("b/records-000.bin", good)
    rebuild(scene, "b", check=0)


def test_csv(scene):
    psks = ["%032x" % (i + 0x1234567890abcdef1234567890abcdef) for i in range(25)]
    devices = ["%s,%s" % (imei(i), psks[i]) for i in range(25)]
    make(scene, "b", PROFILE_COLUMN, devices, header="imei,psk")
    good = scene.read("b.csv")
    rebuild(scene, "b", check=0)
    scene.write("b.csv", good.replace(psks[7].encode(), b"f" + psks[7][1:].encode()))
    fault = refused(scene, "b", "rebuild-record", "b.csv:9 ")
    expect(psks[7][1:] not in json.dumps(fault), "a PSK was said")
    scene.write("b.csv", good.replace(imei(3).encode(), imei(300).encode()))
    refused(scene, "b", "rebuild-record", None, "the tag")
    scene.write("b.csv", good + ("%s,%s\n" % (imei(77), "77" * 16)).encode())
    refused(scene, "b", "rebuild-manifest", None, "count ")
    scene.write("b.csv", b"".join(reversed(good.splitlines(True)[1:])))
    scene.write("b.csv", good.splitlines(True)[0] + scene.read("b.csv"))
    refused(scene, "b", "rebuild-record")


def test_profile(scene):
    make(scene, "b", PROFILE_PSK, [imei(i) for i in range(5)])
    good = scene.read("b.conf").decode()
    for old, new, code, says in (
            ("log_unit = true", "log_unit = false", "rebuild-manifest", "policy "),
            ("tag = 42", "tag = 43", "rebuild-manifest", "policy "),
            ("urn:imei:", "urn:imej:", "rebuild-record", "the state commitment"),
            ("bytes = 32", "bytes = 31", "rebuild-record", "the state commitment"),
            ("credential psk", "title = \"T\"\ncredential psk", "rebuild-plan", "the plan")):
        scene.write("b.conf", good.replace(old, new))
        fault = refused(scene, "b", code)
        expect(says in fault["text"], "%s is not in %s" % (says, fault["text"]))


def test_manifest(scene):
    """Every line of a manifest: changed, it is named, or it is what master.age says otherwise."""
    make(scene, "b", PROFILE_PSK, [imei(i) for i in range(25)])
    good, sums = scene.read("b", "manifest.json").decode(), scene.read("b", "SHA256SUMS").decode()
    for old, new, code, says in (
            ('"seq": 1', '"seq": 2', "rebuild-master", ""),
            ('"gapseal 0', '"gapseal 1', "rebuild-master", ""),
            ('"purpose": "production"', '"purpose": "rehearsal"', "rebuild-master", ""),
            ('"attempts": 3', '"attempts": 4', "rebuild-manifest", "policy "),
            ('"name": "lot-001"', '"name": "lot-00a"', "rebuild-manifest", "lots ")):
        expect(old in good, old)
        scene.write("b/manifest.json", good.replace(old, new))
        if code == "rebuild-master":  # whoever changes such a thing changes SHA256SUMS beside it too
            refused(scene, "b", "sums-differ")
            scene.write("b/SHA256SUMS", sums.replace(sha256(good), sha256(good.replace(old, new))))
        fault = refused(scene, "b", code)
        expect(code == "rebuild-master" or says in fault["text"], fault)
        scene.write("b/SHA256SUMS", sums)
    fields = json.loads(good)
    for key in "root", "check", "sha256":
        value = {"root": fields["root"], "check": fields["lots"][1]["check"], "sha256": fields["files"][0]["sha256"]}[key]
        scene.write("b/manifest.json", good.replace(value, value[:-1] + ("0" if value[-1] != "0" else "1")))
        fault = json.loads(rebuild(scene, "b", check=1).out)
        expect({"root": "root ", "check": "lot-002", "sha256": "files "}[key] in fault["text"], fault)
    scene.write("b/manifest.json", good)
    make(scene, "c", PROFILE_PSK, [imei(i) for i in range(30, 55)])
    fault = json.loads(rebuild(scene, "b", master="office/batches/c/master.age", check=1).out)
    expect(fault["code"] == "rebuild-lot", fault["code"])


def with_fds(scene, files, *args, check=0):
    fds = [os.open(scene.path(f), os.O_RDONLY) for f in files]
    try:
        words = [w for fd in fds for w in ("--seed-share-fd", str(fd))]
        return scene.run("gapseal", *args, *words, check=check, pass_fds=fds)
    finally:
        for fd in fds:
            os.close(fd)


def test_shares(scene):
    scene.make_org()
    for officer in "anna", "ben", "carla":
        scene.office("keygen", "share", "--out", officer + ".share")
        expect(os.stat(scene.path(officer + ".share")).st_mode & 0o777 == 0o600, "a share others may read")
    scene.write("b.conf", PROFILE_COLUMN)
    scene.write("b.csv", "imei,psk\n%s,%s\n" % (imei(1), "ab12" * 8))
    compile = ["compile", "--office", "office", "--trust", "trust.json", "--profile", "b.conf", "--csv", "b.csv", "--id", "b",
               "--out", "b", "--no-escrow", "--json"]
    plan = ["plan", "--trust", "trust.json", "--profile", "b.conf", "--csv", "b.csv", "--id", "b", "--json"]
    again = ["rebuild", "--batch", "b", "--profile", "b.conf", "--csv", "b.csv", "--json"]
    share = scene.read("anna.share")
    scene.write("part.share", share[:40])
    scene.write("large.share", share.upper() if share.upper() != share else b"A" * 64)
    scene.write("dos.share", share[:64] + b"\r\n")
    scene.write("long.share", share[:64] * 40)
    scene.write("empty.share", b"")
    refusals = ((["anna.share"], "seed-shares"), (["anna.share", "anna.share"], "seed-share-twice"),
                (["anna.share", "ben.share", "anna.share"], "seed-share-twice"), (["anna.share", "b.csv"], "seed-form"),
                (["ben.share", "part.share"], "seed-form"), (["ben.share", "large.share"], "seed-form"),
                (["ben.share", "dos.share"], "seed-form"), (["ben.share", "long.share"], "seed-read"),
                (["empty.share", "ben.share"], "seed-empty"))
    for command in compile, plan:
        for files, code in refusals:
            fault = json.loads(with_fds(scene, files, *command, check=2).out)
            expect(fault["code"] == code, "%s instead of %s" % (fault["code"], code))
            expect(share[:30].decode() not in str(fault), "a share was said")
    fault = json.loads(scene.run("gapseal", *compile, "--seed-share-fd", "55", "--seed-share-fd", "56", check=2).out)
    expect((fault["code"], fault["where"]) == ("seed-read", "descriptor 55"), fault)
    expect(not os.path.exists(scene.path("b")), "a compile that was refused left a folder")
    made = json.loads(with_fds(scene, ["anna.share", "ben.share"], *compile).out)
    expect(made["seq"] == 1, "a compile that was refused took a number")
    for files, code in refusals:
        expect(json.loads(with_fds(scene, files, *again, check=2).out)["code"] == code, code)
    for order in ["anna.share", "ben.share"], ["ben.share", "anna.share"]:
        expect(json.loads(with_fds(scene, order, *again).out)["equal"], "not equal")
        shown = json.loads(with_fds(scene, order, *plan).out)
        expect(shown["plan_sha256"] == made["plan_sha256"] and shown["keyed"], "another plan")
        expect(len(shown["words"].split()) == 8, shown["words"])
    # both in one file, one behind the other
    scene.write("both.share", share + scene.read("ben.share"))
    with open(scene.path("both.share"), "rb", buffering=0) as both:
        words = ["--seed-share-fd", str(both.fileno())] * 2
        expect(json.loads(scene.run("gapseal", *again, *words, check=0, pass_fds=[both.fileno()]).out)["equal"], "not equal")
    for wrong in ["anna.share", "carla.share"], ["anna.share", "ben.share", "carla.share"]:
        fault = json.loads(with_fds(scene, wrong, *again, check=1).out)
        expect(fault["code"] == "rebuild-lot", fault["code"])
        expect(json.loads(with_fds(scene, wrong, *plan).out)["plan_sha256"] != made["plan_sha256"], "the same plan")
    shown = json.loads(scene.office(*plan).out)
    expect(shown["plan_sha256"] == "" and shown["words"] == "" and shown["keyed"], "a hash without the seed")
    expect("ab12" not in json.dumps(shown), "the plan shows a secret")
    text = scene.office(*plan[:-1]).out
    expect("none without the seed" in text, text)
    master = scene.office(*plan, "--office", "office", "--master", "office/batches/b/master.age")
    expect(json.loads(master.out)["plan_sha256"] == made["plan_sha256"] and "compiled from this plan" in master.err, master.err)


PROFILE_SHAPES = """
credential server-root { tag = 77  type = ca  files = {"root.pem"} }
credential their-root  { tag = 77  type = ca  files = {"other.pem"}  lots = {"wo-1"} }
credential cert { tag = 77  type = cert  from = issued  cn = "nrf-{imei}"  days = 900  chain = true  line_ending = crlf }
credential key  { tag = 77  type = key   from = generated }
credential theirs { tag = 78  type = cert  from = path }
credential with   { tag = 78  type = key   from = path  password_column = "key_password" }
credential psk      { tag = 42  type = psk       column = "psk" }
credential short    { tag = 42  type = psk       from = derived  bytes = 16  lots = {"wo-1"} }
credential identity { tag = 42  type = identity  template = "urn:imei:{imei}" }
credential old      { tag = 94  type = psk  from = delete }
"""


def openssl(scene, *args):
    return scene.tool("openssl", *args)


def make_chain(scene, folder, issuer="root-ca"):
    """An issuing CA below a root, its file with both, by stock OpenSSL."""
    new = ("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj")
    os.mkdir(scene.path(folder))
    if not os.path.exists(scene.path(issuer + ".pem")):
        openssl(scene, *new, "/O=Acme/CN=Root", "-x509", "-days", 7000, "-keyout", issuer + ".key", "-out", issuer + ".pem")
    openssl(scene, *new, "/O=Acme/CN=Issuing", "-keyout", folder + "/ca.key", "-out", "int.csr")
    scene.write("int.ext", "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n")
    openssl(scene, "x509", "-req", "-in", "int.csr", "-CA", issuer + ".pem", "-CAkey", issuer + ".key", "-CAcreateserial", "-days", 6000,
            "-extfile", "int.ext", "-out", "int.pem")
    os.chmod(scene.path(folder, "ca.key"), 0o600)
    scene.write(folder + "/ca.pem", scene.read("int.pem") + scene.read(issuer + ".pem"))


def shapes_rows(scene, first, count):
    rows = []
    for i in range(first, first + count):
        openssl(scene, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "plain.key", "-out",
                "c%d.pem" % i, "-subj", "/CN=d%d" % i, "-days", 6000)
        openssl(scene, "pkcs8", "-topk8", "-in", "plain.key", "-out", "k%d.pem" % i, "-passout", "pass:word-%d" % i)
        os.chmod(scene.path("k%d.pem" % i), 0o600)
        rows.append("%s,wo-%d,%s,c%d.pem,k%d.pem,word-%d" % (imei(i), i % 3, sha256("psk %d" % i), i, i, i))
    return rows


def test_shapes(scene):
    """A chain, certificates from files, lots of their own kind, a superseding batch, a rehearsal: equal on any number of threads, and
    the first difference named on each."""
    scene.make_org()
    make_chain(scene, "ca")
    make_chain(scene, "ca-2")
    shutil.copy(scene.path("root-ca.pem"), scene.path("root.pem"))
    openssl(scene, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "o.key", "-out", "other.pem",
            "-subj", "/CN=Other", "-days", 6000)
    header, rows = "imei,lot,psk,client_cert,client_key,key_password", shapes_rows(scene, 0, 12)
    for name, some, options in (("b", rows, ()), ("c", rows[1:], ("--supersede", "b:all", "--reason", "a row too many")),
                                ("r", rows, ("--rehearsal",))):
        scene.compile(name, PROFILE_SHAPES, some, "--ca", "ca", "--threads", 2, *options, header=header)
        for threads in 1, 2, 5:
            result = json.loads(rebuild(scene, name, "--threads", threads, check=0).out)
            expect(result["equal"] and result["devices"] == len(some), result)
    expect(json.loads(scene.read("c", "manifest.json"))["supersedes"][0]["all"], "supersedes nothing")
    good = {n: scene.read(n) for n in ("b.csv", "b.conf", "b/manifest.json", "b/records-000.bin", "c7.pem", "other.pem", "ca/ca.pem")}

    def differs(name, text, code, says, place=None):
        faults = set()
        for threads in 1, 2, 5:
            scene.write(name, text)
            result = rebuild(scene, "b", "--threads", threads, check=1)
            faults.add(result.out)
            fault = json.loads(result.out)
            expect(fault["code"] == code and says in fault["text"] and (place or "") in fault["where"], "%s: %s" % (says, fault))
        expect(len(faults) == 1, "threads decide what differs: %s" % faults)
        scene.write(name, good[name])

    csv, conf = good["b.csv"].decode(), good["b.conf"].decode()
    index = {d: i for i, d in enumerate(records_order(scene, "b"))}
    # a PSK, a lot, a device of the CSV
    differs("b.csv", csv.replace(sha256("psk 5"), sha256("psk 500")), "rebuild-record", "b.csv:7 ", "index %d" % index[imei(5)])
    expect(sha256("psk 500") not in b"".join(scene.said).decode(), "a PSK was said")
    differs("b.csv", csv.replace(imei(4) + ",wo-1", imei(4) + ",wo-2"), "rebuild-manifest", "lots ")
    differs("b.csv", csv.replace(imei(4), imei(400)), "rebuild-record", "the tag")
    differs("b.csv", csv.replace("word-7", "word-8"), "lint", "")
    # a certificate of a file, the other root of one lot
    openssl(scene, "pkey", "-in", "k7.pem", "-passin", "pass:word-7", "-out", "plain.key")
    openssl(scene, "req", "-x509", "-key", "plain.key", "-subj", "/CN=d7", "-days", 6001, "-out", "again.pem")
    differs("c7.pem", scene.read("again.pem"), "rebuild-record", "b.csv:9 ", "index %d" % index[imei(7)])
    differs("other.pem", good["ca/ca.pem"], "rebuild-manifest", "common ")
    # the profile
    differs("b.conf", conf.replace("days = 900", "days = 901"), "rebuild-record", "the CA's signature")
    differs("b.conf", conf.replace("chain = true", "chain = false"), "rebuild-manifest", "stride ")
    differs("b.conf", conf.replace("bytes = 16", "bytes = 17"), "rebuild-record", "in lot wo-1")
    differs("b.conf", conf.replace('lots = {"wo-1"} }\ncredential identity', 'lots = {"wo-2"} }\ncredential identity'), "rebuild-record",
            "in lot wo-")
    # another CA of the same name, under the same root
    differs("ca/ca.pem", scene.read("ca-2", "ca.pem"), "rebuild-record", "the CA's signature")
    # another seed
    refused(scene, "b", "rebuild-lot", master="office/batches/c/master.age")
    # one byte of the records, wherever it is
    stride = json.loads(good["b/manifest.json"])["stride"]
    for at in 0, 5 * stride + 3, 7 * stride + 500, 12 * stride - 1:
        bad = bytearray(good["b/records-000.bin"])
        bad[at] ^= 16
        differs("b/records-000.bin", bytes(bad), "rebuild-record", "", "index %d" % (at // stride))
    # two at once: the lower index is named
    bad[3 * stride + 200] ^= 1
    differs("b/records-000.bin", bytes(bad), "rebuild-record", "", "index 3")
    rebuild(scene, "b", check=0)


def opened(scene, name):
    """What an office sees of its batch: for each record lot, index, root of its keys, and its bytes."""
    master = scene.tool("age", "-d", "-i", "office/identity", "office/batches/%s/master.age" % name).stdout
    fields, data = json.loads(scene.read(name, "manifest.json")), scene.read(name, "records-000.bin")
    k_batch = sealed.batch_key(master[82:], master[50:82])
    for number, lot in enumerate(fields["lots"]):
        k_lot = sealed.kdf(32, k_batch, number, "gs-lot__")
        for index in range(lot["first"], lot["first"] + lot["count"]):
            record = data[index * fields["stride"]:(index + 1) * fields["stride"]]
            yield fields, number, index, sealed.kdf(32, k_lot, index, "gs-rec__"), record


def records_order(scene, name):
    """The IMEIs by index."""
    return [sealed.open_record(fields, lot, index, record, root)[1:16].decode() for fields, lot, index, root, record in opened(scene, name)]


def sealed_again(fields, lot, index, root, record, plain):
    """A record of other contents that opens, and whose head belongs to what is inside."""
    aead, nonce_key, blind, commitment = sealed.record_keys(root)
    device, steps = sealed.contents(plain)
    slots = [(tag, kind, fields["common"][content]["digest"] if isinstance(content, int) else hashlib.sha256(content).hexdigest())
             for tag, kind, content in sorted(steps, key=lambda step: step[:2])]
    state = hashlib.sha256(sealed.state_text(blind, device, slots).encode()).digest()
    head = record[:48] + state
    associated = sealed.associated_data(fields, lot, index, head)
    sizes = [len(x).to_bytes(8, "little") for x in (associated, plain)]
    nonce = sealed.blake(24, nonce_key, sizes[0], associated, sizes[1], plain)
    blocks = sealed.stream(aead, nonce, 1 + (len(plain) + 63) // 64)
    text = bytes(a ^ b for a, b in zip(plain, b"".join(blocks[1:])))
    lengths = len(associated).to_bytes(8, "little") + len(text).to_bytes(8, "little")
    tag = sealed.poly1305(blocks[0][:32], sealed.padded(associated) + sealed.padded(text) + lengths)
    return head + nonce + text + tag


def test_signature(scene):
    """A record that opens, and whose certificate the CA did not sign: whoever made it had the seed and not the CA."""
    make(scene, "b", PROFILE_X509, [imei(i) for i in range(8)])
    good, (fields, lot, index, root, record) = scene.read("b", "records-000.bin"), list(opened(scene, "b"))[4]
    plain = sealed.open_record(fields, lot, index, record, root)
    body = plain[plain.index(b"-----BEGIN CERTIFICATE-----\n") + 28:plain.index(b"-----END CERTIFICATE-----\n")]
    der = bytearray(base64.b64decode(body))
    expect(sealed_again(fields, lot, index, root, record, plain) == record, "the same contents make another record")
    der[-1] ^= 1
    text = base64.encodebytes(bytes(der)).replace(b"\n", b"")
    text = b"".join(text[i:i + 64] + b"\n" for i in range(0, len(text), 64))
    expect(len(text) == len(body) and text != body, "another length")
    forged = sealed_again(fields, lot, index, root, record, plain.replace(body, text))
    scene.write("b/records-000.bin", good[:index * len(record)] + forged + good[(index + 1) * len(record):])
    for threads in "1", "2", "5":
        fault = json.loads(rebuild(scene, "b", "--threads", threads, check=1).out)
        expect(fault["code"] == "rebuild-record" and "index 4" in fault["where"] and "the CA's signature" in fault["text"], fault)
    scene.write("b/records-000.bin", good)
    rebuild(scene, "b", check=0)


PROFILE_REVIEW = """
title = "Trackers of the second order"
credential server-root { tag = 77  type = ca  files = {"root.pem"} }
credential their-root  { tag = 77  type = ca  files = {"other.pem"}  lots = {"wo-1001"} }
credential cert { tag = 77  type = cert  from = path }
credential key  { tag = 77  type = key   from = path  password_column = "key_password" }
credential mine { tag = 78  type = cert  from = issued  cn = "nrf-{imei}"  days = 900  chain = true  line_ending = crlf }
credential with { tag = 78  type = key   from = generated }
credential psk      { tag = 42  type = psk       column = "psk" }
credential short    { tag = 42  type = psk       from = derived  bytes = 16  lots = {"wo-1001", "wo-1002"} }
credential identity { tag = 42  type = identity  template = "urn:imei:{imei}" }
credential a-name-that-takes-all-of-its-40-columns- { tag = 94  type = psk  from = delete }
credential theirs { tag = 95  type = psk  from = expect }
policy { families = {nrf9160, nrf91x1}  digest_forms = {exact, nul} }
"""


def test_plan(scene):
    """What two officers read to each other before a compile: everything that decides what devices get, and no secret."""
    scene.make_org()
    scene.make_ca()
    scene.tool("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "other.key", "-out",
               "other.pem", "-subj", "/CN=Other Root", "-days", "9000")
    rows, secrets = ["imei,lot,psk,client_cert,client_key,key_password"], []
    for i in range(3):
        scene.tool("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "plain.key",
                   "-out", "c%d.pem" % i, "-subj", "/CN=d%d" % i, "-days", "9000")
        scene.tool("openssl", "pkcs8", "-topk8", "-in", "plain.key", "-out", "k%d.pem" % i, "-passout", "pass:hush-%d" % i)
        os.chmod(scene.path("k%d.pem" % i), 0o600)
        psk = hashlib.sha256(b"%d" % i).hexdigest()
        secrets += [psk, "hush-%d" % i]
        rows.append("%s,wo-100%d,%s,c%d.pem,k%d.pem,hush-%d" % (imei(i), i + 1, psk, i, i, i))
    scene.write("b.conf", PROFILE_REVIEW)
    scene.write("b.csv", "\n".join(rows) + "\n")
    args = ["plan", "--trust", "trust.json", "--profile", "b.conf", "--csv", "b.csv", "--id", "b", "--ca", "ca"]
    shown = scene.office(*args)
    for line in shown.out.splitlines():
        expect(len(line) <= 80 and line == line.rstrip(), "%d columns: %r" % (len(line), line))
    ca = scene.tool("openssl", "x509", "-in", "ca/ca.pem", "-noout", "-fingerprint", "-sha256").stdout.decode().split("=")[1]
    ca = ca.strip().replace(":", "").lower()
    other = scene.read("other.pem")
    for says in ("batch b of acme\n  title    Trackers of the second order\n  devices  3, the first %s, the last %s\n" % (imei(0), imei(2)),
                 "\n  42/3 psk\n    psk            from the CSV, column psk\n                   in all other lots\n"
                 "    short          from the seed, 16 bytes\n                   only in lots wo-1001 wo-1002\n",
                 "    identity       \"urn:imei:{imei}\"\n  77/0 ca\n", "  94/3 psk\n    a-name-that-takes-all-of-its-40-columns-\n"
                 "                   deleted: empty in the end\n", "    theirs         expected: occupied, and not touched\n",
                 "    cert           in files that column client_cert of the CSV names\n",
                 "    key            in files that column client_key of the CSV names\n"
                 "                   passwords of encrypted keys in column key_password\n",
                 "    mine           issued for 900 days, CN \"nrf-{imei}\"\n                   followed by the chain of the issuing CA\n"
                 "                   lines end in CR LF\n", "    with           a P-256 key from the seed\n",
                 "\nlots: 3\n  wo-1001              1 device, with its own short their-root\n  wo-1002              1 device, with its own short\n"
                 "  wo-1003              1 device\n", "  digest_forms      exact nul\n", "  families          nrf9160 nrf91x1\n",
                 "  minimum_firmware  any\n", "none without the seed"):
        expect(says in shown.out, "%r is not in\n%s" % (says, shown.out))
    digits = "".join(shown.out.split())
    expect(ca in digits and hashlib.sha256(other).hexdigest() in digits, "a hash is not shown")
    listed = json.loads(scene.office(*args, "--json").out)
    by_name = {c["name"]: c for c in listed["credentials"]}
    expect((by_name["key"]["password"], by_name["key"]["column"]) == ("key_password", "client_key"), by_name["key"])
    expect((by_name["mine"]["chain"], by_name["mine"]["line_ending"], by_name["cert"]["line_ending"]) == (True, "crlf", "lf"), by_name)
    expect([(l["name"], l["count"]) for l in listed["lots"]] == [("wo-100%d" % i, 1) for i in (1, 2, 3)], listed["lots"])
    said = b"".join(scene.said).decode()
    expect(not [s for s in secrets if s in said], "a secret was said")
    # more lots than anybody reads aloud
    scene.write("c.conf", PROFILE_PSK)
    scene.write("c.csv", "imei,lot\n" + "".join("%s,l%d\n" % (imei(i), i) for i in range(40)))
    shown = scene.office("plan", "--trust", "trust.json", "--profile", "c.conf", "--csv", "c.csv", "--id", "c").out
    expect("lots: 40\n" in shown and "  and 20 more of together 20 devices: --json names them\n" in shown, shown)


def test_golden(scene):
    """Batches of a fixed seed, made once: whoever compiles them differently compiles everything differently."""
    names = sorted(n for n in os.listdir(GOLDEN) if os.path.isdir(os.path.join(GOLDEN, n)))
    expect(len(names) >= 3, "golden batches are missing")
    for name in names:
        folder = os.path.join(GOLDEN, name)
        for threads in "1", "3":
            args = ["rebuild", "--batch", os.path.join(folder, "batch"), "--profile", os.path.join(folder, "profile.conf"),
                    "--csv", os.path.join(folder, "devices.csv"), "--threads", threads, "--json"]
            if os.path.exists(os.path.join(folder, "ca.pem")):
                args += ["--ca", os.path.join(folder, "ca.pem")]
            result = with_fds(scene, [os.path.join(GOLDEN, "anna.share"), os.path.join(GOLDEN, "ben.share")], *args)
            expect(json.loads(result.out)["equal"], name)


if __name__ == "__main__":
    main(test_equal, test_no_ca, test_records, test_csv, test_profile, test_manifest, test_shares, test_shapes, test_signature, test_plan, test_golden)
