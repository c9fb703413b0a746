# SPDX-License-Identifier: ISC
"""What a guest is made of: a Debian kernel, some of its modules, busybox and the files of a test in an initrd."""
import glob
import gzip
import lzma
import os
import re
import shutil
import subprocess
import tarfile

KERNEL = "linux-image-amd64"  # the package whose dependency is the newest kernel of the release


class Missing(Exception):
    """Something the test needs is not to be had on this machine."""


def tool(name):
    path = shutil.which(name)
    if path is None:
        raise Missing("there is no " + name)
    return path


def output(*args, **kwargs):
    done = subprocess.run(args, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **kwargs)
    if done.returncode != 0:
        raise Missing("%s: %s" % (" ".join(args[:3]), done.stdout.strip()[-300:]))
    return done.stdout


class Kernel:
    def __init__(self, image, modules):
        self.image = image
        self.files = {}
        for folder, _, names in os.walk(modules):
            for name in names:
                stem, _, kind = name.partition(".")
                if kind in ("ko", "ko.xz"):  # what we or busybox can load
                    self.files[stem.replace("-", "_")] = os.path.join(folder, name)

    def module(self, name):
        path = self.files[name]
        with open(path, "rb") as f:
            data = f.read()
        return lzma.decompress(data) if path.endswith(".xz") else data

    def modules(self, *names):
        """The modules and all they depend on, in the order they must be loaded: a list of (name, bytes)."""
        loaded = {}

        def load(name):
            if name in loaded or name not in self.files:  # built in, then
                return
            data = self.module(name)
            depends = re.search(rb"\0depends=([^\0]*)\0", data)
            for other in depends.group(1).decode().split(",") if depends else []:
                load(other.replace("-", "_"))
            loaded[name] = data

        for name in names:
            load(name.replace("-", "_"))
        return list(loaded.items())


def kernel_in(root):
    """The kernel under a root that has modules for what stands in it; None if there is none."""
    for image in sorted(glob.glob(os.path.join(root, "boot", "vmlinuz-*")), reverse=True):
        version = os.path.basename(image)[len("vmlinuz-"):]
        for modules in (os.path.join(root, "lib/modules", version), os.path.join(root, "usr/lib/modules", version)):
            kernel = Kernel(image, modules)
            if "ftdi_sio" in kernel.files and "xhci_pci" in kernel.files and os.access(image, os.R_OK):
                return kernel
    return None


def unpack_kernel(package, folder):
    """The kernel and the drivers it may need: the rest is thirty times as much."""
    unpacked = subprocess.Popen([tool("dpkg-deb"), "--fsys-tarfile", package], stdout=subprocess.PIPE)
    with unpacked.stdout, tarfile.open(fileobj=unpacked.stdout, mode="r|") as tar:
        for member in tar:
            if member.isfile() and re.search(r"/boot/vmlinuz-|/kernel/(drivers/usb|lib)/", member.name):
                tar.extract(member, folder)
        while unpacked.stdout.read(1 << 16):  # what stands behind the end of an archive
            pass
    if unpacked.wait() != 0:
        raise Missing("the package of the kernel cannot be unpacked")


def find_kernel(cache):
    """The installed kernel or, unpacked below cache and installed nowhere, that of the release."""
    kernel = kernel_in("/") or kernel_in(os.path.join(cache, "kernel"))
    if kernel is not None:
        return kernel
    os.makedirs(cache, exist_ok=True)
    tool("apt-get")
    names = re.findall(r"Depends: (linux-image-\S+)", output("apt-cache", "depends", KERNEL))
    if not names:
        raise Missing("apt-cache knows no kernel")
    for old in glob.glob(os.path.join(cache, "linux-image-*.deb")):
        os.unlink(old)
    output("apt-get", "-q", "download", names[0], cwd=cache)
    packages = glob.glob(os.path.join(cache, "linux-image-*.deb"))
    if not packages:
        raise Missing("apt-get brought no kernel")
    part = os.path.join(cache, "kernel.part")
    shutil.rmtree(part, ignore_errors=True)
    unpack_kernel(packages[0], part)
    shutil.rmtree(os.path.join(cache, "kernel"), ignore_errors=True)
    os.rename(part, os.path.join(cache, "kernel"))
    os.unlink(packages[0])
    return kernel_in(os.path.join(cache, "kernel"))


class Initrd:
    """A cpio archive of the newc form, as the kernel unpacks it into its first root."""

    def __init__(self):
        self.out = []
        self.number = 0
        self.folders = set()

    def entry(self, path, mode, data=b"", device=(0, 0)):
        self.number += 1
        name = path.encode() + b"\0"
        fields = (self.number, mode, 0, 0, 1, 0, len(data), 0, 0, device[0], device[1], len(name), 0)
        head = b"070701" + b"".join(b"%08X" % field for field in fields) + name
        self.out += [head, b"\0" * (-len(head) % 4), data, b"\0" * (-len(data) % 4)]

    def folder(self, path, mode=0o755):
        if path and path not in self.folders:
            self.folder(os.path.dirname(path))
            self.folders.add(path)
            self.entry(path, 0o040000 | mode)

    def file(self, path, data, mode=0o755):
        self.folder(os.path.dirname(path))
        self.entry(path, 0o100000 | mode, data)

    def link(self, path, target):
        self.folder(os.path.dirname(path))
        self.entry(path, 0o120777, target.encode())

    def copy(self, path, source, mode=None):
        with open(source, "rb") as f:
            self.file(path, f.read(), os.stat(source).st_mode & 0o777 if mode is None else mode)

    def tree(self, path, source):
        self.folder(path, os.stat(source).st_mode & 0o777)
        for name in sorted(os.listdir(source)):
            inner = os.path.join(source, name)
            if os.path.isdir(inner):
                self.tree(path + "/" + name, inner)
            else:
                self.copy(path + "/" + name, inner)

    def program(self, path, source):
        """A program and the shared libraries it loads, if any, at the places it looks for them."""
        self.copy(path, source)
        loaded = subprocess.run(["ldd", source], capture_output=True, text=True)  # fails on a static program
        for library in re.findall(r"(?:=> )?(/\S+) \(0x", loaded.stdout):
            if library not in self.folders:
                self.folders.add(library)
                self.copy(library.lstrip("/"), os.path.realpath(library))

    def write(self, path):
        self.entry("TRAILER!!!", 0)
        with gzip.open(path, "wb", compresslevel=1) as f:
            f.write(b"".join(self.out))
