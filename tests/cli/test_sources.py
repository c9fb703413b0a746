#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What a profile can give a device: several families in one pass, files of others, deletion, what is only expected, lots with
credentials of their own; and lint as a program of its own."""
import json
import os

from scene import TOP, expect, imei, main

EXAMPLE = os.path.join(TOP, "manifests", "example")
FAMILIES = """
credential psk      { tag = 42  type = psk       bytes = 16 }
credential identity { tag = 42  type = identity  template = "{imei}@project" }
credential roots    { tag = 94  type = ca        files = {"root.pem", "other.pem"} }
credential cert     { tag = 94  type = cert      from = path  line_ending = crlf }
credential key      { tag = 94  type = key       from = path  password_column = word }
credential old-ca   { tag = 1140  type = ca      from = delete }
credential old-key  { tag = 1140  type = key     from = delete }
credential issued   { tag = 16842753  type = cert  from = issued  cn = "nrf-{imei}"  days = 365  chain = true }
credential made     { tag = 16842753  type = key }
credential maker    { tag = 515765868  type = psk  from = expect }
"""
MAKERS = 'store 515765868,3 "00112233445566778899aabbccddeeff"\nstore 7,4 "somebody-else"\n'
OLD = MAKERS + 'store 1140,2 "old key"\nstore 42,4 "old name"\n'


def make_own(scene, name, password=None):
    """A certificate and a key by stock openssl, in a folder beside the CSV."""
    os.makedirs(scene.path("own"), exist_ok=True)
    key, cert = "own/%s.key" % name, "own/%s.pem" % name
    scene.tool("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out",
               cert, "-days", "9", "-subj", "/O=project/CN=" + name)
    if password:
        scene.tool("openssl", "pkcs8", "-topk8", "-in", key, "-out", key + ".sealed", "-v2", "aes-256-cbc", "-passout",
                   "pass:" + password)
        os.rename(scene.path(key + ".sealed"), scene.path(key))
    return cert, key


def begin(scene):
    scene.make_org()
    scene.make_ca()
    scene.tool("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "x.key",
               "-out", "other.pem", "-days", "999", "-subj", "/CN=Other root")


def one_pass_over_several_families(scene):
    begin(scene)
    number = imei(1)
    cert, key = make_own(scene, "one", "a word or two")
    scene.make_batch("fleet", FAMILIES, ["%s,%s,%s,a word or two" % (number, cert, key)],
                     header="imei,client_cert,client_key,word")
    scene.ingest("fleet", "grant-fleet")
    modem = scene.modem(number, OLD)
    expect(scene.provision(modem).devices()[0]["result"] == "done", "done")
    both = scene.read("root.pem") + scene.read("other.pem")
    expect(scene.slot(modem, 94, 0) == both, "both roots, in the order of the profile")
    expect(scene.slot(modem, 94, 1) == scene.read(cert).replace(b"\n", b"\r\n"), "the certificate, with CR LF")
    expect(scene.slot(modem, 94, 2) == scene.read(key), "the key as it was, still encrypted")
    expect(scene.slot(modem, 1140, 2) is None, "deleted")
    expect(scene.slot(modem, 42, 4) == number.encode() + b"@project", "replaced")
    expect(scene.slot(modem, 7, 4) == b"somebody-else" and scene.slot(modem, 515765868, 3), "left alone")
    scene.write("chain.pem", scene.slot(modem, 16842753, 1))
    expect(scene.slot(modem, 16842753, 1).endswith(scene.read("ca", "ca.pem")), "the CA's certificate follows")
    scene.tool("openssl", "verify", "-CAfile", "root.pem", "-purpose", "sslclient", "chain.pem")
    scene.export("log")
    expect(scene.reconcile(["fleet"], ["log"])["verdict"] == "accept", "accepted")
    again = scene.provision(scene.modem(number, None, modem.store)).devices()[0]
    expect(again["result"] == "same", again)


def what_is_expected_must_be_there(scene):
    begin(scene)
    number = imei(1)
    cert, key = make_own(scene, "one")
    scene.make_batch("fleet", FAMILIES, ["%s,%s,%s," % (number, cert, key)], header="imei,client_cert,client_key,word")
    scene.ingest("fleet", "grant-fleet")
    modem = scene.modem(number, 'store 7,4 "somebody-else"\n')
    event = scene.provision(modem, check=1).devices()[0]
    expect(event["result"] in ("refused", "failed") and not event["pass"], event)
    expect(scene.slot(modem, 42, 3) is None, "nothing was written")


def lots_get_credentials_of_their_own(scene):
    begin(scene)
    profile = """
