"""What goes wrong in a process that holds plaintext is told without a word of it."""

import subprocess
import sys
from pathlib import Path

from client.desk.server.hardening import list_swaps, summarize_error

SECRET = "Иванова"
CRASH = """
import logging, threading, sys
from client.desk.server.hardening import harden_process
harden_process()
logging.getLogger("waitress").error("Exception while serving %s", "Иванова")
try:
    raise ValueError("Иванова")
except ValueError:
    logging.getLogger("waitress").exception("Иванова")
def crash(): raise KeyError("Иванова")
thread = threading.Thread(target=crash); thread.start(); thread.join()
crash()
"""


def test_an_error_is_told_by_kind_and_place() -> None:
    try:
        raise ValueError(SECRET)
    except ValueError as error:
        summary = summarize_error(type(error), error.__traceback__)
    assert summary.startswith("error: ValueError\n")
    assert f"{Path(__file__).name}:" in summary
    assert SECRET not in summary


def test_neither_logs_nor_threads_nor_the_end_of_a_process_say_a_word() -> None:
    result = subprocess.run([sys.executable, "-c", CRASH], capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 1
    assert SECRET not in result.stdout + result.stderr
    assert result.stderr.count("error: KeyError") == 2
    assert "ERROR waitress" in result.stderr
    assert "error: ValueError" in result.stderr


def test_swap_on_a_disk_is_named_and_swap_in_memory_is_not(tmp_path: Path) -> None:
    table = tmp_path / "swaps"
    table.write_text(
        "Filename Type Size Used Priority\n/dev/zram0 partition 8 0 100\n"
        "/dev/sda2 partition 8 0 -2\n/swapfile file 8 0 -3\n"
    )
    assert list_swaps(table) == ["/dev/sda2", "/swapfile"]
    assert list_swaps(tmp_path / "none") == []
