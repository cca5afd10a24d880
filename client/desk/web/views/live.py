"""News for open pages: a page asks whether something has changed, and is answered when it has, or after a while."""

from flask import Blueprint, jsonify, request
from werkzeug.wrappers import Response

from client.desk.web.access import require_desk
from client.desk.web.views.duplicates import compare_pairs

pages = Blueprint("live", __name__)

WAIT_SECONDS = 25.0
COMPARE_SECONDS = 0.2


@pages.get("/changes")
def wait_for_changes() -> Response:
    """Answer with the newest version, at once when it is not `after`. Raises IsLocked, also when locked meanwhile."""
    after, desk = request.args.get("after", default=0, type=int), require_desk()
    # Who waits for news has time to look for duplicates.
    compare_pairs(desk, COMPARE_SECONDS)
    version = desk.wait(after, WAIT_SECONDS)
    require_desk()  # it may have been locked meanwhile
    return jsonify({"version": version})
