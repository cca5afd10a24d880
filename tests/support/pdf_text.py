"""What really stands on the pages of a PDF, as another program reads it."""

import subprocess
from pathlib import Path

import pytest


def text(data: bytes, folder: Path) -> str:
    """The words of all pages, by poppler's `pdftotext`."""
    return _run("pdftotext", data, folder, "-layout", "-enc", "UTF-8")


def about(data: bytes, folder: Path) -> dict[str, str]:
    """What the file says of itself."""
    lines = _run("pdfinfo", data, folder).splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def pictures(data: bytes, folder: Path, resolution: int = 40) -> list[bytes]:
    """Each page as a grey picture (PGM)."""
    (folder / "read.pdf").write_bytes(data)
    _call("pdftoppm", "-gray", "-r", str(resolution), str(folder / "read.pdf"), str(folder / "page"))
    return [path.read_bytes() for path in sorted(folder.glob("page-*.pgm"))]


def _run(program: str, data: bytes, folder: Path, *options: str) -> str:
    (folder / "read.pdf").write_bytes(data)
    end = ("-",) if program == "pdftotext" else ()
    return _call(program, *options, str(folder / "read.pdf"), *end)


def _call(*command: str) -> str:
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True, encoding="utf-8").stdout
    except FileNotFoundError:
        pytest.skip(f"{command[0]} is not installed (Debian: poppler-utils)")
