"""The ballast: a file that only takes up space. SQLite cannot delete on a full disk; with the ballast gone it can."""

import os
from pathlib import Path


class Ballast:
    """Holds back up to `size` bytes of the disk `path` lies on, and no more than an eighth of that disk."""

    def __init__(self, path: Path, size: int) -> None:
        self._path = path
        disk = os.statvfs(path.parent)
        self.size = min(size, disk.f_blocks * disk.f_frsize // 8)

    @property
    def missing(self) -> int:
        """Bytes that should be held back and are not."""
        try:
            return max(0, self.size - self._path.stat().st_size)
        except FileNotFoundError:
            return self.size

    def release(self) -> bool:
        """Give the space back. False: there was none to give."""
        try:
            self._path.unlink()
        except FileNotFoundError:
            return False
        return True

    def fill(self) -> None:
        """Take the space again if the disk has twice as much free."""
        if not self.missing or disk_free(self._path.parent) < 2 * self.size:
            return
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.posix_fallocate(file, 0, self.size)
        except OSError:
            self.release()
        finally:
            os.close(file)


def disk_free(folder: Path) -> int:
    """Return the bytes an ordinary user may still write on the disk of this folder."""
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize
