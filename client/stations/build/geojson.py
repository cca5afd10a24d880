"""Stations from GeoJSON (RFC 7946): every feature; an outline counts as the middle of the box around it."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from client.stations.build import candidate, osm
from client.stations.build.candidate import OPENSTREETMAP, CandidateStation, Credit, Source
from client.stations.errors import SourceUnreadable

_OSM_ID = re.compile(r"(node|way|relation)/[0-9]+\Z")
_DEEPEST = 5  # lists within lists in the coordinates of a MultiPolygon, and one more


def read(data: bytes) -> Source:
    """Return every feature of a collection. Raises SourceUnreadable. Source: RFC 7946."""
    try:
        whole = msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise SourceUnreadable("not JSON") from None
    features = whole.get("features") if isinstance(whole, dict) else None
    if not isinstance(features, list):
        raise SourceUnreadable("not a GeoJSON feature collection")
    drafts = [_draft(number, feature) for number, feature in enumerate(features, start=1)]
    return Source(drafts, _credit(whole, drafts))


def _credit(whole: Mapping[str, Any], drafts: list[CandidateStation]) -> Credit:
    words = " ".join(str(whole.get(key, "")) for key in ("copyright", "attribution", "license", "generator", "name"))
    is_osm = re.search(r"openstreetmap|overpass", words, re.IGNORECASE) or any(map(_has_osm_id, drafts))
    return OPENSTREETMAP if is_osm else Credit()


def _has_osm_id(draft: CandidateStation) -> bool:
    return bool(_OSM_ID.match(draft.where))


def _draft(number: int, feature: object) -> CandidateStation:
    whole: dict[str, Any] = feature if isinstance(feature, dict) else {}
    facts = whole.get("properties")
    tags = {key: str(value) for key, value in facts.items() if value is not None} if isinstance(facts, dict) else {}
    name = str(tags.get("@id") or whole.get("id") or tags.get("id") or tags.get("ID") or "")
    lat, lon = _middle(whole.get("geometry"))
    is_osm = bool(_OSM_ID.match(name))
    return CandidateStation(
        where=name if is_osm else f"feature {number}",
        id=osm.short_id(name) if is_osm else name,
        names=osm.names(tags),
        address=osm.address(tags) or candidate.address_of([tags.get("address", "")]),
        lat=lat,
        lon=lon,
        phone=osm.phone(tags) or candidate.phone_of([tags.get("telephone", ""), tags.get("tel", "")]),
    )


def _middle(geometry: object) -> tuple[float | None, float | None]:
    points = list(_points(geometry.get("coordinates"), _DEEPEST)) if isinstance(geometry, dict) else []
    if not points:
        return None, None
    lats, lons = [lat for lat, _ in points], [lon for _, lon in points]
    return (min(lats) + max(lats)) / 2, (min(lons) + max(lons)) / 2


def _points(value: object, deep: int) -> Iterator[tuple[float, float]]:
    if not isinstance(value, list) or deep == 0:
        return
    if len(value) > 1 and all(isinstance(part, int | float) for part in value[:2]):
        yield float(value[1]), float(value[0])
        return
    for part in value:
        yield from _points(part, deep - 1)
