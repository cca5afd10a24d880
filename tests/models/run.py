"""Runs the models of this folder and compares what each shows with `expected.toml`: `make models`.

Spin models (`*.pml`) need `spin` and `gcc`, ProVerif models (`*.pv`) the program that `PROVERIF` names. Rules are taken
out with `NAME=0`, for both kinds by the C preprocessor.
"""

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
EXPECTED = FOLDER / "expected.toml"
# The longest check takes about a minute on a quiet machine; two cores that are shared may need several.
LIMIT_SECONDS = 900
MEMORY_MB = 6_000
DEPTH = 200_000
TRAIL_LINES = 30


class ModelError(Exception):
    """A model could not be run: a program is missing, or the model has a mistake."""


@dataclass(frozen=True)
class Check:
    """One run of a model: which rules are out, and what must come of it."""

    model: str
    options: tuple[str, ...]
    about: str
    expected: tuple[str, ...]
    quick: bool

    @property
    def is_spin(self) -> bool:
        return self.model.endswith(".pml")

    @property
    def label(self) -> str:
        return " ".join((self.model, *self.options))


@dataclass(frozen=True)
class Outcome:
    """What a run showed: `results` to compare, `details` for a person."""

    results: tuple[str, ...]
    details: str = ""


def load_checks(path: Path = EXPECTED) -> list[Check]:
    """Return every check of the table in its order."""
    groups = tomllib.loads(path.read_text(encoding="utf-8"))
    return [
        Check(model, tuple(row["options"].split()), row["about"], tuple(row["expected"]), row.get("quick", False))
        for model, rows in groups.items()
        for row in rows
    ]


def find_missing_programs(check: Check) -> list[str]:
    """Return the programs that this check needs and this machine lacks. A ProVerif that is named must be there."""
    missing = [program for program in ("gcc", "spin" if check.is_spin else "gcc") if shutil.which(program) is None]
    if not check.is_spin and not os.environ.get("PROVERIF"):
        missing.append("ProVerif")
    return list(dict.fromkeys(missing))


def run_check(check: Check) -> Outcome:
    """Run one model in a folder of its own. Raises ModelError."""
    with tempfile.TemporaryDirectory() as folder:
        return (_run_spin if check.is_spin else _run_proverif)(check, Path(folder))


def _run_spin(check: Check, folder: Path) -> Outcome:
    """Search every state. `holds` is returned only when the search came to its end."""
    shutil.copy(FOLDER / check.model, folder / "model.pml")
    options = _as_defines(check)
    _call(["spin", "-a", *options, "model.pml"], folder)
    # Of a quick check the compiler would take longest.
    compiler = ["gcc", "-O0" if check.quick else "-O2", "-w", "-DSAFETY", "-DCOLLAPSE", f"-DMEMLIM={MEMORY_MB}"]
    _call([*compiler, "-o", "search", "pan.c"], folder)
    report = _call(["./search", f"-m{DEPTH}", "-n"], folder)
    states = re.search(r"(\d+)(?:e[+]\d+)? states, stored", report)
    details = f"{int(states[1]):,} states" if states else ""
    if list(folder.glob("*.trail")):
        trail = _call(["spin", "-t", "-g", *options, "model.pml"], folder).splitlines()
        return Outcome(("counterexample",), "\n".join([details, *trail[-TRAIL_LINES:]]))
    is_complete = "errors: 0" in report and "not completed" not in report and "too small" not in report
    return Outcome(("holds" if is_complete else "unfinished",), details)


def _run_proverif(check: Check, folder: Path) -> Outcome:
    """Return ProVerif's verdict on every query, without the numbers that it gives to variables."""
    # Traditional: quotes in comments stay quotes, and no space comes between two signs.
    model = _call(["gcc", "-E", "-P", "-traditional-cpp", "-x", "c", *_as_defines(check), str(FOLDER / check.model)])
    (folder / "model.pv").write_text(model, encoding="utf-8")
    report = _call([os.environ["PROVERIF"], "model.pv"], folder)
    *parts, _ = re.split(r"^RESULT (?!\(even)", report, flags=re.MULTILINE)
    verdicts = re.findall(r"^RESULT (?!\(even)(.*?)\.?$", report, flags=re.MULTILINE)
    if not verdicts:
        raise ModelError(f"{check.label}: ProVerif gave no verdict\n{report[-2000:]}")
    shown = [_normalise_verdict(verdict, part) for verdict, part in zip(verdicts, parts, strict=True)]
    return Outcome(tuple(dict.fromkeys(shown)))  # of an equivalence that fails it says so twice


