"""A real Chromium on a profile folder of its own, to be started, killed and started again."""

import os
import shutil
import signal
import subprocess
import threading
from contextlib import suppress
from pathlib import Path
from typing import IO

from playwright.sync_api import Browser, BrowserContext, Error, Page, Playwright

SIZE = {"width": 360, "height": 740}
LIKE_A_PHONE = {"viewport": SIZE, "locale": "en", "is_mobile": True, "has_touch": True}
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--disable-extensions",
    "--no-first-run",
    "--no-default-browser-check",
    "--password-store=basic",
    # The address bar's own pages: nobody sees them here, and they take two fifths of a start's processor time.
    "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup",
    "--remote-debugging-port=0",
    f"--window-size={SIZE['width']},{SIZE['height']}",
)
CAMERA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
READY = "DevTools listening on "


def chromium() -> str | None:
    """Where a Chromium is, if there is one."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


class Chromium:
    """One profile folder, and at most one browser on it."""

    def __init__(self, playwright: Playwright, folder: Path, *flags: str, language: str = "en") -> None:
        self._playwright, self.folder = playwright, folder
        self._flags = (*flags, f"--accept-lang={language}", f"--lang={language}")
        self._process: subprocess.Popen[str] | None = None
        self.browser: Browser

    def start(self) -> "Chromium":
        program = chromium()
        assert program is not None
        self._process = subprocess.Popen(
            [program, *FLAGS, *self._flags, f"--user-data-dir={self.folder}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            env={**os.environ, "TZ": "Europe/Moscow"},
        )
        assert self._process.stderr is not None
        self.browser = self._playwright.chromium.connect_over_cdp(_address(self._process.stderr))
        return self

    def kill(self) -> None:
        """As a battery that is pulled out: nothing is written any more, nothing said good-bye to."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(30)
        with suppress(Error):
            self.browser.close()
        assert self._process.stderr is not None
        self._process.stderr.close()
        self._process = None

    def quit(self) -> None:
        """As somebody closes it: what is still to be written is written first."""
        assert self._process is not None
        self.browser.new_browser_cdp_session().send("Browser.close")
        self._process.wait(60)
        self.kill()

    def again(self) -> "Chromium":
        self.kill()
        return self.start()

    @property
    def context(self) -> BrowserContext:
        """What belongs to the profile folder; everything else is a private window."""
        return self.browser.contexts[0]

    def page(self, context: BrowserContext | None = None) -> Page:
        page = (context or self.context).new_page()
        page.set_viewport_size(SIZE)  # type: ignore[arg-type]
        return page


def _address(errors: IO[str]) -> str:
    for line in errors:
        if line.startswith(READY):
            threading.Thread(target=_drain, args=(errors,), daemon=True).start()
            return line.removeprefix(READY).strip()
    raise AssertionError("Chromium did not start")


def _drain(errors: IO[str]) -> None:
    # closed under our hands when the browser is killed
    with suppress(ValueError, OSError):
        for _ in errors:
            pass
