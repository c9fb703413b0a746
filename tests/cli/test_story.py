# SPDX-License-Identifier: ISC
"""The main job through the real programs, and what each party sees of it."""
import json
import os

from scene import PROFILE_PSK, PROFILE_X509, expect, imei, main


def psk_and_x509_end_in_accept(scene):
    scene.make_org()
    psk = scene.make_batch()
    x509 = scene.make_batch("x509-1", PROFILE_X509, [imei(i) for i in range(100, 103)])
    scene.ingest("psk-1", "x509-1", "grant-psk-1", "grant-x509-1")
    modems = [scene.modem(n) for n in psk + x509]
    result = scene.provision(*modems)
    devices = result.devices()
    expect(len(devices) == 7, "seven results")
    expect(all(d["result"] == "done" and d["pass"] for d in devices), "all done: %r" % devices)
    scene.export("log")
    report = scene.reconcile(["psk-1", "x509-1"], ["log"], "--complete")
    expect(report["verdict"] == "accept" and report["complete"] is True, report)
    expect(report["counts"]["done"] == 7 and report["counts"]["unused"] == 0, report["counts"])


def a_second_presentation_is_same(scene):
    scene.make_org()
    devices = scene.make_batch()
    scene.ingest("psk-1", "grant-psk-1")
    modem = scene.modem(devices[0])
    expect(scene.provision(modem).devices()[0]["result"] == "done", "done first")
    entries = scene.read("line1", "log", "entries.jsonl").count(b'"type":"begin"')
    again = scene.provision(modem).devices()[0]
    expect(again["result"] == "same" and again["pass"], again)
    expect(scene.read("line1", "log", "entries.jsonl").count(b'"type":"begin"') == entries, "nothing opened for the same device")
    scene.export("log")
    report = scene.reconcile(["psk-1"], ["log"])
    expect(report["counts"]["done"] == 1 and report["counts"]["unused"] == 3, report["counts"])
    scene.reconcile(["psk-1"], ["log"], "--complete", check=1)


def a_stranger_is_refused_and_nothing_opened(scene):
    scene.make_org()
    scene.make_batch()
    scene.ingest("psk-1", "grant-psk-1")
    modem = scene.modem(imei(999))
    result = scene.provision(modem, check=1)
    event = result.devices()[0]
    expect(event["result"] == "refused" and event["reason"] == "not-in-batch" and not event["pass"], event)
    expect("index" not in event and "batch" not in event, "nothing is said about a batch")
    log = scene.read("line1", "log", "entries.jsonl")
    expect(log.count(b'"type":"refuse"') == 1 and b'"type":"begin"' not in log, "one refusal, no begin")
    scene.export("log")
    report = scene.reconcile(["psk-1"], ["log"])
    expect(report["verdict"] == "accept" and report["counts"]["foreign"] == 1, report)


def nobody_at_the_port_is_exit_2(scene):
    scene.make_org()
    scene.make_batch()
    scene.ingest("psk-1", "grant-psk-1")
    modem = scene.modem(imei(0), "ignore on 1+ any\n")
    result = scene.line("run", "--home", "line1", "--once", "--json", "--timeout", "2", "--port", "p=" + modem.link, check=2)
    expect(any(e.get("code") == "no-modem" for e in result.events()), result.out)


def occupied_slots_are_replaced_and_foreign_tags_left(scene):
    scene.make_org()
    devices = scene.make_batch()
    scene.ingest("psk-1", "grant-psk-1")
    modem = scene.modem(devices[1], 'store 42,3 "00112233445566778899aabbccddeeff"\nstore 7,4 "somebody-else"\n')
    expect(scene.provision(modem).devices()[0]["result"] == "done", "replaced")
    expect(scene.slot(modem, 42, 4) == b"urn:imei:" + devices[1].encode(), "identity written")
    expect(scene.slot(modem, 7, 4) == b"somebody-else", "the foreign tag is as it was")
    scene.export("log")
    scene.reconcile(["psk-1"], ["log"])


def refuse_policy_refuses_an_occupied_slot(scene):
    scene.make_org()
    devices = scene.make_batch(profile=PROFILE_PSK.replace("policy {", "policy { existing = refuse "))
    scene.ingest("psk-1", "grant-psk-1")
    modem = scene.modem(devices[0], 'store 42,3 "00112233445566778899aabbccddeeff"\n')
    event = scene.provision(modem, check=1).devices()[0]
    expect(event["result"] == "refused" and event["reason"] == "slot-occupied", event)


