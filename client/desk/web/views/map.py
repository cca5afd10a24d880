"""The map: circles over the list of stations, and the same as a list."""

from flask import Blueprint

from client.desk.cases import board
from client.desk.web import map_svg as drawing
from client.desk.web.access import NotHere, the_desk
from client.desk.web.map_svg import Spot
from client.desk.web.views import frame

pages = Blueprint("map", __name__)

NEAR = 25_000  # 1e-5 degree, about 25 km: what belongs to one town


@pages.get("/map")
def whole() -> str:
    return _drawn(None)


@pages.get("/map/<int:number>")
def around(number: int) -> str:
    """The surroundings of one place."""
    return _drawn(number)


def _drawn(around_: int | None) -> str:
    looking = frame.window()
    with the_desk().reading() as db:
        rows = board.board(db, frame.times().now, looking.city or None, looking.event or None).rows
        others = board.positions(db)
        found = None if around_ is None else board.place(db, around_)
    if around_ is not None and (found is None or found.lat is None or found.lon is None):
        raise NotHere()
    placed = [row for row in rows if row.place.lat is not None]
    spots = [_spot(row) for row in placed]
    if found is not None:
        spots = [spot for spot in spots if _is_near(spot, found)]
    return frame.page(
        "map.html",
        here="map",
        drawing=drawing.draw(spots, others),
        rows=placed if found is None else [row for row in placed if _is_near(_spot(row), found)],
        without=[row for row in rows if row.place.lat is None],
        around=found,
    )


def _spot(row: board.BoardRow) -> Spot:
    place = row.place
    return Spot(place.number, place.name, place.city, place.lat or 0, place.lon or 0, row.count.reported)


def _is_near(spot: Spot, place: board.PlaceRow) -> bool:
    return abs(spot.lat - (place.lat or 0)) <= NEAR and abs(spot.lon - (place.lon or 0)) <= 2 * NEAR
