"""Words about keys that could not be destroyed, because nobody confirms the date of this computer."""

from pathlib import Path
from typing import Any

from client.cli import options, output
from client.organisation.rotation import RotationReport
from client.organisation.trusted_date import DateCheck, format_date


def tell_rotation(rotation: RotationReport, folder: Path) -> None:
    """Say what was put off and why, and what a person can do about it; nothing when there is nothing to say."""
    if rotation.came_back_from is not None:
        output.hint(f"this computer's clock stood at {format_date(rotation.came_back_from)} before and was set back")
    if rotation.check is None or not rotation.is_put_off:
        return
    what = "keys could not move on to this week"
    if rotation.overdue:
        what = f"the keys of {output.count(rotation.overdue, 'past week')} could not be destroyed"
    output.hint(f"{what}: {'; '.join(describe_doubts(rotation.check))}")
    if rotation.check.is_contradicted:
        output.hint("most relays sign another date than this computer's: check its clock")
    elif rotation.can_type_date:
        again = options.command("org", "rotate", home=folder)
        output.hint(f"look at a calendar that is not this computer's: `{again} --today YYYY-MM-DD` destroys them")


def describe_doubts(check: DateCheck) -> list[str]:
    """Return for each relay that does not bear out the date what it says."""
    doubts = [f"{relay} gives no signed hour ({code})" for relay, code in check.silent.items()]
    doubts += [f"{relay} signs {format_date(hour)}" for relay, hour in check.far.items()]
    return [*doubts, f"{check.agreeing} of {check.needed} relays that are needed agree with this clock"]


def rotation_value(rotation: RotationReport) -> dict[str, Any]:
    """Return what a program is told: `put_off` is null when nothing was put off."""
    if rotation.check is None or not rotation.is_put_off:
        return {"put_off": None}
    check = rotation.check
    return {
        "put_off": {
            "weeks": rotation.overdue,
            "agreeing": check.agreeing,
            "needed": check.needed,
            "silent": dict(check.silent),
            "far": dict(check.far),
            "contradicted": check.is_contradicted,
            "can_type_date": rotation.can_type_date,
        }
    }
