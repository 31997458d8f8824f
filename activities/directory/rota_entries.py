"""Rotas as people write them in the directory file and as the record keeps them (process.md S10).

``starts`` is local time of the rota's zone, without offset; ``from`` and ``to`` of an override are instants with offset.
"""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from activities.directory.on_call import LONGEST_TURN, Layer, Override, Rota
from workflows.calendars import Span, Weekday, span
from workflows.fields import Key


def _zone(zone: str) -> str:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{zone!r} is no IANA time zone such as Europe/Istanbul") from None
    return zone


def _wall_clock(value: object) -> object:
    try:
        told = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        told = None
    if not isinstance(told, datetime) or told.tzinfo is not None:
        raise ValueError(f"a first handover is a local date and time such as 2026-01-05T09:00:00, without offset, not {value}")
    return told


def _span(text: str) -> str:
    try:
        span(text)
    except ValueError:
        raise ValueError(f"{text!r} is no span such as 09:00-17:30; a night is two spans: 20:00-24:00 and 00:00-08:00") from None
    return text


Zone = Annotated[str, AfterValidator(_zone)]
WallClock = Annotated[datetime, BeforeValidator(_wall_clock)]
SpanText = Annotated[str, AfterValidator(_span)]
WeekdayName = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class Entry(BaseModel):
    """One table of the directory file; a name it does not know is a mistake."""

    model_config = ConfigDict(extra="forbid")


class LayerEntry(Entry):
    """People who take turns of ``turn_days`` days. Without weekdays: on all; without spans: around the clock."""

    people: Annotated[list[Key], Field(min_length=1)]
    starts: WallClock
    turn_days: Annotated[int, Field(ge=1, le=LONGEST_TURN)]
    weekdays: Annotated[list[WeekdayName], Field(min_length=1)] = [
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    ]
    spans: Annotated[list[SpanText], Field(min_length=1)] = ["00:00-24:00"]

    @model_validator(mode="after")
    def _makes_a_layer(self) -> "LayerEntry":
        self.layer()
        return self

    def layer(self) -> Layer:
        """The layer it describes. ValueError where spans overlap."""
        spans = tuple(sorted(span(text) for text in self.spans))
        hours: dict[Weekday, tuple[Span, ...]] = {Weekday[day.upper()]: spans for day in self.weekdays}
        return Layer(tuple(self.people), self.starts, self.turn_days, hours)


class OverrideEntry(Entry):
    """One person instead of everybody in the layers, for a while."""

    person: Key
    start: Annotated[AwareDatetime, Field(alias="from")]
    end: Annotated[AwareDatetime, Field(alias="to")]

    @model_validator(mode="after")
    def _makes_an_override(self) -> "OverrideEntry":
        self.override()
        return self

    def override(self) -> Override:
        """The override it describes. ValueError where it runs backward."""
        return Override(self.person, self.start.astimezone(UTC), self.end.astimezone(UTC))


class RotaEntry(Entry):
    """One rota: layers from the lowest to the highest, overrides above all of them."""

    zone: Zone
    layers: Annotated[list[LayerEntry], Field(min_length=1)]
    overrides: list[OverrideEntry] = []

    def rota(self, name: str) -> Rota:
        """The rota it describes."""
        layers = tuple(entry.layer() for entry in self.layers)
        return Rota(name, self.zone, layers, tuple(entry.override() for entry in self.overrides))

    def definition(self) -> dict[str, Any]:
        """Plain values for the record; ``model_validate`` reads them back."""
        return self.model_dump(mode="json", by_alias=True)


def readable_rota(definition: Any) -> RotaEntry | None:
    """The rota in the record, unless another release wrote it or its zone is unknown on this machine."""
    try:
        return RotaEntry.model_validate(definition)
    except ValueError:
        return None
