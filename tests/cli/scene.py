# SPDX-License-Identifier: ISC
"""A small org in a temporary folder, played by the real programs: what every end-to-end test starts from."""
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import threading
import traceback
import tty

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else os.path.join(TOP, "build")

PROFILE_PSK = """
credential psk      { tag = 42  type = psk       from = derived  bytes = 32 }
credential identity { tag = 42  type = identity  template = "urn:imei:{imei}" }
policy { log_imei = true  log_unit = true }
"""
PROFILE_X509 = """
credential ca   { tag = 16842753  type = ca    files = {"root.pem"} }
credential cert { tag = 16842753  type = cert  from = issued  cn = "nrf-{imei}"  days = 3650 }
credential key  { tag = 16842753  type = key   from = generated }
policy { log_imei = true }
"""


def luhn(digits):
    total = 0
    for i, c in enumerate(reversed(digits)):
        d = int(c)
        if i % 2 == 0:
            d = d * 2 - 9 if d > 4 else d * 2
        total += d
    return str(-total % 10)


def imei(serial, tac="00101400"):
    digits = tac + "%06d" % serial
    return digits + luhn(digits)


class Result:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    def events(self):
        return [json.loads(line) for line in self.out.splitlines() if line.startswith("{")]

    def devices(self):
        return [e for e in self.events() if e.get("event") == "device"]


