"""`tocsin` in processes of their own that need not import it again: they are forked from one that has.

A command spends 0.3 s of processor on importing, and the suite runs more than a thousand. Each still has its own
process, environment, working folder, files and exit code. Commands that go on, and those whose start is what a test is
about, run with an interpreter of their own; so do those whose environment asks for another one (`PYTHON...`, locale).
"""

import contextlib
import multiprocessing
import os
import sys
import tempfile
import time
import traceback
from functools import cache
from multiprocessing.context import ForkServerContext
from pathlib import Path
from subprocess import CompletedProcess, TimeoutExpired

IMPORTED = (
    "tests.support.quick_tocsin",
    *(f"client.cli.{name}" for name in ("main", "contact", "inbox", "org", "outbox", "phone", "report", "stations")),
    "client.outbox.sender",
    "client.organisation.inbox",
    "client.reporter.replies",
    "client.contacts.sync",
)
INTERPRETER = ("PYTHON", "LC_", "LANG")


def is_for_this_interpreter(env: dict[str, str]) -> bool:
    """Return whether an interpreter started with this environment would be like the one that runs."""
    names = {name for name in {*env, *os.environ} if name.startswith(INTERPRETER)}
    return all(env.get(name) == os.environ.get(name) for name in names)


def run_command(words: list[str], *, env: dict[str, str], stdin: str, seconds: float) -> "CompletedProcess[str]":
    """Run one command to its end, with keystores that are quick to unlock. Raises TimeoutExpired."""
    with tempfile.TemporaryDirectory() as folder:
        given, out, err = (Path(folder) / name for name in ("in", "out", "err"))
        given.write_text(stdin, encoding="utf-8")
        files = tuple(map(str, (given, out, err)))
        process = _server().Process(target=_run, args=(words, env, str(Path.cwd()), files))
        process.start()
        process.join(seconds)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise TimeoutExpired(words, seconds)
        code = process.exitcode
        process.close()
        return CompletedProcess(words, code, out.read_text(encoding="utf-8"), err.read_text(encoding="utf-8"))


@cache
def _server() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(IMPORTED))
    return context


def _run(words: list[str], env: dict[str, str], folder: str, files: tuple[str, str, str]) -> None:
    """Become the command: in the forked process, which ends here."""
    code = 1
    os.environ.clear()
    os.environ.update(env)
    time.tzset()
    os.chdir(folder)
    for number, (path, mode) in enumerate(zip(files, ("r", "w", "w"), strict=True)):
        with open(path, mode) as file:
            os.dup2(file.fileno(), number)
    sys.stdin, sys.stdout, sys.stderr = (
        open(number, mode, encoding="utf-8", errors=errors, closefd=False)  # noqa: SIM115
        for number, mode, errors in ((0, "r", "surrogateescape"), (1, "w", "strict"), (2, "w", "backslashreplace"))
    )
    sys.argv = ["tocsin", *words]
    try:
        from tests.support.quick_tocsin import main

        main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    with contextlib.suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)
