"""What is written about Tocsin is true of Tocsin."""

import ast
import builtins
import os
import re
import shlex
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from PIL import Image

from client.cli.main import door
from docs import drawing, pictures
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


PAGES = ["README.md", "CONTRIBUTING.md", *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES)
def test_every_command_in_a_page_exists(page):
    for _, *words in commands_of(read(page), "tocsin"):
        command = command_named(words)
        known = {spelling for parameter in command.params for spelling in (*parameter.opts, *parameter.secondary_opts)}
        used = {word.partition("=")[0] for word in words if word.startswith("--")}
        assert used <= known | {"--help", "--json"}, f"tocsin {' '.join(words)}"


def every_option() -> set[str]:
    """Every option of every command of tocsin."""

    def options(command: click.Command) -> set[str]:
        own = {spelling for parameter in command.params for spelling in (*parameter.opts, *parameter.secondary_opts)}
        if isinstance(command, click.Group):
            context = click.Context(command)
            children = [command.get_command(context, name) for name in command.list_commands(context)]
            own |= {spelling for child in children if child for spelling in options(child)}
        return own

    return options(door) | {"--help"}


@pytest.mark.parametrize("page", PAGES)
def test_every_option_and_command_named_in_a_sentence_exists(page):
    sentences = re.sub(r"^```.*?^```", "", read(page), flags=re.MULTILINE | re.DOTALL)
    quoted = re.findall(r"`([^`\n]+)`", sentences)
    for quote in quoted:
        if quote.startswith("tocsin "):
            command_named([word for word in quote.split()[1:] if not word.startswith("-")])
    assert {word for quote in quoted for word in re.findall(r"(?<!\S)--[a-z][a-z-]*", quote)} <= every_option()


def test_the_readme_shows_commands():
    assert commands_of(read("README.md"), "tocsin")


@pytest.mark.parametrize("page", PAGES)
def test_every_make_target_in_a_page_exists(page):
    targets = set(re.findall(r"^(\w+):", read("Makefile"), flags=re.MULTILINE))
    named = set(re.findall(r"(?:^|`)make (\w+)", read(page), flags=re.MULTILINE))
    assert named <= targets
    if page in {"README.md", "CONTRIBUTING.md"}:
        assert {"demo", "test"} <= named


@pytest.mark.parametrize("page", PAGES)
def test_every_route_in_a_page_is_one_of_the_relay(page):
    named = set(re.findall(r"\b(?:GET|PUT|POST|DELETE) /[\w/]+", read(page)))
    assert named <= set(re.findall(r"\b(?:GET|PUT|POST|DELETE) /[\w/]+", read("relay/http.md")))


def every_error_code() -> set[str]:
    """Every code of an error class in the packages, read from the source, and those that cross the wire."""
    sources = [path for package in ("keys", "relay", "client") for path in (ROOT / package).rglob("*.py")]
    found = [re.findall(r"^    code(?:: [^=]+)? = \"([a-z-]+)\"", path.read_text("utf-8"), re.M) for path in sources]
    return {code for codes in found for code in codes} | set(problems.PROBLEMS)


# Quoted words with a hyphen that are no error codes: the name of a file.
NO_ERROR = {"release-key"}


@pytest.mark.parametrize("page", PAGES)
def test_every_error_code_in_a_page_is_one_in_the_code(page):
    assert set(re.findall(r"`([a-z]+(?:-[a-z]+)+)`", read(page))) - NO_ERROR <= every_error_code()


@pytest.mark.parametrize("page", PAGES)
def test_every_link_in_a_page_leads_to_a_file(page):
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", read(page))
    assert [link for link in links if not (ROOT / page).parent.joinpath(link).exists()] == []


def shell_of(page: str) -> str:
    """What the page's ```sh blocks say, one after the other: they run without a network in an empty folder."""
    return "\n".join(re.findall(r"^```sh\n(.*?)^```", read(page), flags=re.MULTILINE | re.DOTALL))


