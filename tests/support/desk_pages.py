"""A browser without a screen: asks as a browser does, and reads what it was given as a browser would."""

from dataclasses import dataclass, field
from functools import cached_property
from html.parser import HTMLParser
from io import BytesIO
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from client.desk.web.access import COOKIE, derive_form_key
from tests.support.fake_desk_process import ORIGIN

VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source"}


@dataclass
class Element:
    """What a browser makes of a tag. Its text are some of the words of the whole page: from where it begins to where it
    ends, or to the page's end if it never does."""

    name: str
    attributes: dict[str, str]
    words: list[str]
    begin: int
    end: int | None = None

    @cached_property
    def text(self) -> str:
        return "".join(self.words[self.begin : self.end])


class Page(HTMLParser):
    """Every element of a page, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.html, self.elements, self._open, self._words = html, list[Element](), list[Element](), list[str]()
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        begin = len(self._words)
        element = Element(tag, {name: value or "" for name, value in attrs}, self._words, begin)
        self.elements.append(element)
        if tag in VOID:
            element.end = begin
        else:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        while self._open:
            element = self._open.pop()
            element.end = len(self._words)
            if element.name == tag:
                return

    def handle_data(self, data: str) -> None:
        self._words.append(data)

    def named(self, name: str) -> list[Element]:
        return [element for element in self.elements if element.name == name]

    def find(self, name: str, /, **attributes: str) -> Element:
        """The one element like this."""
        wanted = {key.replace("_", "-"): value for key, value in attributes.items()}
        [found] = [
            element
            for element in self.named(name)
            if all(element.attributes.get(key) == value for key, value in wanted.items())
        ]
        return found

    @property
    def text(self) -> str:
        return " ".join(self.find("main").text.split())


@dataclass
class Browser:
    """Somebody at the desk. Sends what a browser sends along, unless told otherwise."""

    app: Flask
    headers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.client = self.app.test_client()

    def ask(self, path: str, method: str = "GET", **more: Any) -> TestResponse:
        """A bare request, only with the headers given."""
        return self.client.open(path, method=method, base_url=more.pop("base_url", ORIGIN), **more)

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.ask(path, headers={"Sec-Fetch-Site": "none", **self.headers, **named(headers)})

    def page(self, path: str) -> Page:
        answer = self.get(path)
        assert answer.status_code == 200, (path, answer.status_code, answer.text)
        return Page(answer.text)

    def post(self, path: str, referer: str = "/", file: bytes | None = None, **fields: str) -> TestResponse:
        cookie = self.client.get_cookie(COOKIE, domain="127.0.0.1")
        data: dict[str, Any] = {"form_key": derive_form_key(cookie.value if cookie else ""), **fields}
        if file is not None:
            data["bundle"] = (BytesIO(file), "journal.sealed")
        sent = {"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin", "Referer": ORIGIN + referer, **self.headers}
        return self.ask(path, "POST", data=data, headers=sent)


def named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def place(board: Page) -> str:
    """Return where the first row of the board leads."""
    return next(link.attributes["href"] for link in board.named("a") if link.attributes["href"].startswith("/place/"))
