"""Times as a caseworker reads them: in the desk's own zone, which is named on every page."""

from datetime import UTC, datetime, tzinfo

from markupsafe import Markup

from client.desk.web.i18n import Speech

MINUTE, HOUR, DAY = 60, 3_600, 86_400


class Times:
    """Formats of Unix seconds as seen at `now`, in `zone` (None: this computer's)."""

    def __init__(self, say: Speech, now: int, zone: tzinfo | None = None) -> None:
        self._say, self.now, self._zone = say, now, zone

    def to_local(self, at: int) -> datetime | None:
        """Return a moment in the zone. None for what no calendar holds: a sender may claim any number."""
        try:
            return datetime.fromtimestamp(at, UTC).astimezone(self._zone)
        except (ValueError, OverflowError, OSError):
            return None

    @property
    def tz(self) -> tzinfo:
        """The zone itself, at this moment."""
        here = self.to_local(self.now)
        return (here.tzinfo if here else None) or UTC

    @property
    def zone(self) -> str:
        """Name of the zone for people: `MSK, UTC+03:00`."""
        here = self.to_local(self.now) or datetime.now(UTC)
        name, offset = here.strftime("%Z"), here.strftime("%z")
        written = f"UTC{offset[:3]}:{offset[3:5]}"
        return written if not name or name[0] in "+-" or name.startswith("UTC") else f"{name}, {written}"

    def format_short(self, at: int | None) -> str:
        """Format a time as `14:05` today, `19 Nov 14:05` before, with the year when it is another one. Empty for
        None."""
        if at is None:
            return ""
        when, today = self.to_local(at), self.to_local(self.now)
        if when is None or today is None:
            return self._say("time.number", n=at)
        clock = when.strftime("%H:%M")
        if when.date() == today.date():
            return clock
        day = f"{when.day}\u00a0{self._say(f'month.{when.month}')}"
        return f"{day} {clock}" if when.year == today.year else f"{day} {when.year} {clock}"

    def render_time(self, at: int | None) -> Markup:
        """Render the short form as an element `time`."""
        when = None if at is None else self.to_local(at)
        if when is None:
            return Markup("<span>{}</span>").format(self.format_short(at))
        return Markup('<time datetime="{}">{}</time>').format(when.isoformat(timespec="minutes"), self.format_short(at))

    def format_full(self, at: int) -> str:
        """Format day, year and time, for paper."""
        when = self.to_local(at)
        if when is None:
            return self._say("time.number", n=at)
        return f"{when.day}\u00a0{self._say(f'month.{when.month}')} {when.year}, {when:%H:%M}"

    def format_input(self, at: int | None) -> str:
        """Format a time for an input of the type datetime-local. Empty for None."""
        when = None if at is None else self.to_local(at)
        return "" if when is None else when.strftime("%Y-%m-%dT%H:%M")

    def parse_input(self, typed: str) -> int | None:
        """Parse what such an input gives, to Unix seconds; None for nothing. Raises ValueError."""
        if not typed:
            return None
        when = datetime.fromisoformat(typed)
        return int((when.replace(tzinfo=self._zone) if self._zone else when).timestamp())

    def format_left(self, ends: int | None) -> str:
        """Say how long until a clock runs out, or for how long it has. Empty for None."""
        if ends is None:
            return ""
        seconds = ends - self.now
        return self._say("time.left" if seconds >= 0 else "time.over", t=self._format_duration(abs(seconds)))

    def _format_duration(self, seconds: int) -> str:
        if seconds >= 2 * DAY:
            return self._say("time.days", n=seconds // DAY)
        return f"{seconds // HOUR}:{seconds % HOUR // MINUTE:02}"
