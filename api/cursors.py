"""Where the next page of a list begins, as text for an address: pages are found by what stood last, never by counting (RFC 8288 links carry it)."""

import base64
import json
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from api.bodies import Plausible
from api.problems import invalid
from api.queries.incidents import Place, as_text
from api.queries.queues import Spot
from workflows.fields import Key, Line

_KEY: TypeAdapter[str] = TypeAdapter(Key)
_INSTANT: TypeAdapter[datetime] = TypeAdapter(Plausible)
_WORD: TypeAdapter[str] = TypeAdapter(Line)
_PROMISE: TypeAdapter[datetime | None] = TypeAdapter(Plausible | None)


def cursor_of(place: Place) -> str:
    """Where the next page of a list begins."""
    return _written(as_text(place.changed_at), place.number)


def place_in(cursor: str) -> Place:
    """The place in such a text; raises the problem ``invalid`` for one that was made up."""
    changed_at, number = _read(cursor, _INSTANT, _KEY)
    return Place(changed_at, number)


def cursor_of_spot(spot: Spot) -> str:
    """Where the next page of a queue begins."""
    return _written(as_text(spot.promised_by) if spot.promised_by else None, as_text(spot.changed_at), spot.number)


def spot_in(cursor: str) -> Spot:
    """The spot in such a text; raises the problem ``invalid`` for one that was made up."""
    promised_by, changed_at, number = _read(cursor, _PROMISE, _INSTANT, _KEY)
    return Spot(promised_by, changed_at, number)


def cursor_of_words(*words: str) -> str:
    """Where the next page of a list begins that is sorted by these words."""
    return _written(*words)


def words_in(cursor: str, count: int) -> list[str]:
    """So many words in such a text; raises the problem ``invalid`` for one that was made up."""
    return _read(cursor, *[_WORD] * count)


def _written(*parts: str | None) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def _read(cursor: str, *readers: TypeAdapter[Any]) -> list[Any]:
    try:
        parts = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return [reader.validate_python(part) for reader, part in zip(readers, parts, strict=True)]
    except (ValueError, TypeError, RecursionError):
        raise invalid("cursor", "Must come from next or the Link header of the page before") from None
