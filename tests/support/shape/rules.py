"""Rules on the shape of code: how long a function and a file may be, how full a folder, and who imports whom."""

from collections import Counter
from collections.abc import Iterable
from pathlib import PurePosixPath

from tests.support.shape.source_files import SourceFile

FUNCTION_LINES = 60
FILE_LINES = 500
FOLDER_FILES = 18
TEST_FOLDER_FILES = 25

Offenders = dict[str, str]  # what breaks the rule, and by how much


def find_long_functions(files: Iterable[SourceFile]) -> Offenders:
    """Return the functions over `FUNCTION_LINES` lines, from the line with their name to their last."""
    return {
        f"{file.path}: {function.name}": f"{function.lines} lines, at most {FUNCTION_LINES}"
        for file in files
        for function in file.functions
        if function.lines > FUNCTION_LINES
    }


def find_long_files(files: Iterable[SourceFile]) -> Offenders:
    """Return the files over `FILE_LINES` lines."""
    return {file.path: f"{file.lines} lines, at most {FILE_LINES}" for file in files if file.lines > FILE_LINES}


def find_full_folders(files: Iterable[SourceFile]) -> Offenders:
    """Return the folders with too many code files; those of their subfolders do not count."""
    counts = Counter(PurePosixPath(file.path).parent for file in files)
    limits = {folder: TEST_FOLDER_FILES if "tests" in folder.parts else FOLDER_FILES for folder in counts}
    return {
        str(folder): f"{count} code files, at most {limits[folder]}"
        for folder, count in sorted(counts.items())
        if count > limits[folder]
    }


def find_import_circles(files: Iterable[SourceFile]) -> Offenders:
    """Return every circle of files that import each other, named by its size and its first file in order of paths."""
    imports = {file.path: file.imports for file in files}
    reached = {path: _reach(path, imports) for path in imports}
    members = (
        sorted(other for other in reached[path] if path in reached.get(other, ()))
        for path in imports
        if path in reached[path]
    )
    return {f"{len(circle)} with {circle[0]}": ", ".join(circle) for circle in members}


def find_imported_tests(files: Iterable[SourceFile]) -> Offenders:
    """Return the test files that import another `test_*` file: what two of them use is a helper."""
    return {
        file.path: ", ".join(imported)
        for file in files
        if _is_test(file.path) and (imported := sorted(path for path in file.imports if _is_test(path)))
    }


def _is_test(path: str) -> bool:
    return PurePosixPath(path).name.startswith("test_")


def _reach(start: str, imports: dict[str, frozenset[str]]) -> set[str]:
    """Return what a file imports, directly and through others; the file itself only when a circle leads back."""
    reached: set[str] = set()
    waiting = [start]
    while waiting:
        new = imports.get(waiting.pop(), frozenset()) - reached
        reached |= new
        waiting.extend(new)
    return reached
