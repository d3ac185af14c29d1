# SPDX-License-Identifier: GPL-2.0
"""Read what dm-log-writes has logged, and write any prefix of it to a device.

The format is that of drivers/md/dm-log-writes.c: a superblock in the first sector,
then entries, each a sector of its own with the data behind it. An entry is logged once
it is complete, and those before a flush are logged before it: what a prefix leaves on
the device is what a crash may have left there.
"""

import os
import struct

MAGIC = 0x6A736677736872
FLUSH, FUA, DISCARD, MARK = 1, 2, 4, 8
SECTOR = 512
SUPER = struct.Struct("<QQQI")
ENTRY = struct.Struct("<QQQQ")


class Log:
    def __init__(self, path):
        self.fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        magic, version, count, self.sector = SUPER.unpack(os.pread(self.fd, SUPER.size, 0))
        if magic != MAGIC or version != 1:
            raise ValueError(f"{path} is no log of dm-log-writes")
        self.entries = []
        offset = self.sector
        for _ in range(count):
            sector, sectors, flags, length = ENTRY.unpack(os.pread(self.fd, ENTRY.size, offset))
            data = offset + self.sector
            self.entries.append((sector * SECTOR, sectors * SECTOR, flags, data,
                                 os.pread(self.fd, length, offset + ENTRY.size)
                                 if flags & MARK else b""))
            offset = data + (0 if flags & DISCARD else sectors * SECTOR)

    def mark(self, text):
        """The number of entries up to a mark of that text."""
        for number, entry in enumerate(self.entries):
            if entry[2] & MARK and entry[4].rstrip(b"\0") == text.encode():
                return number
        raise ValueError(f"no mark {text}")

    def boundaries(self):
        """Numbers of entries after which what was written before is safe."""
        return [number + 1 for number, entry in enumerate(self.entries)
                if entry[2] & (FLUSH | FUA)]


class Replay:
    """A device that has got the first entries of a log, more of them each time."""

    def __init__(self, log, path):
        self.log, self.done = log, 0
        self.fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)

    def to(self, number):
        for start, length, flags, data, _ in self.log.entries[self.done:number]:
            for at in range(0, length, 1 << 20):
                size = min(length - at, 1 << 20)
                chunk = bytes(size) if flags & DISCARD else os.pread(self.log.fd, size, data + at)
                os.pwrite(self.fd, chunk, start + at)
        self.done = number
