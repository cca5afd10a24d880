"""Source files of a tree with their functions and imports, for Python and JavaScript."""

import ast
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

PYTHON = frozenset({".py"})
JAVASCRIPT = frozenset({".js", ".mjs"})
INSTALLED_OR_BUILT = frozenset({"node_modules", "dist", "__pycache__"})
HIDDEN_SOURCES = frozenset({".ci"})
READER = Path(__file__).with_name("functions_and_imports.mjs")


class Function(NamedTuple):
    name: str
    lines: int


class SourceFile(NamedTuple):
    """A file of code; `path` and `imports` are relative to the root of the tree."""

    path: str
    lines: int
    functions: tuple[Function, ...]
    imports: frozenset[str]


def read_source_files(root: Path, node: str) -> list[SourceFile]:
    """Read every Python and JavaScript file below `root` but what was installed or built.

    Raises SyntaxError for Python and CalledProcessError for JavaScript that cannot be parsed.
    """
    paths = sorted(list_code(root))
    python = [path for path in paths if PurePosixPath(path).suffix in PYTHON]
    javascript = [path for path in paths if PurePosixPath(path).suffix in JAVASCRIPT]
    return _read_python(root, python) + _read_javascript(root, javascript, node)


def list_code(root: Path) -> Iterator[str]:
    """List the code below `root` as relative paths with slashes."""
    for folder, subfolders, names in os.walk(root):
        here = Path(folder)
        subfolders[:] = [name for name in subfolders if _is_source_folder(here / name, root)]
        for name in names:
            if PurePosixPath(name).suffix in PYTHON | JAVASCRIPT:
                yield (here / name).relative_to(root).as_posix()


def _is_source_folder(folder: Path, root: Path) -> bool:
    if folder.name.startswith("."):
        return folder.name in HIDDEN_SOURCES
    # `build` at the root is what Python's build tools leave; further down it is a folder as any other.
    return folder.name not in INSTALLED_OR_BUILT and folder != root / "build"


def _count_lines(root: Path, path: str) -> int:
    return len((root / path).read_text(encoding="utf-8").splitlines())


# Python


def _read_python(root: Path, paths: list[str]) -> list[SourceFile]:
    modules = {_name_module(path): path for path in paths}
    return [_read_python_file(root, path, modules) for path in paths]


def _name_module(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _read_python_file(root: Path, path: str, modules: dict[str, str]) -> SourceFile:
    nodes = list(ast.walk(ast.parse((root / path).read_text(encoding="utf-8"), path)))
    functions = tuple(
        Function(node.name, (node.end_lineno or node.lineno) - node.lineno + 1)
        for node in nodes
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    names = {name for node in nodes for name in _list_imports(node, path, modules)}
    imports = frozenset(modules[name] for name in names if name in modules)
    return SourceFile(path, _count_lines(root, path), functions, imports)


def _list_imports(node: ast.AST, path: str, modules: dict[str, str]) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        module = _resolve_relative(node, path)
        for alias in node.names:
            submodule = f"{module}.{alias.name}"
            yield submodule if submodule in modules else module
    elif isinstance(node, ast.Call) and _is_dynamic_import(node.func):
        for argument in node.args[:1]:
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                yield argument.value


def _resolve_relative(node: ast.ImportFrom, path: str) -> str:
    if not node.level:
        return node.module or ""
    package = PurePosixPath(path).parts[: -node.level]
    return ".".join([*package, *([node.module] if node.module else [])])


def _is_dynamic_import(called: ast.expr) -> bool:
    name = called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
    return name in {"import_module", "__import__"}


# JavaScript


def _read_javascript(root: Path, paths: list[str], node: str) -> list[SourceFile]:
    command = [node, str(READER)]
    listing = subprocess.run(command, cwd=root, input="\n".join(paths), capture_output=True, text=True, check=True)
    return [
        SourceFile(
            path,
            _count_lines(root, path),
            tuple(Function(*function) for function in found["functions"]),
            frozenset(_resolve_specifiers(path, found["imports"])),
        )
        for path, found in json.loads(listing.stdout).items()
    ]


def _resolve_specifiers(path: str, specifiers: list[str]) -> Iterator[str]:
    for specifier in specifiers:
        if specifier.startswith("."):
            yield os.path.normpath(PurePosixPath(path).parent / specifier.partition("?")[0])
