"""What is written about Tocsin is true of Tocsin."""

import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from client.cli.main import door
from keys import errors, problems, wire

ROOT = Path(__file__).parent.parent


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def section(page: str, title: str) -> str:
    """The part of a page under one heading."""
    after = re.split(rf"^#+ {re.escape(title)}$", page, maxsplit=1, flags=re.MULTILINE)[1]
    return re.split(r"^#+ ", after, maxsplit=1, flags=re.MULTILINE)[0]


def rows(table: str) -> Iterator[list[str]]:
    """The rows of a table whose first cell is a name in backquotes; each cell without backquotes."""
    for line in table.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if re.fullmatch(r"`[^`]+`", cells[0]):
            yield [cell.strip("`") for cell in cells]


def test_every_size_in_the_specification_is_the_one_in_the_code():
    written = {name: int(value.replace(",", "")) for name, value, *_ in rows(section(read("keys/wire.md"), "Sizes"))}
    meant = {name: value for name, value in vars(wire).items() if name.isupper() and type(value) is int}
    meant.pop("SUITE")  # not a size; envelope.md has it
    assert written == meant


def sentence(kind: type[errors.TocsinError]) -> str:
    return (kind.__doc__ or "").splitlines()[0]


def test_every_error_of_a_relay_in_the_specification_is_one_in_the_code():
    written = [(code, int(status), words) for code, status, words in rows(section(read("keys/wire.md"), "Errors"))]
    meant = [(kind.code, kind.status, sentence(kind)) for kind in problems.PROBLEMS.values()]
    meant.remove(
        (problems.RelayError.code, problems.RelayError.status, sentence(problems.RelayError))
    )  # never sent itself
    assert sorted(written) == sorted(meant)


def test_every_other_error_in_the_specification_is_one_in_the_code():
    written = list(rows(section(read("keys/wire.md"), "Codes that stay on one side")))
    classes = [*vars(errors).values(), problems.RelayError]
    kinds = [kind for kind in classes if isinstance(kind, type) and issubclass(kind, errors.TocsinError)]
    meant = {
        kind.code: sentence(kind) for kind in kinds if kind is problems.RelayError or kind.code not in problems.PROBLEMS
    }
    assert sorted(code for code, _ in written) == sorted(meant)
    assert [words for code, words in written if not words.startswith(meant[code])] == []


def test_every_route_of_the_relay_stands_in_the_specification_and_no_other(tmp_path):
    from relay.app import create_app
    from relay.config import Config

    app = create_app(Config(data=tmp_path, origins=("http://127.0.0.1:8080",)))
    app.extensions["mailbox"].close()
    served = {
        f"{method} {rule.rule}"
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.endpoint != "static"
    }
    page = re.sub(r"`([A-Z]+)`/`([A-Z]+) (/\S+)`", r"`\1 \3` `\2 \3`", read("relay/http.md"))
    written = {f"{method} {path}" for method, path in re.findall(r"\b(GET|PUT|POST|DELETE) (/[\w/]+)", page)}
    assert written == served


def commands_of(text: str, program: str) -> list[list[str]]:
    """The lines of code blocks that call a program, split into words; a `\\` at the end of a line joins the next."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    lines = [line.strip().removeprefix("$ ") for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    return [line.split("#")[0].split() for line in lines if line.split(" ")[0] == program]


def command_named(words: list[str]) -> click.Command:
    """Follow the words as the shell command would, as far as they are names of commands."""
    command: click.Command = door
    for word in words:
        if not isinstance(command, click.Group):
            break
        found = command.get_command(click.Context(command), word)
        assert found is not None, f"tocsin has no command {word!r} in: tocsin {' '.join(words)}"
        command = found
    return command


def test_every_command_in_the_readme_exists():
    calls = commands_of(read("README.md"), "tocsin")
    assert calls
    for _, *words in calls:
        command = command_named(words)
        known = {spelling for parameter in command.params for spelling in (*parameter.opts, *parameter.secondary_opts)}
        used = {word.partition("=")[0] for word in words if word.startswith("--")}
        assert used <= known | {"--help", "--json"}, f"tocsin {' '.join(words)}"


def test_every_make_target_in_the_readme_exists():
    targets = set(re.findall(r"^(\w+):", read("Makefile"), flags=re.MULTILINE))
    named = set(re.findall(r"(?:^|`)make (\w+)", read("README.md"), flags=re.MULTILINE))
    assert {"demo", "test"} <= named <= targets


def test_the_changelog_tells_of_this_version():
    version = tomllib.loads(read("pyproject.toml"))["project"]["version"]
    assert re.search(rf"^## \[?{re.escape(version)}\b", read("CHANGELOG.md"), flags=re.MULTILINE)


@pytest.fixture(scope="module")
def files() -> list[str]:
    """The names of the project's own files, not of what was installed or built."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listing.returncode:
        pytest.skip("not a git checkout: the project's own files cannot be told from what was installed")
    return sorted({name for name in listing.stdout.split("\0") if (ROOT / name).is_file()})


def test_the_top_level_shows_the_house_and_nothing_else(files):
    house = {"relay", "client", "keys", "tests", "pyproject.toml", "README.md", "Makefile", "LICENSE"}
    seen = {name.partition("/")[0] for name in files}
    assert {name for name in seen if not name.startswith(".")} == house | {"CHANGELOG.md", "SECURITY.md"}


# Written so that none of them finds itself here.
UNWANTED = {
    "a registry's address": r"(pypi|pythonhosted|npmjs|yarnpkg|deb\.debian)\.(org|com)",
    "a path on somebody's machine": r"(?<![\w.:/~])/(home|root|work|Users)/\w",
    "a note to oneself": r"\b(TO-?DO|FIX-?ME|X{3}|(?i:for[ ]now)(?! in))\b",
}


@pytest.mark.parametrize("what", UNWANTED)
def test_no_file_holds(files, what):
    unwanted = re.compile(UNWANTED[what])
    found = []
    for name in files:
        try:
            text = read(name)
        except UnicodeDecodeError:
            continue
        found += [f"{name}:{text.count(chr(10), 0, hit.start()) + 1}: {hit.group()}" for hit in unwanted.finditer(text)]
    assert not found, "\n".join(found)
