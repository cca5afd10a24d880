"""The desk as a caseworker has it: a real process, a real relay behind it, a real browser before it."""

import json
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.journeys.conftest import PASSPHRASE, OfficeCommand, RelayCommand, Shell

SIZE = {"width": 1366, "height": 768}
WAIT_MS = 60_000
TABLE = """id,name,address,lat,lon
1,ОВД Тверской,"Москва, Большая Дмитровка 28",55.7648,37.6116
2,ОВД Красносельский,"Москва, Краснопрудная 1",55.7790,37.6650
3,ОВД Таганский,"Москва, Таганская 10",55.7410,37.6550
4,ОВД Хамовники,"Москва, Пречистенка 20",55.7420,37.5930
5,28 отдел полиции,"Санкт-Петербург, Марата 79",59.9180,30.3490
6,ОП 5,"Нижний Новгород, Ошарская 1",56.3220,44.0090
"""


class Night:
    """A relay, an organisation with a list of stations, its desk's process, and people who report."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.shell = Shell(folder)
        self.relay = RelayCommand(folder / "relay").start()
        home, card, self.pack = folder / "office", folder / "card", folder / "pack"
        self.shell.ok("org", "new", "--home", home, "--root-inside", "--name", "Помощь", "--relay", self.relay.address)
        self.shell.ok("org", "publish", "--home", home)
        self.shell.ok("org", "card", "--home", home, "--out", card)
        self.office = OfficeCommand(self.shell, home, card)
        table = folder / "table.csv"
        table.write_text(TABLE, encoding="utf-8")
        options = ("--out", self.pack, "--id", "msk", "--country", "RU")
        self.shell.ok("stations", "build", table, "--home", home, *options)
        self.process: subprocess.Popen[str] | None = None

    def start(self, *more: object, listen: str = "127.0.0.1:0") -> str:
        """Start the desk; the link it prints."""
        words = ["desk", "--home", self.office.home, "--listen", listen, "--pack", self.pack, "--country", "RU", *more]
        self.process = subprocess.Popen(
            [*self.shell.program, *map(str, words)],
            env={**self.shell.env, "TZ": "Europe/Moscow"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stdout is not None
        link = self.process.stdout.readline().strip()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/enter/[\w-]{43}", link), link
        return link

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.communicate(timeout=60)
            self.process = None

    def close(self) -> None:
        self.stop()
        self.relay.stop(signal.SIGKILL)

    def report(self, *words: str, **facts: Any) -> str:
        """Somebody seals a report and leaves it at the relay; the id of the case."""
        settings = [word for name, value in facts.items() for word in ("--set", f"{name}={value}")]
        return str(self.shell.ok("report", "--to", self.office.card, *settings, *words, "--json").json["case"])

    def at_station(self, number: int, *words: str, **facts: Any) -> str:
        station = json.dumps({"pack": "msk", "id": str(number), "text": "", "certainty": "confirmed"})
        return self.report(*words, **{"stage": "station", "station": station, **facts})

    def answers(self, case: str) -> list[dict[str, Any]]:
        """What the person who reported has been answered."""
        return self.shell.ok("replies", "--case", case, "--json").lines


def enter(page: Page, link: str, by: str = "Анна Смирнова", passphrase: str = PASSPHRASE) -> Page:
    """Open the link, press the button, unlock."""
    page.set_default_timeout(WAIT_MS)
    page.goto(link)
    page.get_by_role("button").last.click()
    page.wait_for_url("**/unlock")
    page.locator("#by").fill(by)
    page.locator("#passphrase").fill(passphrase)
    page.locator("#passphrase").press("Enter")
    expect(page.locator("#board")).to_be_visible(timeout=WAIT_MS)
    return page


@contextmanager
def window(browser: Browser, **more: Any) -> Iterator[BrowserContext]:
    """A private window of the size a caseworker's laptop has."""
    context = browser.new_context(**{"viewport": SIZE, "locale": "en", "timezone_id": "Europe/Moscow", **more})
    yield context
    context.close()
