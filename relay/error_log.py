"""The relay's whole log: that it started, that it stopped, and which kind of thing broke where. Never a value."""

import logging

logger = logging.getLogger("tocsin.relay")


def log(error: BaseException) -> None:
    """Write down class and place of an error; its text could repeat what somebody sent."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f"{place.tb_frame.f_globals.get('__name__')}:{place.tb_lineno}" if place else "nowhere"
    logger.error("%s at %s", type(error).__name__, where)
