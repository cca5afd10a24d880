"""Totals on a map: RFC 7946, one point for each place of a pack."""

import json
from typing import Any

from client.desk.consent.text import line
from client.desk.exports.totals import Totals, TotalsLine


def build_geojson(totals: Totals) -> bytes:
    """Build a collection of points at the positions of the pack (RFC 7946).

    A hidden number is null. What stands in no pack has no position and is left out, so the features add up to less than
    there are.
    """
    features = [feature for totals_line in totals.lines if (feature := _build_feature(totals_line)) is not None]
    collection = {"type": "FeatureCollection", "features": features}
    return json.dumps(collection, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _build_feature(totals_line: TotalsLine) -> dict[str, Any] | None:
    place = totals_line.place
    if place is None or place.lat is None or place.lon is None:
        return None
    names = {
        "kind": totals_line.kind,
        "name": line(place.name),
        "address": line(place.address),
        "city": line(place.city),
    }
    numbers = {measure: cell.shown for measure, cell in totals_line.cells.items()}
    point = {"type": "Point", "coordinates": [place.lon / 100_000, place.lat / 100_000]}
    return {"type": "Feature", "geometry": point, "properties": {**names, **numbers}}
