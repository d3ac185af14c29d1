# SPDX-License-Identifier: GPL-2.0
"""Random operations of kinds that an unmodified kernel tells of, by several processes."""

import ctypes
import mmap
import os
import random
import time

NAMES = "abcdefgh"
LIBC = ctypes.CDLL(None, use_errno=True)


def overwrite(path, rng):
    """In place, so that no transaction is waited for."""
    fd = os.open(path, os.O_RDWR)
    with os.fdopen(fd, "r+b", buffering=0) as file:
        size = os.fstat(fd).st_size
        file.seek(rng.randint(0, max(size - 1, 0)))
        file.write(rng.randbytes(rng.randint(1, 4096)))
        if rng.random() < 0.3:
            os.fdatasync(fd)


def store(path, rng):
    """By a mapping, again and again."""
    rng = random.Random(rng.getrandbits(32))
    # where another one has truncated it meanwhile, a store ends the process
    if pid := os.fork():
        os.waitpid(pid, 0)
        return
    try:
        with open(path, "r+b") as file, mmap.mmap(file.fileno(), 0) as mapping:
            for _ in range(rng.randint(1, 20)):
                mapping[rng.randrange(len(mapping))] = rng.randrange(256)
                time.sleep(rng.choice((0, 0, 0.02)))
            if rng.random() < 0.5:
                mapping.flush()
    finally:
        os._exit(0)


def exchange(path, rng):
    LIBC.renameat2(-100, os.fsencode(path), -100,
                   os.fsencode(some_path(os.path.dirname(path), rng)), 2)


def tmpfile(path, rng):
    fd = os.open(os.path.dirname(path), os.O_TMPFILE | os.O_WRONLY, 0o600)
    os.write(fd, rng.randbytes(rng.randint(1, 5000)))
    try:
        os.link(f"/proc/self/fd/{fd}", path, follow_symlinks=True)
    finally:
        os.close(fd)


def write(path, rng):
    # it may be a FIFO by now, of which nobody is to be waited for
    fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK, 0o666)
    with os.fdopen(fd, "ab", buffering=0) as file:
        file.write(rng.randbytes(rng.randint(1, 8192)))
        if rng.random() < 0.1:
            os.fsync(fd)


OPERATIONS = [
    (write, 6),
    (lambda path, rng: os.truncate(path, rng.randint(0, 8192)), 1),
    (lambda path, rng: os.chmod(path, rng.choice((0o600, 0o640, 0o755))), 1),
    (lambda path, rng: os.chown(path, rng.randint(0, 9), -1, follow_symlinks=False), 1),
    (lambda path, rng: os.setxattr(path, "user.a", bytes(rng.randint(1, 99))), 1),
    (lambda path, rng: os.removexattr(path, "user.a"), 1),
    (lambda path, rng: os.mkdir(path), 3),
    (lambda path, rng: os.rmdir(path), 1),
    (lambda path, rng: os.symlink("somewhere", path), 1),
    (lambda path, rng: os.mkfifo(path), 1),
    (lambda path, rng: os.unlink(path), 3),
    (lambda path, rng: os.link(path, some_path(os.path.dirname(path), rng)), 1),
    (lambda path, rng: os.rename(path, some_path(os.path.dirname(path), rng)), 2),
]


MORE = [
    (overwrite, 6),
    (store, 2),
    (exchange, 1),
    (tmpfile, 1),
    (lambda path, rng: os.symlink("somewhere" * rng.randint(1, 200), path), 1),
    (lambda path, rng: os.utime(path, ns=(0, rng.getrandbits(50))), 1),
]

DATA = (write, overwrite, store)


def some_path(top, rng):
    """A name up to two levels deep; the upper ones may or may not be there."""
    return os.path.join(top, *rng.choices(NAMES, k=rng.randint(1, 2)))


def worker(top, count, rng, operations):
    os.umask(0)
    for _ in range(count):
        operation, = rng.choices([op for op, _ in operations], [weight for _, weight in operations])
        path = some_path(top, rng)
        try:
            # what is written to a FIFO is no change of the filesystem but its times
            if operation not in DATA or not os.path.exists(path) or os.path.isfile(path):
                operation(path, rng)
        except (OSError, ValueError):
            pass


CHILDREN = []


def start(top, processes, count, seed, operations):
    for number in range(processes):
        if pid := os.fork():
            CHILDREN.append(pid)
            continue
        worker(top, count, random.Random(seed + number), operations)
        os._exit(0)


def is_done(options=os.WNOHANG):
    for pid in list(CHILDREN):
        ended, status = os.waitpid(pid, options)
        if ended:
            assert not status, f"a worker has ended with {status:#x}"
            CHILDREN.remove(pid)
    return not CHILDREN


def run(top, processes, count, seed):
    start(top, processes, count, seed, OPERATIONS)
    while not is_done(0):
        pass
