"""What forms for API keys share (process.md S22)."""

from datetime import datetime, timedelta

from api.administration import Sheet

ENDS = (("90", "In 90 days"), ("30", "In 30 days"), ("365", "In a year"), ("", "Never"))
MADE_BEFORE = (
    "A key was already made from this form. Its secret was shown then and cannot be shown again: close that key, and make another."
)


def ends_at(sheet: Sheet, now: datetime) -> datetime | None:
    """When the key ends, as it was chosen; something that could not be chosen means the first choice."""
    chosen = sheet["ends"] if sheet["ends"] in dict(ENDS) else ENDS[0][0]
    return now + timedelta(days=int(chosen)) if chosen else None
