"""No function, file or folder is too long to read at once; no import leads back, and no test imports another."""

import shutil
from pathlib import Path

import pytest

from tests.support.shape.rules import (
    FILE_LINES,
    FOLDER_FILES,
    FUNCTION_LINES,
    TEST_FOLDER_FILES,
    find_full_folders,
    find_import_circles,
    find_imported_tests,
    find_long_files,
    find_long_functions,
)
from tests.support.shape.source_files import SourceFile, read_source_files

ROOT = Path(__file__).parents[1]
PHONE = ROOT / "client" / "phone"
NODE = shutil.which("node")
RULES = {
    "long function": find_long_functions,
    "long file": find_long_files,
    "full folder": find_full_folders,
    "import circle": find_import_circles,
    "imported test": find_imported_tests,
}

pytestmark = pytest.mark.skipif(
    NODE is None or not (PHONE / "node_modules" / "acorn").is_dir(),
    reason="node or client/phone/node_modules is missing",
)


def read(root: Path) -> list[SourceFile]:
    return read_source_files(root, str(NODE))


def find_offenders(files: list[SourceFile], *rules: str) -> dict[str, str]:
    return {f"{rule}: {name}": found for rule in rules for name, found in RULES[rule](files).items()}


@pytest.fixture(scope="module")
def code() -> list[SourceFile]:
    return read(ROOT)


@pytest.mark.parametrize("rule", RULES)
def test_the_code_keeps_the_rule(code, rule):
    offenders = find_offenders(code, rule)
    assert not offenders, "\n".join(["", *(f"{name}: {found}" for name, found in offenders.items())])


def test_the_code_of_every_part_is_read(code):
    paths = {file.path for file in code}
    some = (
        "keys/wire.py",
        "relay/app.py",
        "client/cli/main.py",
        "client/phone/build/build.mjs",
        "client/phone/protocol/wire.js",
        ".ci/build_hook.py",
    )
    assert paths >= {*some, Path(__file__).relative_to(ROOT).as_posix()}
    assert not [path for path in paths if "node_modules" in path or "/dist/" in path or path.startswith(".venv")]


# Each rule, broken on purpose


