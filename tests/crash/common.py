# SPDX-License-Identifier: GPL-2.0
"""What the crash tests have in common: a device of which writes are logged, and points."""

import bisect
import ctypes
import os
import random
import subprocess
from pathlib import Path

import logwrites

SIZE = 64 << 20
WORK = Path("/tmp/crash")
MNT = WORK / "mnt"
LIBC = ctypes.CDLL(None, use_errno=True)


def run(*args, **more):
    """What it prints; what it says goes on to standard error."""
    return subprocess.run([str(a) for a in args], check=True, stdout=subprocess.PIPE, **more).stdout


class FileHandle(ctypes.Structure):
    _fields_ = [("bytes", ctypes.c_uint), ("type", ctypes.c_int), ("data", ctypes.c_ubyte * 128)]


def handle_of(path):
    handle, mount = FileHandle(bytes=128), ctypes.c_int()
    if LIBC.name_to_handle_at(-100, os.fsencode(path), ctypes.byref(handle),
                              ctypes.byref(mount), 0):
        raise OSError(ctypes.get_errno(), f"no handle of {path}")
    return bytes(handle.data[:handle.bytes]).hex()


def set_up():
    log_device = subprocess.run(["findmnt", "-n", "-o", "SOURCE", "/mnt/disk"], check=True,
                                stdout=subprocess.PIPE, text=True).stdout.strip()
    run("umount", "/mnt/disk")
    # they need not be modules
    subprocess.run(["modprobe", "-qa", "loop", "dm-log-writes"])
    WORK.mkdir()
    run("mount", "-t", "tmpfs", "-o", "size=512m", "tmpfs", WORK)
    MNT.mkdir()
    run("truncate", "-s", SIZE, WORK / "data", WORK / "replayed")
    data = run("losetup", "-f", "--show", WORK / "data").decode().strip()
    run("dmsetup", "create", "crash", "--table",
        f"0 {SIZE // 512} log-writes {data} {log_device}")
    # there is no udev
    run("dmsetup", "mknodes", "crash")
    return log_device


def mount_image(image):
    # not every kernel mounts what is open for writing, as mount -o loop has it
    device = run("losetup", "-f", "--show", image).decode().strip()
    run("mount", "-o", "noatime,nodev", device, MNT)
    run("losetup", "-d", device)


def mark(text):
    run("dmsetup", "message", "crash", "0", "mark", text)


def points_of(log, count, seed):
    """Half of them at flushes, half anywhere."""
    rng = random.Random(seed)
    begin, end = log.mark("begin"), log.mark("end")
    flushes = log.boundaries()
    flushes = flushes[bisect.bisect(flushes, begin):bisect.bisect(flushes, end)]
    chosen = set(rng.sample(flushes, min(len(flushes), count // 2)))
    while len(chosen) < min(count, end - begin):
        chosen.add(rng.randint(begin + 1, end))
    return sorted(chosen)


def crashes(log, points):
    """The points, and of each the image that a crash there would have left."""
    replay = logwrites.Replay(log, WORK / "replayed")
    for done, number in enumerate(points):
        if done % 50 == 0:
            print(f"# {done} of {len(points)} crash points", flush=True)
        replay.to(number)
        run("cp", "--sparse=always", WORK / "replayed", WORK / "image")
        yield number, WORK / "image"


def kernel_says():
    """The last that ext4 has complained of."""
    lines = run("dmesg").decode(errors="replace").splitlines()
    return next((line for line in reversed(lines) if "EXT4-fs error" in line), "nothing")