def _normalise_verdict(verdict: str, derivation: str) -> str:
    """Drop the numbers that ProVerif gives to variables, and say when it found an attack on an equivalence.

    Of an equivalence ProVerif never says `is false`: it `cannot be proved`, with a trace or without.
    """
    shown = re.sub(r"_\d+\b", "", verdict).replace("[]", "")
    is_attacked = verdict.endswith("cannot be proved") and "A trace has been found." in derivation
    return f"{shown}: a trace was found" if is_attacked else shown


def _as_defines(check: Check) -> list[str]:
    return [f"-D{option}" for option in check.options]


def _call(command: list[str], folder: Path = FOLDER) -> str:
    """Return what a program prints. Raises ModelError when it fails or takes too long."""
    try:
        finished = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=LIMIT_SECONDS, check=True, errors="replace"
        )
    except subprocess.TimeoutExpired:
        raise ModelError(f"{shlex.join(command)}: not finished after {LIMIT_SECONDS} seconds") from None
    except OSError as failed:
        raise ModelError(f"{command[0]} does not start: {failed.strerror}") from None
    except subprocess.CalledProcessError as failed:
        raise ModelError(f"{shlex.join(command)}\n{failed.stdout[-2000:]}{failed.stderr[-2000:]}") from None
    return finished.stdout


def report_check(check: Check, run: Callable[[Check], Outcome] = run_check) -> tuple[bool, str]:
    """Return whether a check came out as expected, and the lines that say so."""
    try:
        outcome = run(check)
    except ModelError as error:
        return False, f"FAILED   {check.label}: {error}"
    shown = "; ".join(outcome.results) if check.is_spin else f"{len(outcome.results)} verdicts"
    if outcome.results == check.expected:
        details = outcome.details.partition("\n")[0]
        return True, f"ok       {check.label}: {shown}" + (f" ({details})" if details else "")
    return False, "\n".join(
        [
            f"DIFFERS  {check.label}: {check.about}",
            *(f"  expected  {line}" for line in check.expected if line not in outcome.results),
            *(f"  found     {line}" for line in outcome.results if line not in check.expected),
            *(f"  | {line}" for line in outcome.details.splitlines()),
        ]
    )


def run_all(checks: Iterable[Check], jobs: int) -> bool:
    """Run the checks whose programs are there, name the models left out. Return whether all came out as expected."""
    checks = list(checks)
    absent = {check: missing for check in checks if (missing := find_missing_programs(check))}
    with ThreadPoolExecutor(jobs) as pool:
        verdicts = []
        for is_expected, lines in pool.map(report_check, [check for check in checks if check not in absent]):
            print(lines, flush=True)
            verdicts.append(is_expected)
    for program in sorted({program for missing in absent.values() for program in missing}):
        models = ", ".join(dict.fromkeys(check.model for check, missing in absent.items() if program in missing))
        hint = "; PROVERIF=FILE names it" if program == "ProVerif" else ""
        print(f"skipped: {models}: no {program} here{hint}")
    print(f"{sum(verdicts)} as expected, {len(verdicts) - sum(verdicts)} not, {len(absent)} skipped")
    return all(verdicts)


def main() -> int:
    """Run the checks that the arguments name, all of them without any."""
    parser = argparse.ArgumentParser(prog="make models", description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", help="files, as in: checkin.pml press.pv")
    parser.add_argument("--quick", action="store_true", help="the quick ones")
    parser.add_argument("--jobs", type=int, default=2, help="how many at a time")
    arguments = parser.parse_args()
    checks = [
        check
        for check in load_checks()
        if (not arguments.models or check.model in arguments.models) and (check.quick or not arguments.quick)
    ]
    return 0 if run_all(checks, arguments.jobs) else 1


if __name__ == "__main__":
    sys.exit(main())
