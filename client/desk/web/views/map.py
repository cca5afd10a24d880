"""The map: circles over the list of stations, and the same as a list."""

from flask import Blueprint

from client.desk.cases import board
from client.desk.web import map_svg as drawing
from client.desk.web.access import NotHere, require_desk
from client.desk.web.map_svg import Spot
from client.desk.web.views import frame

pages = Blueprint("map", __name__)

NEAR_E5 = 25_000  # about 25 km: what belongs to one town


@pages.get("/map")
def show_map() -> str:
    """Show the map of all places."""
    return _render_map(None)


@pages.get("/map/<int:number>")
def show_surroundings(number: int) -> str:
    """Show the surroundings of one place. Raises NotHere."""
    return _render_map(number)


def _render_map(centre: int | None) -> str:
    ui_state = frame.get_ui_state()
    with require_desk().reading() as db:
        rows = board.load_board(db, frame.get_times().now, ui_state.city or None, ui_state.event or None).rows
        others = board.list_station_positions(db)
        found = None if centre is None else board.load_place(db, centre)
    if centre is not None and (found is None or found.lat is None or found.lon is None):
        raise NotHere()
    placed = [row for row in rows if row.place.lat is not None]
    spots = [_make_spot(row) for row in placed]
    if found is not None:
        spots = [spot for spot in spots if _is_near(spot, found)]
    return frame.render_page(
        "map.html",
        here="map",
        drawing=drawing.draw(spots, others),
        rows=placed if found is None else [row for row in placed if _is_near(_make_spot(row), found)],
        without=[row for row in rows if row.place.lat is None],
        centre=found,
    )


def _make_spot(row: board.BoardRow) -> Spot:
    place = row.place
    return Spot(place.number, place.name, place.city, place.lat or 0, place.lon or 0, row.count.reported)


def _is_near(spot: Spot, place: board.PlaceRow) -> bool:
    return abs(spot.lat_e5 - (place.lat or 0)) <= NEAR_E5 and abs(spot.lon_e5 - (place.lon or 0)) <= 2 * NEAR_E5