def write(root: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")


def broken(root: Path, files: dict[str, str]) -> list[str]:
    write(root, files)
    return list(find_offenders(read(root), *RULES))


def statements(count: int, end: str = "") -> str:
    return f"    x = 1{end}\n" * count


FUNCTIONS = {
    "python": ("a.py", "@cache\ndef f():\n{body}", 1, "f"),
    "python, async": ("a.py", "async def f():\n{body}", 1, "f"),
    "python, method": ("a.py", "class A:\n  def f(self):\n{body}", 1, "f"),
    "python, inner": ("a.py", "if True:\n  def f():\n{body}", 1, "f"),
    "declaration": ("a.js", "export function f() {{\n{body}}}\n", 2, "f"),
    "async generator": ("a.mjs", "async function* f() {{\n{body}}}\n", 2, "f"),
    "arrow": ("a.js", "export const f = () => {{\n{body}}};\n", 2, "f"),
    "method": ("a.js", "class A {{\n  f() {{\n{body}}}\n}}\n", 2, "f"),
    "private method": ("a.js", "class A {{\n  #f() {{\n{body}}}\n}}\n", 2, "f"),
    "property": ("a.js", "const a = {{\n  f: function () {{\n{body}}},\n}};\n", 2, "f"),
    "assigned": ("a.js", "a.f = () => {{\n{body}}};\n", 2, "f"),
    "given to a call": ("a.mjs", 'test("long", () => {{\n{body}}});\n', 2, 'test("long")'),
    "given to a call, unnamed": ("a.mjs", "listen(() => {{\n{body}}});\n", 2, "listen(...)"),
    "default export": ("a.js", "export default () => {{\n{body}}};\n", 2, "line 1"),
}


@pytest.mark.parametrize("kind", FUNCTIONS)
def test_a_function_has_at_most_sixty_lines(tmp_path, kind):
    path, template, own_lines, name = FUNCTIONS[kind]
    end = "" if path.endswith(".py") else ";"

    longest = template.format(body=statements(FUNCTION_LINES - own_lines, end))
    assert broken(tmp_path, {path: longest}) == []

    too_long = template.format(body=statements(FUNCTION_LINES - own_lines + 1, end))
    assert broken(tmp_path, {path: too_long}) == [f"long function: {path}: {name}"]


@pytest.mark.parametrize("path", ["a.py", "b.js", "c.mjs", "tests/d.py", ".ci/e.py", "client/build/f.mjs"])
def test_a_file_has_at_most_five_hundred_lines(tmp_path, path):
    assert broken(tmp_path, {path: "\n" * FILE_LINES}) == []
    assert broken(tmp_path, {path: "\n" * (FILE_LINES + 1)}) == [f"long file: {path}"]


@pytest.mark.parametrize(
    ("folder", "limit"), [("a", FOLDER_FILES), ("a/b", FOLDER_FILES), ("tests", TEST_FOLDER_FILES), ("tests/a", 25)]
)
def test_a_folder_has_at_most_so_many_files(tmp_path, folder, limit):
    suffixes = ("py", "js", "mjs")
    files = {f"{folder}/file{number}.{suffixes[number % 3]}": "" for number in range(limit)}
    assert broken(tmp_path, files | {f"{folder}/README.md": "", f"{folder}/inner/one.py": ""}) == []
    assert broken(tmp_path, {f"{folder}/more.js": ""}) == [f"full folder: {folder}"]


CIRCLES = {
    "import": {"p/a.py": "import p.b", "p/b.py": "import p.a"},
    "from a package": {"p/a.py": "from p import b", "p/b.py": "from p.a import name"},
    "from its own package": {"p/__init__.py": "from p.b import name", "p/b.py": "from p import other"},
    "relative": {"p/a.py": "from . import b", "p/b.py": "from .c.d import name", "p/c/d.py": "from ..a import name"},
    "inside a function": {"p/a.py": "def f():\n    import p.b", "p/b.py": "import p.a"},
    "for types": {"p/a.py": "if TYPE_CHECKING:\n    import p.b", "p/b.py": "import p.a"},
    "by name": {"p/a.py": "importlib.import_module('p.b')", "p/b.py": "__import__('p.a')"},
    "static": {"p/a.js": 'import { x } from "./b.mjs";', "p/b.mjs": 'import "../p/a.js";'},
    "dynamic": {"p/a.js": 'const f = () => import("./q/b.js");', "p/q/b.js": 'import * as a from "../a.js";'},
    "exported": {"p/a.js": 'export { x } from "./b.js";', "p/b.js": 'export * from "./a.js";'},
}


@pytest.mark.parametrize("kind", CIRCLES)
def test_no_import_leads_back(tmp_path, kind):
    first = next(iter(CIRCLES[kind]))
    circle = f"import circle: {len(CIRCLES[kind])} with {first}"

    # A file beside the circle, on the way into it, is no part of it.
    beside = {"entry.py": "import p.a", "entry.js": 'import "./p/a.js";'}
    assert broken(tmp_path, CIRCLES[kind] | beside) == [circle]

    assert broken(tmp_path, {first: ""}) == []


@pytest.mark.parametrize(("path", "text"), [("p/a.py", "from p import a"), ("p/a.js", 'import "./a.js";')])
def test_a_file_that_imports_itself_is_a_circle(tmp_path, path, text):
    assert broken(tmp_path, {path: text}) == [f"import circle: 1 with {path}"]


def test_two_circles_are_two_offenders(tmp_path):
    assert broken(tmp_path, CIRCLES["import"] | CIRCLES["static"]) == [
        "import circle: 2 with p/a.py",
        "import circle: 2 with p/a.js",
    ]


def test_two_ways_to_one_file_are_no_circle(tmp_path):
    assert broken(tmp_path, {"a.py": "import b, c", "b.py": "import d", "c.py": "import d", "d.py": "import os"}) == []


IMPORTED_TESTS = {
    "a name of it": "from tests.a.test_x import name",
    "the file": "import tests.a.test_x",
    "from its package": "from tests.a import test_x",
    "inside a function": "def test():\n    from tests.a.test_x import name",
    "by name": "importlib.import_module('tests.a.test_x')",
    "relative": "from ..a.test_x import name",
}


@pytest.mark.parametrize("kind", IMPORTED_TESTS)
def test_no_test_imports_another(tmp_path, kind):
    files = {"tests/a/test_x.py": "from tests.support.helper import name", "tests/support/helper.py": "name = 1"}
    assert broken(tmp_path, files | {"tests/b/test_y.py": "from tests.support.helper import name"}) == []
    assert broken(tmp_path, {"tests/b/test_y.py": IMPORTED_TESTS[kind]}) == ["imported test: tests/b/test_y.py"]


@pytest.mark.parametrize("folder", ["node_modules", "a/node_modules/b", "a/dist", "build", ".venv/lib", ".git/hooks"])
def test_what_was_installed_or_built_is_left_out(tmp_path, folder):
    assert broken(tmp_path, {f"{folder}/a.js": "\n" * (FILE_LINES + 1), f"{folder}/b.py": "import b"}) == []
