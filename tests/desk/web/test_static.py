"""The pages' scripts: typed and tidy, by the same tools as the phone's."""

import subprocess
from pathlib import Path

import pytest

STATIC = Path("client/desk/web/static").resolve()
TOOLS = Path("client/phone/node_modules/.bin").resolve()
STRICT = (
    "--ignoreConfig", "--noEmit", "--allowJs", "--checkJs", "--strict", "--noUnusedLocals", "--noImplicitReturns",
    "--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler", "--lib", "es2022,dom,dom.iterable",
    "--types", "",
)  # fmt: skip

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not TOOLS.exists(), reason="the Node tools are not installed")]


def test_the_scripts_are_typed():
    files = sorted(map(str, STATIC.glob("*.js")))
    result = subprocess.run([TOOLS / "tsc", *STRICT, *files], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


def test_scripts_styles_and_words_are_tidy():
    config = TOOLS.parent.parent
    command = [TOOLS / "biome", "check", "--config-path", config, STATIC, STATIC.parent / "locales"]
    result = subprocess.run(command, cwd=config, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
