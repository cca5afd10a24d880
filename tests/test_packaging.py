"""What is built can be installed where nothing else is, and works there."""

import os
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("keys", "relay", "client")
UV = Path(sys.executable).with_name("uv")  # does what pip does in a quarter of the time; `make` installs with pip

pytestmark = pytest.mark.xdist_group("packaging")  # the environment is made once for all


def run(*command: object, cwd: Path = ROOT, **more: str) -> subprocess.CompletedProcess[str]:
    outside = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    return subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=outside | more,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    finished = run(sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", folder, ROOT)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    [built] = folder.iterdir()
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """The commands of an environment that holds the wheel, the locked dependencies and nothing else."""
    folder = tmp_path_factory.mktemp("empty")
    venv.create(folder)
    install = (UV, "pip", "install", "--python", folder / "bin" / "python")
    lock = ROOT / ".ci" / "requirements.txt"
    finished = run(*install, "--require-hashes", "--only-binary", ":all:", "--requirement", lock)
    if finished.returncode and "connection" in finished.stderr.lower() and "CI" not in os.environ:
        pytest.skip("offline: the dependencies cannot be fetched into an empty environment")
    assert finished.returncode == 0, finished.stderr
    finished = run(*install, "--no-deps", "--no-index", wheel)
    assert finished.returncode == 0, finished.stderr
    return folder / "bin"


def test_the_wheel_holds_the_three_packages_and_nothing_else(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    metadata = wheel.name.removesuffix("-py3-none-any.whl") + ".dist-info"
    assert {name.partition("/")[0] for name in names} == {*PACKAGES, metadata}
    assert not [name for name in names if "node_modules" in name or "__pycache__" in name]


def test_the_wheel_leaves_nothing_of_the_packages_out(wheel):
    listing = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *PACKAGES)
    if listing.returncode:
        pytest.skip("not a git checkout: what belongs to the project cannot be told from what was built")
    files = {name for name in listing.stdout.split("\0") if name and (ROOT / name).exists()}
    assert files - set(zipfile.ZipFile(wheel).namelist()) == set()


def source_without_the_app(folder: Path) -> Path:
    """The files of the project, without what was installed or built."""
    listing = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    if listing.returncode:
        pytest.skip("not a git checkout: what belongs to the project cannot be told from what was built")
    for name in filter(None, listing.stdout.split("\0")):
        if (ROOT / name).is_file() and not name.startswith("tests/"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


def test_a_wheel_without_the_app_says_so_when_it_is_built(tmp_path):
    source = source_without_the_app(tmp_path / "source")
    build = (sys.executable, "-m", "build", "--no-isolation", "--outdir", tmp_path / "dist", source)
    finished = run(*build, "--wheel")
    assert finished.returncode == 0, finished.stderr
    assert "built WITHOUT the phone's app" in finished.stdout + finished.stderr
    app = source / "client" / "phone" / "dist"
    app.mkdir()
    (app / "bundle.json").write_text("{}")
    finished = run(*build)  # by way of the source archive, as most do
    assert finished.returncode == 0, finished.stderr
    assert "WITHOUT" not in finished.stdout + finished.stderr
    [built] = (tmp_path / "dist").glob("*.whl")
    assert "client/phone/dist/bundle.json" in zipfile.ZipFile(built).namelist()


@pytest.mark.parametrize(("version", "is_fetched"), [("18.20.4", True), ("20.19.0", False), ("24.1.0", False)])
def test_make_fetches_a_node_only_where_there_is_none_new_enough(tmp_path, version, is_fetched):
    node, npm = tmp_path / "node", tmp_path / "npm"
    judge = f"v=$(echo \"$2\" | grep -o '[0-9]*)' | tr -d ')'); [ {version.partition('.')[0]} -ge \"$v\" ]"
    node.write_text(f"#!/bin/sh\n{judge}\n")
    npm.write_text("#!/bin/sh\n")
    for program in (node, npm):
        program.chmod(0o755)
    finished = run("make", "-n", "demo", PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert finished.returncode == 0, finished.stderr
    assert ("requirements-node.txt" in finished.stdout) is is_fetched


def test_no_network_is_said_at_once(tmp_path):
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": ""}
    finished = run(ROOT / ".ci" / "online", sys.executable, cwd=tmp_path, **nowhere)
    assert finished.returncode == 1
    assert "error: Python packages cannot be fetched\nhint: connect this computer" in finished.stderr
    assert "Retrying" not in finished.stderr
    assert "Traceback" not in finished.stderr


@pytest.mark.slow
def test_the_lock_is_all_that_the_wheel_asks_for(installed, tmp_path):
    finished = run(UV, "pip", "check", "--python", installed / "python", cwd=tmp_path)
    assert finished.returncode == 0, finished.stdout


@pytest.mark.slow
@pytest.mark.parametrize("words", [(), ("relay",), ("relay", "serve"), ("org",), ("report",), ("inbox",)], ids=" ".join)
def test_the_installed_command_offers_its_help(installed, tmp_path, words):
    finished = run(installed / "tocsin", *words, "--help", cwd=tmp_path)
    assert finished.returncode == 0, finished.stderr
    assert "Usage: " + " ".join(("tocsin", *words)) in finished.stdout


@pytest.mark.slow
@pytest.mark.process
def test_a_report_makes_its_round_in_an_environment_of_its_own(installed, tmp_path):
    finished = run(installed / "tocsin", "demo", "--once", cwd=tmp_path)
    assert finished.returncode == 0, finished.stderr
