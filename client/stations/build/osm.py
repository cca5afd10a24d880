"""Stations from an OpenStreetMap extract: what is tagged `amenity=police`, as a point, an outline or a relation."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from client.stations.build import candidate
from client.stations.build.candidate import OPENSTREETMAP, CandidateStation, Source
from client.stations.errors import OsmReaderMissing, SourceUnreadable
from client.stations.pack.columns import NAMES

_TAG = ("amenity", "police")
_NAMES = ("official_name", "short_name", "alt_name", "old_name", "int_name", "loc_name")
_ADDRESS = ("addr:full", "addr:street", "addr:housenumber", "addr:place", "addr:city", "addr:district")
_PHONE = ("phone", "contact:phone", "contact:mobile")

Place = tuple[float, float]


def read(path: Path) -> Source:
    """Return every police station of the extract; it is read several times and never held whole.

    Raises SourceUnreadable, OsmReaderMissing.
    """
    try:
        import osmium  # noqa: F401, PLC0415 - has no wheel for musl, and a relay there must still install
    except ImportError:
        raise OsmReaderMissing() from None
    try:
        return Source(list(_drafts(path)), OPENSTREETMAP)
    except (RuntimeError, OSError) as error:
        raise SourceUnreadable(str(error)) from None


def short_id(name: str) -> str:
    """Return `node/123` as `n123`."""
    kind, _, number = name.partition("/")
    return kind[0] + number


def names(tags: Mapping[str, str]) -> tuple[str, ...]:
    """Return the name people there use, then every other they may look for; without one, the name of its operator."""
    translated = (value for key, value in sorted(tags.items()) if key.startswith("name:"))
    others = (tags[key] for key in _NAMES if key in tags)
    all_names = [part for text in (tags.get("name", ""), *translated, *others) for part in text.split(";")]
    return candidate.tidy_names(all_names, NAMES) or candidate.tidy_names([tags.get("operator", "")], 1)


def address(tags: Mapping[str, str]) -> str:
    return candidate.address_of(tags[key] for key in _ADDRESS if key in tags)


def phone(tags: Mapping[str, str]) -> str:
    return candidate.phone_of(tags[key] for key in _PHONE if key in tags)


def _drafts(path: Path) -> Iterator[CandidateStation]:
    tagged = list(_tagged(path))
    ways = {way for _, _, _, members in tagged for way in members}
    nodes_of = {**_nodes_of(path, ways)}
    wanted = {node for _, _, nodes, _ in tagged for node in nodes} | {n for nodes in nodes_of.values() for n in nodes}
    places = _places(path, wanted)
    for name, tags, nodes, members in tagged:
        points = [places[n] for n in (*nodes, *(n for way in members for n in nodes_of.get(way, ()))) if n in places]
        lat, lon = _middle(points)
        yield CandidateStation(name, short_id(name), names(tags), address(tags), lat, lon, phone(tags))


def _objects(path: Path, kinds: str, *filters: Any) -> Iterable[Any]:
    import osmium  # noqa: PLC0415 - only this source needs it

    entities = {"n": osmium.osm.NODE, "w": osmium.osm.WAY, "r": osmium.osm.RELATION}
    wanted = entities[kinds[0]]
    for kind in kinds[1:]:
        wanted |= entities[kind]
    found = osmium.FileProcessor(str(path), wanted)
    for object_filter in filters:
        found = found.with_filter(object_filter)
    return found


def _tagged(path: Path) -> Iterator[tuple[str, dict[str, str], tuple[int, ...], tuple[int, ...]]]:
    """Name, tags, nodes and member ways of each police station."""
    import osmium  # noqa: PLC0415

    for entity in _objects(path, "nwr", osmium.filter.TagFilter(_TAG)):
        tags = {tag.k: tag.v for tag in entity.tags}
        if entity.is_node():
            yield f"node/{entity.id}", tags, (entity.id,), ()
        elif entity.is_way():
            yield f"way/{entity.id}", tags, tuple(node.ref for node in entity.nodes), ()
        else:
            yield f"relation/{entity.id}", tags, *_members(entity)


def _members(relation: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    members = [(member.type, member.ref) for member in relation.members]
    return tuple(ref for kind, ref in members if kind == "n"), tuple(ref for kind, ref in members if kind == "w")


def _nodes_of(path: Path, ways: set[int]) -> dict[int, tuple[int, ...]]:
    import osmium  # noqa: PLC0415

    if not ways:
        return {}
    found = _objects(path, "w", osmium.filter.IdFilter(ways))
    return {entity.id: tuple(node.ref for node in entity.nodes) for entity in found}


def _places(path: Path, nodes: set[int]) -> dict[int, Place]:
    import osmium  # noqa: PLC0415

    found = _objects(path, "n", osmium.filter.IdFilter(nodes)) if nodes else ()
    return {node.id: (node.location.lat, node.location.lon) for node in found if node.location.valid()}


def _middle(points: list[Place]) -> tuple[float | None, float | None]:
    if not points:
        return None, None
    lats, lons = [lat for lat, _ in points], [lon for _, lon in points]
    return (min(lats) + max(lats)) / 2, (min(lons) + max(lons)) / 2
