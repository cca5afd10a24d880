"""Hardening of a process that holds plaintext, against core dumps, debuggers, tracebacks and swap."""

import ctypes
import faulthandler
import logging
import os
import resource
import sys
import threading
import traceback
from pathlib import Path
from types import TracebackType

PR_SET_DUMPABLE = 4  # linux/prctl.h; 0: no core dump, and no other process of this user may look into the memory
_SWAPS = Path("/proc/swaps")


def harden_process() -> None:
    """Close what lets memory out of this process. What goes wrong in it is printed by kind and place only."""
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    faulthandler.disable()
    sys.excepthook = _print_error
    threading.excepthook = lambda hook: _print_error(hook.exc_type, hook.exc_value, hook.exc_traceback)
    handler = logging.StreamHandler()
    handler.setFormatter(_Silent("%(levelname)s %(name)s"))
    logging.basicConfig(handlers=[handler], force=True)


def list_swaps(path: Path = _SWAPS) -> list[str]:
    """Return where this computer may write memory to a disk. What is compressed in memory (zram) is not counted."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()[1:]
    except OSError:
        return []
    return [name for line in lines if (name := line.split()[0]) and "zram" not in name]


def summarize_error(kind: type[BaseException], at: TracebackType | None) -> str:
    """Say what went wrong and where, without a word of what it was about."""
    frames = [f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(at)]
    return "\n".join([f"error: {kind.__name__}", *frames])


def _print_error(kind: type[BaseException], _: BaseException | None, at: TracebackType | None) -> None:
    print(summarize_error(kind, at), file=sys.stderr)


class _Silent(logging.Formatter):
    """Level, logger and place; a message could quote a report."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        return f"{record.levelname} {record.name} {Path(record.pathname).name}:{record.lineno}"

    def formatException(self, ei: object) -> str:
        kind, _, at = ei if isinstance(ei, tuple) else (None, None, None)
        return "" if kind is None else summarize_error(kind, at)
