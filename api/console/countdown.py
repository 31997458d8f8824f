"""How long until a promise is due, in words and as a shade: never by colour alone (process.md S6, S8)."""

from datetime import datetime, timedelta

from api.queries.queues import SOON

_DAY = timedelta(days=1)


def countdown(due: datetime | None, now: datetime) -> tuple[str, str]:
    """The words, and the name of the shade: late, soon, fine, none."""
    if due is None:
        return "no promise runs", "none"
    if due <= now:
        return f"late by {_span(now - due)}", "late"
    return f"due in {_span(due - now)}", "soon" if due - now <= SOON else "fine"


def _span(span: timedelta) -> str:
    minutes = int(span.total_seconds()) // 60
    if span >= _DAY:
        return f"{span.days} d {minutes // 60 % 24} h"
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"  # noqa: PLR2004 -- an hour