credential ours     { tag = 5  type = ca    files = {"root.pem"} }
credential theirs   { tag = 5  type = ca    files = {"other.pem"}  lots = {"wo-2"} }
credential cert     { tag = 5  type = cert  from = path  lots = {"wo-2"} }
credential key      { tag = 5  type = key   from = path  lots = {"wo-2"} }
credential made     { tag = 5  type = key }
credential issued   { tag = 5  type = cert  from = issued  cn = "{imei}"  days = 9 }
"""
    cert, key = make_own(scene, "two")
    rows = ["%s,wo-1,," % imei(1), "%s,wo-2,%s,%s" % (imei(2), cert, key)]
    scene.make_batch("fleet", profile, rows, header="imei,lot,client_cert,client_key")
    scene.ingest("fleet", "grant-fleet")
    one, two = scene.modem(imei(1)), scene.modem(imei(2))
    expect(all(d["result"] == "done" for d in scene.provision(one, two).devices()), "both done")
    expect(scene.slot(one, 5, 0) == scene.read("root.pem") and scene.slot(two, 5, 0) == scene.read("other.pem"), "roots")
    expect(scene.slot(two, 5, 1) == scene.read(cert) and scene.slot(two, 5, 2) == scene.read(key), "files")
    scene.write("leaf.pem", scene.slot(one, 5, 1))
    scene.tool("openssl", "verify", "-CAfile", "root.pem", "leaf.pem")
    scene.export("log")
    expect(scene.reconcile(["fleet"], ["log"], "--complete")["verdict"] == "accept", "accepted")


def a_key_that_does_not_match_stops_the_compile(scene):
    begin(scene)
    first, second = make_own(scene, "one"), make_own(scene, "two")
    profile = "credential c { tag = 5  type = cert  from = path }\ncredential k { tag = 5  type = key  from = path }\n"
    result = scene.compile("fleet", profile, ["%s,%s,%s" % (imei(1), first[0], second[1])], header="imei,client_cert,client_key",
                           check=1)
    expect("key-match" in result.err and "fleet.csv:2:3" in result.err, result.err)
    expect(not os.path.exists(scene.path("fleet")), "no batch folder")
    expect("PRIVATE KEY" not in result.err + result.out, "nothing of the key")


def lint_counts_by_code(scene):
    scene.write("p.conf", "credential p { tag = 9  type = psk  from = column }\ncredential i { tag = 9  type = identity }\n")
    scene.write("d.csv", "imei,psk,psk_identity\n%s,00112233445566778899aabbccddee,a\n%s,001122334455667788,b:c\n%s,%s,c\n" %
                (imei(3), imei(2), imei(1), b"a secret of words".hex()))
    result = scene.run("gapseal", "lint", "--profile", "p.conf", "--csv", "d.csv", check=1)
    lines = result.out.splitlines()
    expect(lines[-1] == "3 devices, 2 errors (psk-short 2), 1 warning (psk-text 1), 1 notice (identity-colon 1)", lines[-1])
    places = [line.split(": ")[1] for line in lines[:-1]]
    expect(places == ["d.csv:2:2", "d.csv:3:2", "d.csv:4:2", "p.conf:2"], places)
    answer = json.loads(scene.run("gapseal", "lint", "--profile", "p.conf", "--csv", "d.csv", "--json", check=1).out)
    expect((answer["devices"], answer["errors"], answer["warnings"], answer["notices"]) == (3, 2, 1, 1), answer)
    expect(answer["codes"][0] == {"code": "psk-short", "severity": "error", "count": 2}, answer["codes"])
    expect([(f["line"], f["field"]) for f in answer["findings"]] == [(2, 2), (3, 2), (4, 2), (2, 0)], answer["findings"])


def lint_measures_with_the_ca(scene):
    scene.make_ca()
    profile = ("credential k { tag = 9  type = key }\ncredential c { tag = 9  type = cert  cn = \"{imei}\"  days = 9000 }\n")
    scene.write("p.conf", profile)
    scene.write("d.csv", "imei\n%s\n" % imei(1))
    args = ("lint", "--profile", "p.conf", "--csv", "d.csv")
    expect("plan-ca" in scene.office(*args).out, "without the CA")
    for ca in ("ca", "ca/ca.pem"):
        result = scene.office(*args, "--ca", ca)
        expect("plan-ca" not in result.out and "cert-outlives" in result.out, result.out)


def examples_lint(scene):
    for name, csv in (("golioth-psk", "golioth-psk"), ("golioth-x509", "golioth-x509"), ("nrfcloud-mqtt", "devices-x509"),
                      ("nrfcloud-coap", "devices-x509"), ("lwm2m-psk", "devices"), ("lwm2m-x509", "devices"),
                      ("aws-iot", "devices"), ("mosquitto", "devices"), ("psk", "devices"), ("x509", "devices-x509")):
        result = scene.office("lint", "--profile", os.path.join(EXAMPLE, name + ".conf"), "--csv", os.path.join(EXAMPLE, csv + ".csv"))
        expect(" 0 errors, 0 warnings," in result.out, result.out)


main(one_pass_over_several_families, what_is_expected_must_be_there, lots_get_credentials_of_their_own,
     a_key_that_does_not_match_stops_the_compile, lint_counts_by_code, lint_measures_with_the_ca, examples_lint)
