"""The walls are tested twice: contracts for what is written, a fresh process for what is loaded."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("keys", "relay", "client")


def loaded_by(statement: str) -> set[str]:
    """Our modules that a fresh process holds after one statement."""
    listing = subprocess.run(
        [sys.executable, "-c", f"{statement}\nimport sys\nprint(*sys.modules, sep='\\n')"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return {name for name in listing.stdout.splitlines() if name.partition(".")[0] in PACKAGES}


def contracts(folder: Path) -> subprocess.CompletedProcess[str]:
    command = Path(sys.executable).with_name("lint-imports")
    return subprocess.run([command, "--no-cache", "--no-logo"], cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("door", ["relay.app", "relay.cli"])
def test_a_relay_loads_nothing_that_seals_or_opens(door):
    loaded = loaded_by(f"import {door}")
    assert door in loaded
    assert not {name for name in loaded if name.startswith("client")}
    assert not loaded & {"keys.opening", "keys.envelope", "keys.organisation", "keys.keystore", "keys.message"}


def test_the_command_of_a_relay_loads_nothing_that_opens():
    loaded = loaded_by(
        "from client.cli.main import main\ntry: main(['relay', 'serve', '--help'])\nexcept SystemExit: pass"
    )
    assert "relay.cli" in loaded
    assert "keys.opening" not in loaded


def test_the_other_commands_load_no_relay():
    loaded = loaded_by("from client.cli.main import main\ntry: main(['org', 'new', '--help'])\nexcept SystemExit: pass")
    assert "client.cli.main" in loaded
    assert not {name for name in loaded if name.startswith("relay")}


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_by_itself_loads_nothing_of_ours(package):
    assert loaded_by(f"import {package}") == {package}


def test_every_contract_is_kept():
    finished = contracts(ROOT)
    assert finished.returncode == 0, finished.stdout


BREACHES = {
    "keys/work.py": ("socket", "relay"),
    "client/report.py": ("relay", "httpx"),
    "client/outbox/retry.py": ("keys.opening", "keys.wake"),
    "client/transport/relay_client.py": ("client.cli.main",),
    "client/desk/cases/view.py": ("client.desk.web.app",),
    "relay/http/routes.py": ("client", "keys.envelope", "keys.keystore", "ssl", "relay.server"),
    "relay/cards.py": ("relay.http.routes",),
    "relay/store/files.py": ("relay.push.client",),
}


def test_every_contract_would_notice_a_breach(tmp_path):
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("node_modules", "__pycache__")
        )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for file, modules in BREACHES.items():
        with (tmp_path / file).open("a", encoding="utf-8") as code:
            code.writelines(f"\nimport {module}\n" for module in modules)

    finished = contracts(tmp_path)

    assert finished.returncode == 1
    assert " KEPT" not in finished.stdout
    for file, modules in BREACHES.items():
        importer = file.removesuffix(".py").replace("/", ".")
        for module in modules:
            assert f"{importer} -> {module} " in finished.stdout
