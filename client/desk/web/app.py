"""The app of the desk's pages: everything it can do is in `views`; who may ask is in `access`."""

import logging
import os
import time
from collections.abc import Callable
from http import HTTPStatus

from flask import Flask, Response, g, render_template
from werkzeug.exceptions import HTTPException
from werkzeug.routing import IntegerConverter

from client.desk.consent.untrusted_text import isolate, render_plain, render_short, render_text
from client.desk.desk import DeskClosed
from client.desk.web import canned_replies
from client.desk.web.access import FORM_BYTES, DeskControl, IsLocked, NotHere, Refused, guard
from client.desk.web.facts import group_statements, render_fact
from client.desk.web.i18n import LANGUAGES
from client.desk.web.views import (
    board,
    cases,
    duplicates,
    entrance,
    exports,
    files,
    frame,
    handover,
    journal,
    live,
    officials,
    papers,
    people,
    queue,
    replies,
    search,
)
from client.desk.web.views import map as map_page
from client.transport.relay_client import Transport
from keys.errors import TocsinError

PAGES = (
    entrance.pages,
    board.pages,
    map_page.pages,
    queue.pages,
    cases.pages,
    duplicates.pages,
    replies.pages,
    files.pages,
    search.pages,
    people.pages,
    officials.pages,
    handover.pages,
    journal.pages,
    papers.pages,
    exports.pages,
    live.pages,
)


class PageNumber(IntegerConverter):
    """A number in an address: small, and good for this session only."""

    regex = r"\d{1,9}"


def create_app(
    control: DeskControl, clock: Callable[[], float] = time.time,
    transport: Callable[[], Transport] = lambda: Transport(os.urandom),
) -> Flask:  # fmt: skip
    """Build the pages over a desk process. Nothing is written down about who asks for what. `clock`: Unix seconds."""
    logging.getLogger("werkzeug").disabled = True
    app = Flask(__name__)
    app.logger.disabled = True  # a traceback would carry a report's words
    app.config["MAX_CONTENT_LENGTH"] = app.config["MAX_FORM_MEMORY_SIZE"] = FORM_BYTES
    app.extensions["control"], app.extensions["clock"], app.extensions["ui_state"] = control, clock, {}
    app.extensions["transport"] = transport
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    words = {"shown": render_text, "short": render_short, "plain": render_plain}
    app.jinja_env.filters.update(
        {name: isolate(show) for name, show in words.items()}, group_statements=group_statements
    )
    app.url_map.converters["int"] = PageNumber
    guard(app, control)
    for pages in PAGES:
        app.register_blueprint(pages)
    app.register_error_handler(TocsinError, _render_refusal)
    app.register_error_handler(HTTPException, _render_http_refusal)
    app.register_error_handler(Exception, _render_broken)
    app.context_processor(_build_context)
    return app


def _build_context() -> dict[str, object]:
    """Return what every template may use."""
    return {
        "say": frame.say(),
        "times": frame.get_times(),
        "hidden": frame.render_hidden_fields,
        "render_fact": isolate(render_fact),
        "canned_replies": canned_replies,
        "languages": LANGUAGES,
        "form_key": g.get("form_key", ""),
    }


def _render_refusal(problem: TocsinError) -> tuple[str, int]:
    if isinstance(problem, DeskClosed):  # locked while this was on its way
        problem = IsLocked()
    status = problem.status if isinstance(problem, Refused) else HTTPStatus.BAD_REQUEST
    return render_template("error.html", words=frame.describe_error(problem), code=problem.code), status


def _render_http_refusal(problem: HTTPException) -> Response | tuple[str, int]:
    if problem.code == HTTPStatus.NOT_FOUND:
        return _render_refusal(NotHere())
    key = "error.too-large" if problem.code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE else "error.request"
    return render_template("error.html", words=frame.say()(key), code=""), problem.code or HTTPStatus.BAD_REQUEST


def _render_broken(problem: Exception) -> tuple[str, int]:
    # The kind and the place only: an exception's text may quote a report.
    where = problem.__traceback__
    while where is not None and where.tb_next is not None:
        where = where.tb_next
    line = f"{where.tb_frame.f_code.co_filename.rpartition('/')[2]}:{where.tb_lineno}" if where else ""
    code = f"{type(problem).__name__} {line}"
    return render_template("error.html", words=frame.say()("error.broken"), code=code), HTTPStatus.INTERNAL_SERVER_ERROR