def make_relay(folder: Path) -> None:
    """Make the folder of a relay that was started once."""
    from relay.app import create_app
    from relay.config import Config

    folder.mkdir(mode=0o700)
    create_app(Config(data=folder, origins=("https://relay.example",))).extensions["mailbox"].close()


@pytest.mark.process
@pytest.mark.parametrize("page", [page for page in PAGES if shell_of(page)])
def test_the_commands_that_a_page_shows_run_as_they_stand(page, tmp_path):
    programs, folder = tmp_path / "programs", tmp_path / "folder"
    programs.mkdir()
    folder.mkdir()
    quick = ROOT / "tests" / "support" / "quick_tocsin.py"
    start = f"import sys, runpy; sys.path.insert(0, {str(ROOT)!r}); runpy.run_path({str(quick)!r})['main']()"
    shim = programs / "tocsin"
    shim.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -c {shlex.quote(start)} "$@"\n', "utf-8")
    shim.chmod(0o755)
    if page == "docs/operator.md":
        make_relay(folder / "relay")
    surroundings = {"PATH": f"{programs}:{os.environ['PATH']}", "HOME": str(tmp_path), "LANG": "C.UTF-8"}
    run = subprocess.run(
        ["sh", "-eux", "-c", shell_of(page)],
        cwd=folder,
        env=surroundings,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("page", PAGES)
def test_every_file_named_in_a_page_exists(page):
    """`core/...` and `protocol/...` stand in the phone app's folder."""
    named = set(re.findall(r"`((?:keys|relay|client|tests|docs|core|protocol)/[\w./*-]+)`", read(page)))
    folders = [ROOT, ROOT / "client" / "phone"]
    assert [name for name in sorted(named) if not any([*folder.glob(name)] for folder in folders)] == []


def test_every_promise_in_the_security_page_has_its_tests():
    promised = section_titles(read("SECURITY.md"), "Who can do what")
    answered = section_titles(read("docs/auditor.md"), "Promise and test")
    assert answered == promised


def section_titles(page: str, title: str) -> list[str]:
    """The titles of the parts of a page's section."""
    after = re.split(rf"^## {re.escape(title)}$", page, maxsplit=1, flags=re.MULTILINE)[1]
    return re.findall(r"^### (.+)$", re.split(r"^## ", after, maxsplit=1, flags=re.MULTILINE)[0], flags=re.MULTILINE)


@pytest.mark.parametrize("page", PAGES)
def test_every_test_named_in_a_page_exists(page):
    text = read(page)
    python = re.findall(r"`(test_\w+\.py)::(test_\w+)`", text)
    phone = re.findall(r"`([\w-]+\.test\.mjs): ([^`]+)`", text)
    assert len(python) == text.count(".py::")
    assert len(phone) == text.count(".test.mjs: ")
    missing = [
        f"{file}: {name}"
        for found, form in ((python, "def {}("), (phone, 'test("{}'))
        for file, name in found
        if not any(form.format(name) in path.read_text("utf-8") for path in (ROOT / "tests").rglob(file))
    ]
    assert missing == []


def test_the_drawing_is_that_of_its_source():
    drawn = drawing.draw(drawing.SOURCE.read_text("utf-8"))
    assert drawing.TARGET.read_text("utf-8") == drawn, "run python docs/drawing.py"


def size_of(path: Path) -> tuple[int, int]:
    """Width and height of a PNG or an SVG in pixels. Fails for another kind of file."""
    if path.suffix == ".svg":
        root = ET.fromstring(path.read_text("utf-8"))  # noqa: S314 - our own file
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        return int(root.get("width", "")), int(root.get("height", ""))
    with Image.open(path) as image:
        assert image.format == "PNG"
        return image.size


def test_the_readme_shows_three_pictures_each_in_the_shape_it_has():
    shown = re.findall(r'<img src="([^"]+)" width="(\d+)" height="(\d+)" alt="[^"]{20,}">', read("README.md"))
    assert len(shown) == read("README.md").count("<img ")
    assert {ROOT / path for path, _, _ in shown} == {pictures.PHONE, pictures.BOARD, pictures.TERMINAL}
    for path, width, height in shown:
        real_width, real_height = size_of(ROOT / path)
        assert abs(int(width) * real_height / real_width - int(height)) < 1, path
        assert int(width) <= real_width, path
    assert [size_of(path) for path in (pictures.PHONE, pictures.BOARD)] == [(720, 1480), (1366, 768)]


def test_the_pictures_are_small_and_nothing_else_lies_beside_them():
    files = set(pictures.FOLDER.iterdir())
    assert files == {pictures.PHONE, pictures.BOARD, pictures.TERMINAL}
    assert sum(path.stat().st_size for path in files) < 400_000


def test_make_pictures_runs_their_script():
    recipe = re.search(r"^pictures:.*\n\t(.+)$", read("Makefile"), flags=re.MULTILINE)
    assert recipe is not None
    assert recipe[1] == f"$(BIN)/python -m {pictures.__name__}"


def test_the_terminal_shows_the_middle_of_what_the_demonstration_prints_line_by_line():
    sealed = "$ tocsin report --to card " + "--set 'name=<Анна> & K' " * 6
    printed = f"$ cd elsewhere\n\n{sealed}\ncase abc\nhint: next\n\n{pictures.LAST}8 files\nafter it\n"
    lines = [element for element in ET.fromstring(pictures.draw_terminal(printed)) if element.tag.endswith("text")]  # noqa: S314
    rows = [(line.get("class"), line.text or "") for line in lines]
    assert " ".join(text.strip() for kind, text in rows if kind == "command") == sealed.strip()
    assert [text for kind, text in rows if kind != "command"] == ["case abc", "hint: next", f"{pictures.LAST}8 files"]
    assert max(len(text) for _, text in rows) <= pictures.COLUMNS


def test_every_folder_in_the_drawing_exists():
    named = set(re.findall(r"\b(?:client|relay|tests)/[a-z/]+", read("docs/architecture.txt").split("\nrow ", 1)[1]))
    assert named
    assert [name for name in sorted(named) if not (ROOT / name).is_dir()] == []


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
    folders = {"relay", "client", "keys", "tests", "docs"}
    pages = {"README.md", "CHANGELOG.md", "SECURITY.md", "CONTRIBUTING.md", "LICENSE"}
    seen = {name.partition("/")[0] for name in files}
    assert {name for name in seen if not name.startswith(".")} == folders | pages | {"pyproject.toml", "Makefile"}


# `sw.js` and the file named by its content are built; `x.py` and its like stand for any name.
NOT_SOURCES = {"sw.js", "XXXXXXXX.js", "x.py", "x.js"}


def test_every_program_file_named_in_a_page_or_specification_exists(files):
    """A name with a folder is the end of a path; `../` may stand before it."""
    pages = [name for name in files if name.endswith(".md") and name != "CHANGELOG.md"]  # which keeps old names
    named = {
        (page, name)
        for page in pages
        for name in re.findall(r"`(?:\.{1,2}/)*([\w./-]*\w\.m?(?:py|js))\b[^`\n]*`", read(page))
        if name not in NOT_SOURCES
    }
    assert len(named) > 100  # the pattern still finds them
    ends = {"/".join(parts[at:]) for parts in (name.split("/") for name in files) for at in range(len(parts))}
    assert sorted((page, name) for page, name in named if name not in ends) == []


def test_every_error_that_a_docstring_names_exists(files):
    sources = {name: read(name) for name in files if name.endswith(".py") and not name.startswith(("tests/", "docs/"))}
    trees = {name: ast.parse(text) for name, text in sources.items()}
    known = {node.id for tree in trees.values() for node in ast.walk(tree) if isinstance(node, ast.Name)}
    known |= {node.name for tree in trees.values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    named = {
        (name, error)
        for name, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        for sentence in re.findall(r"\bRaises ([^.]+)", ast.get_docstring(node) or "")
        for error in re.findall(r"\b[A-Z][a-z]+(?:[A-Z][a-z]+)+\b", sentence)
    }
    assert len(named) > 100  # the pattern still finds them
    assert sorted((name, error) for name, error in named if error not in known and not hasattr(builtins, error)) == []


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
