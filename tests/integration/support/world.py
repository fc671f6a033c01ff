"""What surrounds a gateway or a cluster and can be changed under it: the clock, files of the system, a small disk."""
import mmap
import os
import pathlib
import struct
import subprocess

US_PER_S = 1_000_000


class WallClock:
    """The wall clock of one gateway (a test build): give its env to the gateway, then set() moves it."""

    def __init__(self, folder):
        self.path = pathlib.Path(folder) / "clock"
        self.path.write_bytes(b"\0" * mmap.PAGESIZE)
        self.env = {"CLOCK_SHIFT": str(self.path)}
        self.file = self.path.open("r+b")
        self.map = mmap.mmap(self.file.fileno(), mmap.PAGESIZE)

    def set(self, seconds):
        self.map[:8] = struct.pack("=q", int(seconds * US_PER_S))

    def close(self):
        self.map.close()
        self.file.close()


def with_files(files):
    """Words before a command line so that it sees {path: other file} in a mount namespace of its own. What is
    written into the other file later is seen, too."""
    binds = " && ".join(f"mount --bind '{own}' '{path}'" for path, own in files.items())
    return ["unshare", "-m", "sh", "-c", f'{binds} && exec "$@"', "sh"]


class SmallDisk:
    """A file system of a few megabytes in a user's home, as a quota would be."""

    def __init__(self, user, name, megabytes=4):
        self.user = user
        self.path = pathlib.Path(user["home"]) / name
        self.path.mkdir()
        words = f"size={megabytes}m,mode=0755,uid={user['uid']},gid={user['gid']}"
        subprocess.run(["mount", "-t", "tmpfs", "-o", words, "sluice-disk", str(self.path)], check=True)

    def fill(self):
        """Not a byte is left."""
        with open(self.path / "ballast", "ab", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 4096)
            except OSError:
                pass

    def free(self):
        (self.path / "ballast").unlink()

    def close(self):
        subprocess.run(["umount", "-l", str(self.path)], check=True)
        os.rmdir(self.path)
