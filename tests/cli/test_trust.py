# SPDX-License-Identifier: ISC
"""Officers and stations come and go: the next version of trust, and what stays accepted under it."""
import json

from scene import expect, imei, main


def next_version(scene, signers, *options, check=0):
    result = scene.office("trust", "next", "--from", "trust.json", "--out", "trust2.json", *options, check=check)
    for officer in signers:
        scene.office("sign", "trust2.json", "--trust", "trust.json", "--key", "officers/%s.key" % officer, "--yes")
    return result


def reconcile_with_both(scene, check=0):
    args = ["reconcile", "--trust", "trust.json", "--trust", "trust2.json", "--json", "--batch", "psk-1", "--grant", "grant-psk-1",
            "--log", "log"]
    return json.loads(scene.audit(*args, check=check).out)


def story(scene):
    scene.make_org()
    devices = scene.make_batch()
    scene.ingest("psk-1", "grant-psk-1")
    scene.provision(scene.modem(devices[0]))
    return devices


def a_retired_officer_leaves_what_was_signed_good(scene):
    devices = story(scene)
    scene.office("keygen", "officer", "dora", "--out", "officers", "--no-passphrase")
    next_version(scene, ("ben", "carla"), "--retire", "anna", "--officer", "officers/dora.pub")
    scene.ingest("trust2.json")
    expect(scene.provision(scene.modem(devices[1])).devices()[0]["result"] == "done", "the batch anna signed is still served")
    scene.export("log")
    report = reconcile_with_both(scene)
    expect(report["verdict"] == "accept" and report["counts"]["done"] == 2, report)


def a_compromised_officer_breaks_the_threshold(scene):
    devices = story(scene)
    next_version(scene, ("ben", "carla"), "--compromised", "anna", "--accept-no-spare")
    scene.ingest("trust2.json")
    result = scene.provision(scene.modem(devices[1]), check=1)
    expect(result.devices()[0]["reason"] == "not-in-batch" and "left out" in result.err, result.out + result.err)
    scene.export("log")
    expect(reconcile_with_both(scene, check=1)["verdict"] == "reject", "the auditor rejects it too")


def a_new_signature_mends_it(scene):
    devices = story(scene)
    scene.sign("carla", "psk-1")
    scene.sign("ben", "grant-psk-1")
    scene.line("enroll", "--home", "line2", "--org", "acme", "--name", "line2")
    next_version(scene, ("ben", "carla"), "--compromised", "anna", "--accept-no-spare", "--station", "line2/line2.station")
    scene.export("log")
    report = reconcile_with_both(scene)
    expect(report["verdict"] == "accept", report)
    expect(len(devices) == 4, "four devices")


def a_signature_mends_what_is_held(scene):
    devices = story(scene)
    next_version(scene, ("anna", "carla"), "--compromised", "ben", "--accept-no-spare")
    scene.ingest("trust2.json")
    result = scene.provision(scene.modem(devices[1]), check=1)
    expect(result.devices()[0]["reason"] == "not-in-batch" and "left out" in result.err, result.out + result.err)
    expect("signature-threshold" in scene.ingest("psk-1", check=1).err, "the medium has no more than what is held")
    expect(scene.provision(scene.modem(devices[1]), check=1).devices()[0]["reason"] == "not-in-batch", "not before")
    scene.sign("carla", "psk-1")
    expect("batch psk-1: 1 signature added\n" in scene.ingest("psk-1").out, "it is said")
    expect("batch psk-1: held already" in scene.ingest("psk-1").out, "repeating is harmless")
    expect(scene.provision(scene.modem(devices[1])).devices()[0]["result"] == "done", "it is served again")
    scene.export("log")
    report = reconcile_with_both(scene)
    expect(report["verdict"] == "accept" and report["counts"]["done"] == 2, report)
    expect(scene.read("log", "entries.jsonl").count(b'"type":"ingest"') == 3, "batch, grant, and the batch once more")


def a_version_needs_both_thresholds(scene):
    scene.make_org()
    scene.office("keygen", "officer", "dora", "--out", "officers", "--no-passphrase")
    scene.office("keygen", "officer", "emil", "--out", "officers", "--no-passphrase")
    next_version(scene, ("dora", "emil"), "--officer", "officers/dora.pub", "--officer", "officers/emil.pub")
    result = scene.ingest("trust2.json", check=1)
    expect("signature-threshold" in result.err, result.err)
    for officer in ("anna", "ben"):
        scene.office("sign", "trust2.json", "--trust", "trust.json", "--key", "officers/%s.key" % officer, "--yes")
    scene.ingest("trust2.json")


def a_revoked_batch_is_served_no_more(scene):
    devices = story(scene)
    manifest = scene.tool("sha256sum", "psk-1/manifest.json").stdout.decode().split()[0]
    next_version(scene, ("anna", "ben"), "--revoke-batch", manifest)
    scene.ingest("trust2.json")
    result = scene.provision(scene.modem(devices[1]), check=1)
    expect("manifest-revoked" in result.err or "revoked" in result.err, result.err)


def a_stolen_station_counts_up_to_its_last_size(scene):
    devices = story(scene)
    scene.export("early")
    size = scene.read("early", "entries.jsonl").count(b"\n")
    scene.provision(scene.modem(devices[1]))
    next_version(scene, ("anna", "ben"), "--station-off", "line1=stolen:%d" % size)
    scene.export("log")
    report = reconcile_with_both(scene, check=None)
    expect(report["counts"]["done"] == 1, "what came after the last known size does not count: %r" % report["counts"])


def changes_name_what_is_there(scene):
    scene.make_org()
    for options in (("--retire", "nobody"), ("--compromised", "nobody"), ("--station-off", "line9=lost")):
        expect("trust-change" in next_version(scene, (), *options, check=1).err, options)
    for options in (("--station-off", "line1=gone"), ("--revoke-batch", "xyz"), ("--revoke-grant", "-1")):
        expect("[usage]" in next_version(scene, (), *options, check=2).err, options)
    expect("trust-no-spare" in next_version(scene, (), "--retire", "anna", check=1).err, "two left, two needed")


main(a_retired_officer_leaves_what_was_signed_good, a_compromised_officer_breaks_the_threshold, a_new_signature_mends_it,
     a_signature_mends_what_is_held, a_version_needs_both_thresholds, a_revoked_batch_is_served_no_more, a_stolen_station_counts_up_to_its_last_size,
     changes_name_what_is_there)
