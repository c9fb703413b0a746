# SPDX-License-Identifier: ISC
"""How ports are given: one by one, in a file, in station.conf; devices and TCP servers."""
import os
import select
import socket
import threading

import scene
from scene import PROFILE_X509, expect, imei


class Server:
    """A TCP server that hands on the bytes of a stand-in modem, one connection after another, as ser2net does."""

    def __init__(self, modem):
        self.modem = os.open(modem.link, os.O_RDWR | os.O_NOCTTY)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "tcp:127.0.0.1:%d" % self.listener.getsockname()[1]
        self.stop = os.pipe()
        self.served = 0
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def carry(self, connection):
        """Until the connection ends (True) or the server does."""
        while True:
            ready = select.select([connection, self.modem, self.stop[0]], [], [])[0]
            if self.stop[0] in ready:
                return False
            if self.modem in ready:
                connection.sendall(os.read(self.modem, 4096))
            if connection in ready:
                try:
                    data = connection.recv(4096)
                except ConnectionResetError:  # how the line takes its leave
                    return True
                if not data:
                    return True
                os.write(self.modem, data)

    def serve(self):
        going = True
        while going:
            ready = select.select([self.listener, self.stop[0]], [], [])[0]
            if self.stop[0] in ready:
                return
            connection, _ = self.listener.accept()
            self.served += 1
            with connection:
                going = self.carry(connection)

    def close(self):
        os.write(self.stop[1], b"x")
        self.thread.join()
        self.listener.close()
        for fd in (self.modem,) + self.stop:
            os.close(fd)


def granted(test, count):
    test.make_org()
    numbers = test.make_batch("x-1", PROFILE_X509, [imei(i) for i in range(count)])
    test.ingest("x-1", "grant-x-1")
    return numbers


def run(test, *options, check=0):
    return test.line("run", "--home", "line1", "--once", "--json", "--timeout", "20", *options, check=check)


def ports(result):
    return sorted((e["port"], e["result"]) for e in result.devices())


def over_tcp(test):
    numbers = granted(test, 2)
    servers = [Server(test.modem(number)) for number in numbers]
    try:
        test.write("ports", "left = %s\nright = %s  # the other one\n" % tuple(server.address for server in servers))
        expect(ports(run(test, "--ports-from", "ports")) == [("left", "done"), ("right", "done")], "done over TCP")
        expect(ports(run(test, "--port", "x=" + servers[0].address)) == [("x", "same")], "and the same again")
        result = run(test, "--port", servers[1].address)
        expect(ports(result) == [(servers[1].address, "same")], "an address is a name")
    finally:
        for server in servers:
            server.close()
    expect([server.served for server in servers] == [2, 2], "one connection a run")
    test.export("log")
    report = test.reconcile(["x-1"], ["log"], "--complete")
    expect(report["verdict"] == "accept" and report["counts"]["done"] == 2, "the auditor accepts")


def nobody_listens(test):
    granted(test, 1)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        free = listener.getsockname()[1]
    result = test.line("run", "--home", "line1", "--once", "--json", "--timeout", "1", "--port", "x=tcp:127.0.0.1:%d" % free,
                       check=2)
    codes = [e["code"] for e in result.events() if e["event"] == "port"]
    expect(codes == ["port-open", "no-modem"], "said once, then given up: %r" % codes)


def from_station_conf(test):
    modems = [test.modem(number) for number in granted(test, 2)]
    test.write("line1/bench", "left = %s\nright = %s\n" % (modems[0].link, modems[1].link))
    enrolled = test.read("line1", "station.conf").decode()
    test.write("line1/station.conf", enrolled + 'ports_from = "bench"\nport = {"gone=/dev/nonexistent"}\nauto = true\n')
    result = run(test, "--ports-from", "line1/bench")
    expect(ports(result) == [("left", "done"), ("right", "done")], "the command line says where all ports are")
    result = run(test, "--port", "only=" + modems[1].link)
    expect(ports(result) == [("only", "same")], "so does a single port")
    test.write("line1/station.conf", enrolled + 'ports_from = "bench"\n')
    expect(ports(run(test)) == [("left", "same"), ("right", "same")], "a file named in station.conf lies beside it")


def refusals(test):
    granted(test, 1)
    test.write("ports", "left = tcp:127.0.0.1:1\nleft = tcp:127.0.0.1:2\n")
    test.write("far", "left = tcp:192.0.2.1:4001\n")
    cases = [
        (["--port", "tcp:192.0.2.1:4001"], "port-remote"),
        (["--ports-from", "far"], "port-remote"),
        (["--allow-remote", "--port", "tcp:host.example:4001"], "port-address"),
        (["--port", "usb:1"], "port-address"),
        (["--port", "Left=/dev/ttyS0"], "name-form"),
        (["--port", "a=/dev/null", "--port", "b=/dev/null"], "port-twice"),
        (["--ports-from", "ports"], "port-twice"),
        (["--ports-from", "none"], "file-open"),
        (["--flow", "both", "--port", "/dev/ttyS0"], "usage"),
        ([], "usage"),
    ]
    for options, code in cases:
        events = run(test, *options, check=2).events()
        expect([e.get("code") for e in events] == [code], "%r: %r" % (options, events))
    run(test, "--allow-remote", "--allow-remote", "--port", "a=tcp:192.0.2.1:4001", check=2)


if __name__ == "__main__":
    scene.main(over_tcp, nobody_listens, from_station_conf, refusals)