class Modem:
    """gapseal-sim modem on a pty, ready when made."""

    def __init__(self, scene, number, script=None, state=None, *options):
        self.link = os.path.join(scene.folder, "pty-%d" % scene.next())
        self.store = state or os.path.join(scene.folder, "store-" + number)
        args = [os.path.join(BUILD, "gapseal-sim"), "modem", "--imei", number, "--link", self.link, "--state", self.store]
        if script is not None:
            path = os.path.join(scene.folder, "script-%d" % scene.next())
            with open(path, "w") as f:
                f.write(script)
            args += ["--script", path]
        self.process = subprocess.Popen(args + list(options), stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line.startswith("ready "):
            raise RuntimeError("the stand-in modem did not get ready: %r" % line)

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait()
        self.process.stdout.close()


class Tap:
    """A pty between gapseal-line and a stand-in modem that counts what the line sends and, at a byte, does something."""

    def __init__(self, modem, at=None, action=None):
        self.master, slave = os.openpty()
        tty.setraw(slave)
        self.link = os.ttyname(slave)
        self.slave = slave
        self.modem = os.open(modem.link, os.O_RDWR | os.O_NOCTTY)
        self.at, self.action = at, action
        self.sent = b""
        self.received = 0
        self.wake = os.pipe()
        self.thread = threading.Thread(target=self.carry)
        self.thread.start()

    def from_line(self):
        data = os.read(self.master, 1 if self.at is not None else 65536)
        self.sent += data
        if self.at is not None and len(self.sent) > self.at:
            self.action()
            return False
        os.write(self.modem, data)
        return True

    def carry(self):
        going = True
        while True:
            watched = [self.wake[0]] + ([self.master, self.modem] if going else [])
            ready = select.select(watched, [], [])[0]
            if self.wake[0] in ready:
                return
            if self.modem in ready:
                data = os.read(self.modem, 65536)
                self.received += len(data)
                os.write(self.master, data)
            if self.master in ready:
                going = self.from_line()

    def close(self):
        os.write(self.wake[1], b"x")
        self.thread.join()
        for fd in (self.master, self.slave, self.modem) + self.wake:
            os.close(fd)


class Victim:
    """A process that a Tap ends from its own thread, which may be there before Popen has returned."""

    def __init__(self):
        self.started = threading.Event()
        self.process = None

    def start(self, args, **options):
        self.process = subprocess.Popen(args, **options)
        self.started.set()

    def end(self, number):
        self.started.wait()
        self.process.send_signal(number)


class Scene:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="gapseal-test-")
        self.numbers = 0
        self.modems = []
        self.said = []

    def next(self):
        self.numbers += 1
        return self.numbers

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def write(self, name, text):
        mode = "wb" if isinstance(text, bytes) else "w"
        with open(self.path(name), mode) as f:
            f.write(text)
        return self.path(name)

    def read(self, *names):
        with open(self.path(*names), "rb") as f:
            return f.read()

    def run(self, program, *args, check=None, stdin=None, env=None, pass_fds=()):
        """Runs a program of the project in the scene's folder; with check the exit code must be that."""
        done = subprocess.run([os.path.join(BUILD, program)] + [str(a) for a in args], cwd=self.folder, capture_output=True,
                              input=stdin, stdin=subprocess.DEVNULL if stdin is None else None, env=env,
                              pass_fds=pass_fds)
        result = Result(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))
        self.said.append(done.stdout + done.stderr)
        if check is not None and result.code != check:
            raise AssertionError("%s %s: exit %d, not %d\n%s%s" % (program, " ".join(map(str, args)), result.code, check,
                                                                  result.out, result.err))
        return result

    def office(self, *args, check=0):
        return self.run("gapseal", *args, check=check)

    def line(self, *args, check=0):
        return self.run("gapseal-line", *args, check=check)

    def audit(self, *args, check=0):
        return self.run("gapseal-audit", *args, check=check)

    def tool(self, *args, check=0, **kwargs):
        done = subprocess.run([str(a) for a in args], cwd=self.folder, capture_output=True, **kwargs)
        if check is not None and done.returncode != check:
            raise AssertionError("%s: exit %d\n%s%s" % (" ".join(map(str, args)), done.returncode, done.stdout, done.stderr))
        return done

    def modem(self, number, script=None, state=None, *options):
        modem = Modem(self, number, script, state, *options)
        self.modems.append(modem)
        return modem

    def close(self):
        for modem in self.modems:
            modem.stop()
        if os.environ.get("GAPSEAL_TEST_KEEP"):
            print("kept: " + self.folder)
        else:
            shutil.rmtree(self.folder)

    def slot(self, modem, tag, kind):
        """What a stand-in modem holds in a slot, None if nothing."""
        with open(modem.store) as f:
            for line in f:
                words = line.split()
                if words[:3] == ["slot", str(tag), str(kind)]:
                    return bytes.fromhex(words[3])
        return None

    # The story, one step a method.

    def make_org(self, stations=("line1",), officers=("anna", "ben", "carla"), batch=2, grant=1, trust=2):
        self.office("keygen", "office", "--out", "office", "--no-passphrase")
        for officer in officers:
            self.office("keygen", "officer", officer, "--out", "officers", "--no-passphrase")
        args = ["trust", "new", "--org", "acme", "--out", "trust.json", "--batch-threshold", batch, "--grant-threshold", grant,
                "--trust-threshold", trust]
        for officer in officers:
            args += ["--officer", "officers/%s.pub" % officer]
        for station in stations:
            self.line("enroll", "--home", station, "--org", "acme", "--name", station)
            args += ["--station", "%s/%s.station" % (station, station)]
        self.office(*args)
        for officer in officers[:trust]:
            self.sign(officer, "trust.json")
        for station in stations:
            self.line("trust", "--home", station, "trust.json", "--pin", self.pin())

    def pin(self):
        return self.tool("sha256sum", "trust.json").stdout.decode().split()[0]

    def sign(self, officer, *paths):
        return self.office("sign", *paths, "--key", "officers/%s.key" % officer, "--yes")

    def compile(self, name, profile, devices, *options, header="imei", check=0):
        self.write(name + ".conf", profile)
        self.write(name + ".csv", header + "\n" + "".join(d + "\n" for d in devices))
        return self.office("compile", "--office", "office", "--trust", "trust.json", "--profile", name + ".conf", "--csv",
                           name + ".csv", "--id", name, "--out", name, "--no-escrow", *options, check=check)

    def make_ca(self):
        self.office("ca", "new", "--out", "ca", "--subject", "O=Example,CN=Example CA", "--days", 7300, "--no-passphrase")
        shutil.copy(self.path("ca", "ca.pem"), self.path("root.pem"))

    def make_batch(self, name="psk-1", profile=PROFILE_PSK, devices=None, *options, stations=("line1",), officers=("anna", "ben"),
                   header="imei"):
        if devices is None:
            devices = [imei(i) for i in range(4)]
        if "issued" in profile and not os.path.exists(self.path("ca")):
            self.make_ca()
        if "issued" in profile:
            options = ("--ca", "ca") + tuple(options)
        self.compile(name, profile, devices, *options, header=header)
        for officer in officers:
            self.sign(officer, name)
        self.make_grant(name, stations=stations)
        return devices

    def make_grant(self, name, *options, stations=("line1",), folder=None, officer="anna", lots=("--all-lots",)):
        folder = folder or "grant-" + name
        args = ["grant", "--office", "office", "--trust", "trust.json", "--batch", name, "--out", folder] + list(lots)
        for station in stations:
            args += ["--station", station]
        self.office(*args, *options)
        self.sign(officer, folder)
        return folder

    def ingest(self, *paths, home="line1", check=0):
        return self.line("ingest", "--home", home, *paths, check=check)

    def provision(self, *modems, home="line1", options=(), check=0):
        args = ["run", "--home", home, "--once", "--json", "--timeout", "20"]
        for i, modem in enumerate(modems):
            args += ["--port", "p%d=%s" % (i, modem.link)]
        return self.line(*args, *options, check=check)

    def export(self, folder, home="line1"):
        return self.line("export", "--home", home, "--out", folder)

    def reconcile(self, batches, logs, *options, check=0):
        args = ["reconcile", "--trust", "trust.json", "--json"]
        for batch in batches:
            args += ["--batch", batch, "--grant", "grant-" + batch]
        for log in logs:
            args += ["--log", log]
        result = self.audit(*args, *options, check=check)
        return json.loads(result.out)


def expect(condition, what):
    if not condition:
        raise AssertionError(what)


def main(*tests):
    """Runs the tests of a file, each in a scene of its own, and prints the line the runner reads."""
    passed = failed = 0
    for test in tests:
        scene = Scene()
        try:
            test(scene)
            passed += 1
            print("ok   " + test.__name__)
        except Exception:  # every kind of failure is one failed test
            failed += 1
            print("FAIL " + test.__name__)
            traceback.print_exc(file=sys.stdout)
        finally:
            scene.close()
    print("%d passed, %d failed" % (passed, failed))
    sys.exit(1 if failed else 0)
