"""What a contact takes of an alert that the open key of its case signed. Specified in `keys/pairing.md`.

The open key lies on a phone that is ready to press: whoever holds the phone has it. What it may say stands in the alert
that was sealed in advance under the pair's key.
"""

from typing import Any, NamedTuple, get_args

from client.report import Stage
from keys.errors import TocsinError
from keys.message import Alert, OpenPermission

NAME_CHARACTERS = 120  # of a station, as a phone lets it be typed
ID_CHARACTERS = 64
NUMBERS = ("lat", "lon", "accuracy", "age")
STAGES = get_args(Stage)
CERTAINTIES = ("confirmed", "guessed", "typed")
LARGEST = 2**53 - 1


class MoreThanAllowed(TocsinError):
    """somebody who holds the phone tried to say more than its owner allowed"""

    code = "alert-more-than-allowed"
    hint = "it was left out; whoever has that phone may be somebody else: believe only what was said with the PIN"


class Permitted(NamedTuple):
    """What is left of an alert. `is_type`: its type was allowed; `is_cut`: something was left out."""

    is_type: bool
    text: str = ""
    place: Any = None
    is_cut: bool = True


NOTHING = Permitted(is_type=False)


def limit_alert(alert: Alert, permission: OpenPermission | None) -> Permitted:
    """Return what counts of an alert of the open key. `permission` None: nothing was allowed."""
    if permission is None or alert.type not in permission.types:
        return NOTHING
    text = alert.text if permission.text else ""
    place = alert.place if permission.text else limit_place(alert.place)
    place = place if permission.place else None
    return Permitted(is_type=True, text=text, place=place, is_cut=(text, place) != (alert.text, alert.place))


def limit_place(place: Any) -> dict[str, Any] | None:
    """Return of a place what is no free text: numbers, a stage, a station with its name; None when nothing is left."""
    if not isinstance(place, dict):
        return None
    limited = {name: place[name] for name in NUMBERS if name in place and _is_whole(place[name])}
    if place.get("stage") in STAGES:
        limited["stage"] = place["stage"]
    station = _limit_station(place.get("station"))
    if station:
        limited["station"] = station
    return limited or None


def _limit_station(station: Any) -> dict[str, str]:
    if not isinstance(station, dict):
        return {}
    sizes = {"pack": ID_CHARACTERS, "id": ID_CHARACTERS, "text": NAME_CHARACTERS}
    texts = {name: station.get(name) for name in sizes}
    limited = {name: text for name, text in texts.items() if isinstance(text, str) and len(text) <= sizes[name]}
    if station.get("certainty") in CERTAINTIES:
        limited["certainty"] = station["certainty"]
    return limited


def _is_whole(value: Any) -> bool:
    return type(value) is int and abs(value) <= LARGEST
