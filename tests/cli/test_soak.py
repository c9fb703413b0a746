# SPDX-License-Identifier: ISC
"""A shift: thousands of devices over sixteen ports, random faults by seed, one continuous run. Afterwards the auditor's class of
every device is held against what the device really holds."""
import collections
import hashlib
import json
import os
import random
import signal
import subprocess
import time

from scene import BUILD, PROFILE_X509, expect, imei, main

DEVICES = 2000
PORTS = 16
FAULT_RATE = 100  # of a thousand
SEED = int(os.environ.get("GAPSEAL_SOAK_SEED", "7"))
SAMPLE = 40       # certificates looked at with openssl
TAG = 16842753
# The PSK comes from the CSV, so that the test knows what every device must hold.
PROFILE_COLUMN = """
credential psk      { tag = 42  type = psk       from = column  column = "psk" }
credential identity { tag = 42  type = identity  template = "urn:imei:{imei}" }
policy { log_imei = true  attempts = 9 }
"""


def prepare(scene):
    """Two batches, the devices of which come mixed; {imei: PSK} of one, the set of the other."""
    numbers = [imei(i) for i in range(DEVICES)]
    chance = random.Random(SEED)
    psks = {number: chance.randbytes(32).hex() for number in numbers[::2]}
    scene.make_org()
    scene.make_batch("psk-1", PROFILE_COLUMN, ["%s,%s" % item for item in psks.items()], header="imei,psk")
    scene.make_batch("x509-1", PROFILE_X509.replace("policy {", "policy { attempts = 9 "), numbers[1::2])
    for batch in ("psk-1", "x509-1"):
        scene.ingest(batch, "grant-" + batch)
    scene.write("imeis", "".join(number + "\n" for number in numbers))
    return psks, numbers[1::2]


def start_line(scene):
    args = [os.path.join(BUILD, "gapseal-line"), "run", "--home", scene.path("line1"), "--json", "--command-timeout", "1300",
            "--write-timeout", "500", "--cfun-timeout", "500"]
    for i in range(PORTS):
        args += ["--port", scene.path("links", "m%02d" % (i + 1))]
    with open(scene.path("events"), "w") as events:
        return subprocess.Popen(args, stdout=events)


def shift(scene):
    """The bench's own summary, and how long it took."""
    bench = subprocess.Popen([os.path.join(BUILD, "gapseal-sim"), "bench", "--modems", str(PORTS), "--links", scene.path("links"),
                              "--imeis", scene.path("imeis"), "--state", scene.path("truth"), "--fault-rate", str(FAULT_RATE), "--seed",
                              str(SEED), "--patience-ms", "30000"], stdout=subprocess.PIPE, text=True)
    expect(bench.stdout.readline() == "ready\n", "the bench is ready")
    begun = time.monotonic()
    line = start_line(scene)
    try:
        summary = json.loads(bench.stdout.readline())
    finally:
        line.send_signal(signal.SIGTERM)
        bench.stdout.close()
        codes = bench.wait(), line.wait()
    expect(codes[0] == 0 and codes[1] in (0, 3), "exits %r" % (codes,))
    return summary, time.monotonic() - begun


def read_truth(scene):
    """{imei: {(tag, type): content}}; a device that came to the bench as a stranger is there too."""
    held, present = {}, None
    with open(scene.path("truth")) as f:
        for words in map(str.split, f):
            if words[0] == "imei":
                present = held.setdefault(words[1], {})
                present.clear()  # it came back later
            elif words[0] == "slot":
                present[int(words[1]), int(words[2])] = bytes.fromhex(words[3])
    return held


def last_words(scene):
    """{imei: the last entry the log has for it}."""
    last = {}
    with open(scene.path("log", "entries.jsonl")) as f:
        for line in f:
            entry = json.loads(line)
            if entry["type"] in ("begin", "end", "same", "refuse") and entry.get("imei"):
                last[entry["imei"]] = entry
    return last


def holds_psk(slots, number, psk):
    return slots == {(42, 3): psk.encode(), (42, 4): b"urn:imei:" + number.encode()}


def holds_certificate(scene, slots, number):
    """The CA, a certificate of that name by that CA, and the key of the certificate."""
    if set(slots) != {(TAG, 0), (TAG, 1), (TAG, 2)} or slots[TAG, 0] != scene.read("root.pem"):
        return False
    scene.write("cert.pem", slots[TAG, 1])
    scene.tool("openssl", "verify", "-CAfile", "root.pem", "cert.pem")
    subject = scene.tool("openssl", "x509", "-in", "cert.pem", "-noout", "-subject").stdout.decode()
    public = scene.tool("openssl", "x509", "-in", "cert.pem", "-noout", "-pubkey").stdout
    scene.write("key.pem", slots[TAG, 2])
    return "nrf-" + number in subject and public == scene.tool("openssl", "pkey", "-in", "key.pem", "-pubout").stdout