def a_corrupted_write_is_never_done(scene):
    scene.make_org()
    devices = scene.make_batch()
    scene.ingest("psk-1", "grant-psk-1")
    modem = scene.modem(devices[0], "corrupt on 1+ write 42,3\n")
    event = scene.provision(modem, check=1).devices()[0]
    expect(event["result"] == "failed" and event["reason"] == "digest-differs", event)
    scene.export("log")
    report = scene.reconcile(["psk-1"], ["log"])
    expect(report["counts"]["failed"] == 1 and report["counts"]["done"] == 0, report["counts"])


def placeholder_digests_prove_nothing(scene):
    scene.make_org()
    devices = scene.make_batch()
    scene.ingest("psk-1", "grant-psk-1")
    modem = scene.modem(devices[0], "placeholder\n")
    event = scene.provision(modem, check=1).devices()[0]
    expect(event["result"] == "failed" and event["reason"] == "digest-placeholder", event)


def values_of_the_csv_reach_the_modem(scene):
    profile = """
credential psk      { tag = 9  type = psk       from = column }
credential identity { tag = 9  type = identity  from = column }
"""
    scene.make_org()
    psk = "5d7c3f0b2a994e61b3d2c1a0f4e58697"
    number = imei(7)
    scene.make_batch("own", profile, ["%s,%s,device-7" % (number, psk)], header="imei,psk,psk_identity")
    scene.ingest("own", "grant-own")
    modem = scene.modem(number)
    expect(scene.provision(modem).devices()[0]["result"] == "done", "done")
    expect(scene.slot(modem, 9, 3) == psk.encode() and scene.slot(modem, 9, 4) == b"device-7", "as the CSV says")


def two_stations_share_a_batch(scene):
    scene.make_org(stations=("line1", "line2"))
    devices = scene.make_batch(stations=("line1", "line2"))
    for home in ("line1", "line2"):
        scene.ingest("psk-1", "grant-psk-1", home=home)
    scene.provision(scene.modem(devices[0]), home="line1")
    scene.provision(scene.modem(devices[1]), home="line2")
    scene.export("log1", home="line1")
    scene.export("log2", home="line2")
    report = scene.reconcile(["psk-1"], ["log1", "log2"])
    expect(report["counts"]["done"] == 2 and report["verdict"] == "accept", report)


def one_device_done_twice_is_a_duplicate(scene):
    scene.make_org(stations=("line1", "line2"))
    devices = scene.make_batch(stations=("line1", "line2"))
    for home in ("line1", "line2"):
        scene.ingest("psk-1", "grant-psk-1", home=home)
    scene.provision(scene.modem(devices[0], None, scene.path("first")), home="line1")
    scene.provision(scene.modem(devices[0], None, scene.path("second")), home="line2")
    scene.export("log1", home="line1")
    scene.export("log2", home="line2")
    report = scene.reconcile(["psk-1"], ["log1", "log2"], check=1)
    expect(report["counts"]["duplicate"] == 1 and report["verdict"] == "reject", report)


def changed_after_done_is_refused(scene):
    scene.make_org()
    devices = scene.make_batch()
    scene.ingest("psk-1", "grant-psk-1")
    modem = scene.modem(devices[0])
    scene.provision(modem)
    modem.stop()
    os.remove(modem.store)
    event = scene.provision(scene.modem(devices[0]), check=1).devices()[0]
    expect(event["result"] == "refused" and event["reason"] == "changed-after-done", event)


def a_rehearsal_says_so(scene):
    scene.make_org()
    devices = scene.make_batch("try-1", PROFILE_PSK, None, "--rehearsal")
    scene.ingest("try-1", "grant-try-1")
    result = scene.provision(scene.modem(devices[0]))
    expect(result.devices()[0].get("rehearsal") is True, result.out)
    status = scene.line("status", "--home", "line1")
    expect("REHEARSAL" in status.out, status.out)


def status_counts(scene):
    scene.make_org()
    devices = scene.make_batch()
    scene.ingest("psk-1", "grant-psk-1")
    scene.provision(scene.modem(devices[0]))
    status = json.loads(scene.line("status", "--home", "line1", "--json").out)
    expect(status["lots"][0]["done"] == 1 and status["lots"][0]["count"] == 4, status)


main(psk_and_x509_end_in_accept, a_second_presentation_is_same, a_stranger_is_refused_and_nothing_opened,
     nobody_at_the_port_is_exit_2, occupied_slots_are_replaced_and_foreign_tags_left, refuse_policy_refuses_an_occupied_slot,
     a_corrupted_write_is_never_done, placeholder_digests_prove_nothing, values_of_the_csv_reach_the_modem,
     two_stations_share_a_batch, one_device_done_twice_is_a_duplicate, changed_after_done_is_refused, a_rehearsal_says_so,
     status_counts)
