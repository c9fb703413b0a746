# SPDX-License-Identifier: ISC
"""Measures the real programs beside the bare primitives of the same run and prints one JSON object a line."""
import json
import os
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
from scene import BUILD, PROFILE_PSK, PROFILE_X509, Scene, imei, luhn  # noqa: E402

CORES = os.cpu_count()
BAUD = 115200
NVM_MS = 30
EACH = 10  # devices a port


def say(**figures):
    print(json.dumps(figures), flush=True)


def peak_memory(pid):
    """Peak resident MB of a running program; ru_maxrss would count what Python itself held before the exec."""
    try:
        with open("/proc/%d/status" % pid) as f:
            return next(int(line.split()[1]) / 1024 for line in f if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        return 0


def watch(pid, ended, peak):
    """Notes the peak now and then: looking takes processor time from what is measured."""
    while not ended.wait(0.02):
        peak[0] = max(peak[0], peak_memory(pid))


def timed(args, cwd):
    """Wall seconds, processor seconds and peak memory in MB of one program."""
    start, peak, ended = time.monotonic(), [0], threading.Event()
    with tempfile.TemporaryFile() as error:
        process = subprocess.Popen(args, cwd=cwd, stdout=subprocess.DEVNULL, stderr=error)
        watcher = threading.Thread(target=watch, args=(process.pid, ended, peak))
        watcher.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - start
        process.returncode = status
        ended.set()
        watcher.join()
        error.seek(0)
        if status != 0:
            raise RuntimeError("%s: %r" % (args, error.read()[-500:]))
    return wall, usage.ru_utime + usage.ru_stime, peak[0]


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


def floors_of(kinds, count):
    """Seconds the bare primitives of so many devices take, and with keys made the quickest way; measured on fewer where that is long
    enough to tell."""
    psk, x509 = min(count, 1000000), min(count, 100000)
    bare = primitives(psk if "psk" in kinds else 1, x509 if "x509" in kinds else 1)

    def floor(names):
        return sum(bare[name + "_seconds"] / bare[name] * count for name in names)
    return floor(kinds), floor([kind.replace("x509", "multiplied") for kind in kinds])


def compile_once(kinds, profile, count):
    scene = Scene()
    scene.make_org(stations=())
    scene.make_ca()
    floors = floors_of(kinds, count)
    result = compile_one(scene, "run-1", profile, count, ("--ca", "ca") if "x509" in kinds else ())
    scene.close()
    return floors, result


def bench_compile(large):
    """Each some times over: of the programs and of the primitives the best run counts, the one least disturbed by others."""
    both = PROFILE_PSK.replace("policy", "\n#") + PROFILE_X509
    for kinds, profile, counts in ((("psk",), PROFILE_PSK, [10000, 100000, 1000000] + ([10000000] if large else [])),
                                   (("x509",), PROFILE_X509, [10000, 100000, 1000000]), (("psk", "x509"), both, [10000, 100000, 1000000])):
        for count in counts:
            runs = [compile_once(kinds, profile, count) for _ in range(3 if count < 1000000 or (kinds == ("psk",) and count == 1000000) else 1)]
            floor, quickest = min(run[0][0] for run in runs), min(run[0][1] for run in runs)
            wall, cpu, memory = min(run[1] for run in runs)
            say(bench="compile", kind="+".join(kinds), devices=count, runs=len(runs), seconds=round(wall, 3), processor_seconds=round(cpu, 3),
                memory_mb=round(memory, 1), primitives_seconds=round(floor, 3), ratio=round(wall / floor, 2),
                quickest_primitives_seconds=round(quickest, 3), ratio_to_quickest=round(wall / quickest, 2), cores=CORES)


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


def line_process(scene, ports, *options):
    args = [os.path.join(BUILD, "gapseal-line"), "run", "--home", "line1", *options]
    for i in range(ports):
        args += ["--port", "p%d=%s" % (i, scene.path("links", "m%02d" % (i + 1)))]
    return subprocess.Popen(args, cwd=scene.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def serve(scene, devices, ports, baud=BAUD, nvm=NVM_MS):
    """A bench of stand-in modems, one device after another, and one continuous gapseal-line. The
    bench's own summary, the wall seconds, and the line's processor seconds and peak memory."""
    scene.write("imeis", "".join(d + "\n" for d in devices))
    bench = subprocess.Popen([os.path.join(BUILD, "gapseal-sim"), "bench", "--modems", str(ports), "--links", scene.path("links"), "--imeis",
                              scene.path("imeis"), "--baud", str(baud), "--nvm-ms", str(nvm)], stdout=subprocess.PIPE, text=True)
    bench.stdout.readline()
    start = time.monotonic()
    line = line_process(scene, ports)
    summary = json.loads(bench.stdout.readline())
    wall = time.monotonic() - start
    memory = peak_memory(line.pid)
    line.terminate()
    _, status, usage = os.wait4(line.pid, 0)
    line.returncode = os.waitstatus_to_exitcode(status)
    bench.stdout.close()
    if bench.wait() != 0 or line.returncode != 0:
        raise RuntimeError("bench %d, line %d" % (bench.returncode, line.returncode))
    return summary, wall, usage.ru_utime + usage.ru_stime, memory


def mean(count):
    return count["served_us"] / max(count["served"], 1) / 1e6


def say_line(kind, ports, writes, result, **more):
    """What the modems saw: from a device's first command to the line closed behind its verdict, beside what its bytes and writes
    alone need. The wall time has the process start, the exchange of devices and the search for them in it as well."""
    summary, wall, cpu, memory = result
    floor = summary["bytes"] / max(summary["served"], 1) * 10 / BAUD + writes * NVM_MS / 1000
    say(bench="line", kind=kind, ports=ports, devices=summary["devices"], served=summary["served"],
        device_seconds=round(mean(summary), 4), wire_and_modem_seconds=round(floor, 4), ratio=round(mean(summary) / floor, 3),
        slowest_port_seconds=round(max(mean(m) for m in summary["modems"]), 4), wall_seconds=round(wall, 3),
        wall_seconds_a_device_and_port=round(wall * ports / summary["devices"], 3),
        processor_ms_a_device=round(cpu * 1000 / summary["devices"], 2), memory_mb=round(memory, 1), **more)


def first_device(scene, devices):
    """One device with the process start in it."""
    scene.write("imeis", devices[0] + "\n")
    bench = subprocess.Popen([os.path.join(BUILD, "gapseal-sim"), "bench", "--modems", "1", "--links", scene.path("links"), "--imeis",
                              scene.path("imeis"), "--baud", str(BAUD), "--nvm-ms", str(NVM_MS)], stdout=subprocess.PIPE, text=True)
    bench.stdout.readline()
    start = time.monotonic()
    code = line_process(scene, 1, "--once").wait()
    wall = time.monotonic() - start
    bench.communicate()
    if code != 0 or bench.returncode != 0:
        raise RuntimeError("bench %d, line %d" % (bench.returncode, code))
    return wall


def bench_line(large):
    for kind, profile, writes in (("psk", PROFILE_PSK, 2), ("x509", PROFILE_X509, 3)):
        single = None
        for ports in (1, 8, 32):
            scene = Scene()
            scene.make_org()
            devices = scene.make_batch("run-1", profile, [imei(i) for i in range(2 * ports * EACH + 1)])
            scene.ingest("run-1", "grant-run-1")
            once = first_device(scene, devices)
            result = serve(scene, devices[1:1 + ports * EACH], ports)
            bare = serve(scene, devices[1 + ports * EACH:], ports, 0, 0)
            single = single or mean(result[0])
            say_line(kind, ports, writes, result, process_start_and_device_seconds=round(once, 3),
                     unpaced_device_seconds=round(mean(bare[0]), 4), against_one_port=round(mean(result[0]) / single, 3))
            scene.close()
    bench_large_line()


def bench_large_line():
    """32 ports and a batch of a million devices."""
    count = 1000000
    scene = Scene()
    scene.make_org()
    compile_one(scene, "run-1", PROFILE_PSK, count)
    scene.sign("anna", "run-1")
    scene.sign("ben", "run-1")
    scene.make_grant("run-1")
    scene.ingest("run-1", "grant-run-1")
    with open(scene.path("run-1.csv")) as f:
        devices = f.read().split()[1::count // (32 * EACH)][:32 * EACH]
    say_line("psk", 32, 2, serve(scene, devices, 32), batch=count)
    scene.close()


def main():
    chosen = [a for a in sys.argv[2:] if not a.startswith("--")] or ["compile", "ingest", "line"]
    for name in chosen:
        {"compile": bench_compile, "ingest": bench_ingest, "line": bench_line}[name]("--large" in sys.argv)


main()
