# SPDX-License-Identifier: GPL-2.0
"""Random operations of kinds that an unmodified kernel tells of, by several processes."""

import os
import random

NAMES = "abcdefgh"


def write(path, rng):
    with open(path, "ab") as file:
        file.write(bytes(rng.randint(1, 8192)))
        if rng.random() < 0.1:
            file.flush()
            os.fsync(file.fileno())


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


def some_path(top, rng):
    """A name up to two levels deep; the upper ones may or may not be there."""
    return os.path.join(top, *rng.choices(NAMES, k=rng.randint(1, 2)))


def worker(top, count, rng):
    os.umask(0)
    for _ in range(count):
        operation, = rng.choices([op for op, _ in OPERATIONS], [weight for _, weight in OPERATIONS])
        path = some_path(top, rng)
        try:
            # nobody is to be waited for
            if operation is not write or not os.path.exists(path) or os.path.isfile(path):
                operation(path, rng)
        except OSError:
            pass


def run(top, processes, count, seed):
    children = []
    for number in range(processes):
        if pid := os.fork():
            children.append(pid)
            continue
        worker(top, count, random.Random(seed + number))
        os._exit(0)
    for pid in children:
        os.waitpid(pid, 0)
