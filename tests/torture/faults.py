"""The n-th call of a kind fails in a gateway: the hand on fault_inject.c, whose control block this module shares."""
import mmap
import os
import pathlib
import struct
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIBRARY = ROOT / "build" / "fault_inject.so"
KINDS = ["own", "lib", "open", "read", "write", "sync", "name", "spawn", "socket", "epoll", "map"]
COUNT, ONCE, FOREVER = "count", "once", "forever"
MODES = {"off": 0, COUNT: 1, ONCE: 2, FOREVER: 3}
EIO, ENOMEM, ENOSPC, ENFILE, EMFILE, ENOBUFS, EDQUOT = 5, 12, 28, 23, 24, 105, 122
SHORT = -1
# What the failures of a kind are in turn: point n of a scenario meets the (n mod len)-th. None is a refusal (EACCES):
# it is told in its words, as a 500.
ERRORS = {"open": [EMFILE, EIO, ENOSPC, ENFILE], "read": [EIO, SHORT], "write": [ENOSPC, EIO, SHORT],
          "name": [ENOSPC, EIO, EDQUOT], "socket": [0, ENOBUFS]}

HEAD = struct.Struct("=16siiiiii")  # role, mode, kind, nth, error, is_short, hits
SEEN = struct.Struct(f"={len(KINDS)}i")
SIZE = 2048
SITE_COUNT = HEAD.size + SEEN.size + SIZE
STACK, SITES = SITE_COUNT + 4, SITE_COUNT + 12
SITE = struct.Struct("=Qii")
BYTES = 256 * 1024
AT = {name: 16 + 4 * place for place, name in enumerate(["mode", "kind", "nth", "error", "is_short", "hits"])}


def build():
    """make knows how; nothing to do where it is made."""
    done = subprocess.run(["make", "-s", str(LIBRARY.relative_to(ROOT))], cwd=ROOT, capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stderr
    return LIBRARY


class Control:
    """Arms, disarms and reads the injector of one gateway, over all its lives."""

    def __init__(self, path, role="serve"):
        self.path = pathlib.Path(path)
        self.path.write_bytes(bytes(BYTES))
        with open(self.path, "r+b") as file:
            self.shared = mmap.mmap(file.fileno(), BYTES)
        self.shared[:16] = role.encode().ljust(16, b"\0")

    def environment(self):
        """For the gateway. The sanitizers' runtime must not insist on being the first."""
        asan = os.environ.get("ASAN_OPTIONS", "")
        return {"LD_PRELOAD": str(build()), "FAULT_CONTROL": str(self.path),
                "ASAN_OPTIONS": f"{asan}:verify_asan_link_order=0:allocator_may_return_null=1".lstrip(":")}

    def _put(self, name, value):
        struct.pack_into("=i", self.shared, AT[name], value)

    def _get(self, name):
        return struct.unpack_from("=i", self.shared, AT[name])[0]

    def arm(self, kind, point, mode):
        """From now on calls are counted, and the nth of them (from 0) fails, or the first by that way ("@stack"); FOREVER:
        all after it, too."""
        self.disarm()
        is_site = str(point).startswith("@")
        nth = int(point[1:], 16) if is_site else int(point)
        struct.pack_into("=iQ", self.shared, SITE_COUNT, 0, nth if is_site else 0)
        errors = ERRORS.get(kind, [0])
        error = errors[nth % len(errors)]
        self.shared[HEAD.size:HEAD.size + SEEN.size + SIZE] = bytes(SEEN.size + SIZE)
        for name, value in (("kind", KINDS.index(kind)), ("nth", 0 if is_site else nth), ("hits", 0), ("is_short", error == SHORT),
                            ("error", max(error, 0)), ("mode", MODES[mode])):
            self._put(name, int(value))

    def disarm(self):
        self._put("mode", 0)

    @property
    def hits(self):
        return self._get("hits")

    @property
    def seen(self):
        """How many calls of each kind there were since it was armed."""
        return dict(zip(KINDS, SEEN.unpack_from(self.shared, HEAD.size)))

    @property
    def sites(self):
        """The ways to calls that were seen while counting: {kind: [@stack]}."""
        found = {}
        count, = struct.unpack_from("=i", self.shared, SITE_COUNT)
        for place in range(count):
            stack, kind, _ = SITE.unpack_from(self.shared, SITES + place * SITE.size)
            found.setdefault(KINDS[kind], []).append(f"@{stack:x}")
        return found

    def where(self, program=None):
        """Who made the call that failed first, innermost first: function names, with source lines of our own."""
        text = self.shared[HEAD.size + SEEN.size:HEAD.size + SEEN.size + SIZE].split(b"\0")[0].decode()
        found = []
        for line in text.splitlines():
            place, _, name = line.partition(" ")
            file, _, offset = place.partition("+")
            if program and file == os.path.basename(program):
                name = _source_of(program, offset) or name
            found.append(f"{file}:{name or offset}")
        return found


def _source_of(program, offset):
    done = subprocess.run(["addr2line", "-s", "-f", "-e", program, hex(int(offset, 16) - 1)], capture_output=True,
                          text=True, check=False)
    return " ".join(done.stdout.split())
