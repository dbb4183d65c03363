"""Clocks: how far the platform's is from ours, by the Date of its answers."""

from email.utils import parsedate_to_datetime

from hongyan.core.time import SECOND, Millis


def skew(date: str, now: Millis) -> Millis | None:
    """Theirs less ours; None for a date that is none."""
    try:
        return int(parsedate_to_datetime(date).timestamp()) * SECOND - now
    except (ValueError, TypeError, OverflowError):
        return None
