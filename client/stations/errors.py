"""Errors in a list of stations, its sources and the questions asked of it."""

from keys.errors import Malformed, TocsinError


class StationsError(TocsinError):
    """something is wrong with this list of stations"""

    code = "stations"


class PackMalformed(Malformed):
    """this is not a pack of stations"""

    code = "pack-malformed"
    hint = "the file was cut off or changed on its way; get it again from the organisation"


class PackChanged(StationsError):
    """the stations in this pack are not the ones that were signed"""

    code = "pack-changed"
    hint = "do not use it; get the pack again from the organisation"


class PackOlder(StationsError):
    """this pack is not newer than the one already held"""

    code = "pack-older"
    hint = "somebody may be offering an old list on purpose; the newer one stays in use"


class PackOther(StationsError):
    """this pack is another list than the one it should replace"""

    code = "pack-other"
    hint = "packs replace each other only under the same name and the same root"


class OutTaken(StationsError):
    """there is another file already where the pack should be written"""

    code = "pack-out-taken"
    hint = "nothing was changed; name another file with --out, or remove that one"


class TooManyStations(StationsError):
    """this is more than one pack can hold"""

    code = "pack-too-large"
    hint = "make one pack for each region"


class SourceUnreadable(StationsError):
    """this source of stations cannot be read"""

    code = "source-unreadable"
    hint = "a CSV table, GeoJSON or an .osm.pbf extract is needed; a CSV in another encoding needs --encoding"


class OsmReaderMissing(StationsError):
    """the reader for OpenStreetMap extracts is not installed"""

    code = "osm-reader-missing"
    hint = "install the Python package osmium, or give the stations as GeoJSON"


class ColumnsUnknown(StationsError):
    """it is not clear which columns of this table are meant"""

    code = "source-columns"
    hint = "name them: --column name=HEADER --column lat=HEADER --column lon=HEADER"


class SourceEmpty(StationsError):
    """no station with a position was found in this source"""

    code = "source-empty"
    hint = "check that the file holds stations with positions, and that latitude and longitude are the right columns"


class BadPosition(StationsError):
    """this is not a place on the globe"""

    code = "position-wrong"
    hint = "latitude lies between -90 and 90, longitude between -180 and 180, both in degrees; accuracy is 0 m or more"


class UnknownCountry(StationsError):
    """the outline of this country is not known here"""

    code = "country-unknown"
    hint = "give its two letters as in ISO 3166, such as RU, or leave --country out"