def a_shift_with_faults(scene):
    psks, certified = prepare(scene)
    summary, seconds = shift(scene)
    expect(summary["devices"] == DEVICES and summary["presentations"] >= DEVICES + summary["faults"], summary)
    scene.export("log")
    report = scene.reconcile(["psk-1", "x509-1"], ["log"])
    counts = report["counts"]
    held, last = read_truth(scene), last_words(scene)

    # Every device has one class, and the classes make up the batch.
    classes = ("mismatch", "duplicate", "void", "done", "same", "unresolved", "failed", "unused")
    expect(report["verdict"] == "accept" and sum(counts[key] for key in classes) == counts["devices"] == DEVICES, counts)
    good = {number for number, entry in last.items() if entry.get("result") == "done" or entry["type"] == "same"}
    expect(counts["done"] + counts["same"] == len(good), "the log says %d" % len(good))
    expect(counts["mismatch"] == counts["duplicate"] == counts["void"] == 0, counts)
    expect(len(good) >= DEVICES * 0.99, "only %d of %d devices were served" % (len(good), DEVICES))

    # What was called done is there, to the byte.
    expect(len({psk for psk in psks.values()}) == len(psks), "each PSK is its own")
    for number in good & set(psks):
        expect(holds_psk(held[number], number, psks[number]), number + " holds something else")
    keys = {hashlib.sha256(held[number][TAG, 2]).digest() for number in good & set(certified)}
    expect(len(keys) == len(good & set(certified)), "each key is its own")
    for number in random.Random(SEED).sample(sorted(good & set(certified)), SAMPLE):
        expect(holds_certificate(scene, held[number], number), number + " holds something else")

    told = collections.Counter()
    with open(scene.path("events")) as f:
        for event in map(json.loads, f):
            if event["event"] == "device":
                told[event["result"] + (" " + event["reason"] if "reason" in event else "")] += 1
    print(json.dumps({"soak": "faults", "seed": SEED, "seconds": round(seconds, 1), "ports": PORTS, "devices": summary["devices"],
                      "presentations": summary["presentations"], "faults": summary["faults"], "commands": summary["commands"],
                      "counts": counts, "events": dict(sorted(told.items()))}))


def empty_shift(scene, *options, check=0):
    """A bench without a station: every device leaves when its time is up."""
    return scene.run("gapseal-sim", "bench", "--modems", "4", "--links", "links", "--imeis", "imeis", "--patience-ms", "2", "--gap-ms",
                     "1", *options, check=check)


def the_seed_decides_who_has_a_fault(scene):
    scene.write("imeis", "".join(imei(i) + "\n" for i in range(60)))
    scene.write("faults", "# two kinds of device\n" + 'store 1,4 "red"\n\nstore 1,4 "blue"\n')
    stores = []
    for seed in (1, 1, 2):
        summary = json.loads(empty_shift(scene, "--script", "faults", "--fault-rate", "500", "--state", "truth", "--seed", seed)
                             .out.splitlines()[1])
        expect(summary["devices"] == 60 and summary["presentations"] == 60 + summary["faults"], summary)
        expect(sum(modem["devices"] for modem in summary["modems"]) == 60, "the ports add up")
        stores.append(read_truth(scene))
    expect(stores[0] == stores[1] and stores[0] != stores[2], "the same seed, the same faults")
    colours = collections.Counter(slots[1, 4].decode() if slots else "" for slots in stores[0].values())
    expect(len(stores[0]) == 60 and all(colours[key] > 5 for key in ("", "red", "blue")), colours)
    expect(len(os.listdir(scene.path("links"))) == 0, "the links are gone")
    some = json.loads(empty_shift(scene, "--devices", 7).out.splitlines()[1])
    expect((some["devices"], some["faults"]) == (7, 0), "only some, and no faults unless asked for")


def mistakes_are_found_before_the_shift(scene):
    scene.write("imeis", imei(0) + "\n")
    scene.write("short", imei(0) + "\n12345\n")
    scene.write("bad", "hijack on 1 write\nhijak on 1 write\n")
    for options, code in ((("--script", "bad"), "[sim-script]"), (("--fault-rate", "1001"), "[usage]"), (("--modems", "1"), "[usage]"),
                          (("--nonsense",), "[usage]")):
        expect(code in empty_shift(scene, *options, check=2).err, options)
    expect("bad:2" in empty_shift(scene, "--script", "bad", check=2).err, "the line is named")
    for imeis, modems, code in (("short", "1", "[sim-imei]"), ("imeis", "0", "[sim-modems]"), ("none", "1", "[file-open]")):
        said = scene.run("gapseal-sim", "bench", "--modems", modems, "--links", "links", "--imeis", imeis, check=2).err
        expect(code in said, said)


main(the_seed_decides_who_has_a_fault, mistakes_are_found_before_the_shift, a_shift_with_faults)
