"""What the models show is what `expected.toml` says, and a model with a rule taken out is found out."""

import re

import pytest

from tests.models import run
from tests.models.run import Check, Outcome, find_missing_programs, load_checks, report_check, run_check
from tests.support.soak import SOAKING

CHECKS = load_checks()
HOLDS = Check("roster.pml", ("SHOWN=1", "EPOCHS=5"), "all have one epoch", ("holds",), True)


def skip_without_programs(check: Check) -> None:
    if missing := find_missing_programs(check):
        pytest.skip(f"{check.model} needs {' and '.join(missing)}: see tests/models/README.md")


# All of them in `make soak`, as in `make models`; the quick ones in `make test`.
RUN_HERE = [
    pytest.param(check, marks=pytest.mark.soak if SOAKING else (), id=check.label)
    for check in CHECKS
    if SOAKING or check.quick
]


@pytest.mark.process
@pytest.mark.parametrize("check", RUN_HERE)
def test_a_model_shows_what_is_expected(check):
    skip_without_programs(check)
    is_expected, lines = report_check(check)
    assert is_expected, lines


def test_the_quick_ones_search_everything_and_find_attacks():
    """Each Spin model that is quick enough has a rule that holds and one whose absence is found."""
    quick = {(check.model, *check.expected) for check in CHECKS if check.quick}
    assert quick >= {(model, shown) for model in ("checkin.pml", "roster.pml") for shown in ("holds", "counterexample")}
    assert all(check.is_spin for check in CHECKS if check.quick)


# A rule without which no attack was found within bounds that can be searched.
NOT_TAKEN_OUT = {("lease.pml", "AGAIN")}


def test_every_model_is_run_and_every_rule_taken_out():
    """A rule is a name that is defined in the head of a model; each has another value in at least one run."""
    models = {path.name: path.read_text("utf-8") for path in run.FOLDER.iterdir() if path.suffix in {".pml", ".pv"}}
    assert {check.model for check in CHECKS} == set(models)
    options = {(check.model, option.partition("=")[0]) for check in CHECKS for option in check.options}
    heads = {name: re.findall(r"^#ifndef (\w+)$", text, flags=re.MULTILINE) for name, text in models.items()}
    assert options == {(name, rule) for name, rules in heads.items() for rule in rules} - NOT_TAKEN_OUT


def test_an_outcome_that_differs_is_reported_and_ends_badly(capsys, monkeypatch):
    found = Outcome(("counterexample",), "7 states\nthe last step")
    is_expected, lines = report_check(HOLDS, lambda _: found)
    assert not is_expected
    assert "expected  holds" in lines
    assert "found     counterexample" in lines
    assert "the last step" in lines
    monkeypatch.setattr(run, "find_missing_programs", lambda _: [])
    monkeypatch.setattr(run, "report_check", lambda _: (False, lines))
    assert not run.run_all([HOLDS], 1)
    assert "0 as expected, 1 not, 0 skipped" in capsys.readouterr().out


def test_what_is_left_out_is_named(capsys, monkeypatch):
    monkeypatch.delenv("PROVERIF", raising=False)
    proverif = [check for check in CHECKS if not check.is_spin]
    assert run.run_all(proverif, 1)
    printed = capsys.readouterr().out
    models = ", ".join(dict.fromkeys(check.model for check in proverif))
    assert f"skipped: {models}: no ProVerif here; PROVERIF=FILE names it" in printed
    assert f"0 as expected, 0 not, {len(proverif)} skipped" in printed


def test_a_proverif_that_is_named_and_not_there_is_no_reason_to_skip(tmp_path, monkeypatch):
    check = next(check for check in CHECKS if not check.is_spin)
    skip_without_programs(HOLDS)
    monkeypatch.setenv("PROVERIF", str(tmp_path / "proverif"))
    assert find_missing_programs(check) == []
    is_expected, lines = report_check(check)
    assert not is_expected
    assert "proverif does not start: No such file or directory" in lines


@pytest.mark.process
def test_a_search_that_does_not_end_is_not_called_one_that_holds(monkeypatch):
    skip_without_programs(HOLDS)
    monkeypatch.setattr(run, "DEPTH", 20)
    assert run_check(HOLDS).results == ("unfinished",)


PROVERIF = """
goal reachable: attacker(late[])
A trace has been found.
RESULT not attacker_p1(late[]) is false.
RESULT event(Read(m_1,k_3)) ==> event(Replied(m_1,k_3)) is true.
RESULT (even event(Heard(m_1,k)) ==> event(Sent(m_1,k)) is false.)
RESULT Observational equivalence is true.
"""


def test_verdicts_of_proverif_are_compared_without_the_numbers_of_variables(monkeypatch):
    monkeypatch.setenv("PROVERIF", "proverif")
    monkeypatch.setattr(run, "_call", lambda *_: PROVERIF)
    assert run_check(Check("press.pv", (), "", (), False)).results == (
        "not attacker_p1(late) is false",
        "event(Read(m,k)) ==> event(Replied(m,k)) is true",
        "Observational equivalence is true",
    )
