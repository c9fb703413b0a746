# SPDX-License-Identifier: ISC
"""Measures the real programs beside the bare primitives of the same run and prints one JSON object a line."""
import json
import os
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
from scene import BUILD, PROFILE_PSK, PROFILE_X509, Scene, Tap, imei, luhn  # noqa: E402

CORES = os.cpu_count()


def say(**figures):
    print(json.dumps(figures), flush=True)


def timed(args, cwd):
    """Wall seconds, processor seconds and peak memory in MB of one program."""
    start = time.monotonic()
    process = subprocess.Popen(args, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    error = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - start
    if status != 0:
        raise RuntimeError("%s: %r" % (args, error[-500:]))
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def write_csv(path, count):
    with open(path, "w") as f:
        f.write("imei\n")
        for i in range(count):
            digits = "35265%03d" % (i // 1000000) + "%06d" % (i % 1000000)
            f.write(digits + luhn(digits) + "\n")


def primitives(psks, certificates):
    done = subprocess.run([os.path.join(BUILD, "primitives"), str(CORES), str(psks), str(certificates)], capture_output=True, check=True)
    return json.loads(done.stdout)


def compile_one(scene, name, profile, count, options=()):
    scene.write(name + ".conf", profile)
    write_csv(scene.path(name + ".csv"), count)
    return timed([os.path.join(BUILD, "gapseal"), "compile", "--office", "office", "--trust", "trust.json", "--profile", name + ".conf",
                  "--csv", name + ".csv", "--id", name, "--out", name, "--no-escrow", *options], scene.folder)


def bench_compile(large):
    for kind, profile, counts in (("psk", PROFILE_PSK, [10000, 100000, 1000000] + ([10000000] if large else [])),
                                  ("x509", PROFILE_X509, [10000, 100000] + ([1000000] if large else [])),
                                  ("both", PROFILE_PSK.replace("policy", "\n#") + PROFILE_X509, [10000, 100000])):
        for count in counts:
            scene = Scene()
            scene.make_org(stations=())
            scene.make_ca()
            bare = primitives(min(count, 1000000), min(count, 50000))
            wall, cpu, memory = compile_one(scene, "run-1", profile, count, ("--ca", "ca") if kind != "psk" else ())
            floor = bare["psk_seconds"] / bare["psk"] * count if kind == "psk" else bare["x509_seconds"] / bare["x509"] * count
            say(bench="compile", kind=kind, devices=count, seconds=round(wall, 3), processor_seconds=round(cpu, 3),
                memory_mb=round(memory, 1), primitives_seconds=round(floor, 3), ratio=round(wall / floor, 2), cores=CORES)
            scene.close()


def bench_ingest(large):
    count = 1000000
    scene = Scene()
    scene.make_org()
    compile_one(scene, "run-1", PROFILE_PSK, count)
    scene.sign("anna", "run-1")
    scene.sign("ben", "run-1")
    scene.make_grant("run-1")
    sums = timed(["sha256sum", "run-1/records-000.bin"], scene.folder)[0]
    wall, cpu, memory = timed([os.path.join(BUILD, "gapseal-line"), "ingest", "--home", "line1", "run-1", "grant-run-1"], scene.folder)
    say(bench="ingest", devices=count, seconds=round(wall, 3), processor_seconds=round(cpu, 3), memory_mb=round(memory, 1),
        sha256sum_seconds=round(sums, 3), ratio=round(wall / sums, 2))
    modem = scene.modem(imei(0, "35265000"))
    wall, cpu, memory = timed([os.path.join(BUILD, "gapseal-line"), "run", "--home", "line1", "--once", "--timeout", "20", "--port",
                               "p=" + modem.link], scene.folder)
    say(bench="first-device", devices=count, seconds=round(wall, 3), processor_seconds=round(cpu, 3), memory_mb=round(memory, 1))
    scene.close()


def line_args(modems):
    args = [os.path.join(BUILD, "gapseal-line"), "run", "--home", "line1", "--once", "--timeout", "60"]
    for i, modem in enumerate(modems):
        args += ["--port", "p%d=%s" % (i, modem.link)]
    return args


def wire_seconds(scene, device):
    """What the wire and the modem alone need for this device: its bytes both ways at 115200 baud, ten bits each, and 30 ms for each
    write. The bytes are counted on an unpaced rehearsal in a copy of the home."""
    shutil.copytree(scene.path("line1"), scene.path("trial"))
    modem = scene.modem(device, None, scene.path("trial-store"))
    tap = Tap(modem)
    args = line_args([tap])
    args[args.index("line1")] = "trial"
    timed(args, scene.folder)
    tap.close()
    modem.stop()
    writes = tap.sent.count(b"AT%CMNG=0,")
    return (len(tap.sent) + tap.received) * 10 / 115200 + writes * 0.030


def bench_line(large):
    for kind, profile in (("psk", PROFILE_PSK), ("x509", PROFILE_X509)):
        for ports in (1, 8, 32):
            scene = Scene()
            scene.make_org()
            devices = scene.make_batch("run-1", profile, [imei(i) for i in range(ports)])
            scene.ingest("run-1", "grant-run-1")
            wire = wire_seconds(scene, devices[0])
            modems = [scene.modem(d, None, None, "--baud", "115200", "--nvm-ms", "30") for d in devices]
            wall, cpu, memory = timed(line_args(modems), scene.folder)
            say(bench="line", kind=kind, ports=ports, seconds=round(wall, 3), wire_and_modem_seconds=round(wire, 3),
                ratio=round(wall / wire, 3), processor_ms_a_device=round(cpu * 1000 / ports, 2), memory_mb=round(memory, 1))
            scene.close()


def main():
    chosen = [a for a in sys.argv[2:] if not a.startswith("--")] or ["compile", "ingest", "line"]
    for name in chosen:
        {"compile": bench_compile, "ingest": bench_ingest, "line": bench_line}[name]("--large" in sys.argv)


main()
