"""What ``holdfast policy adopt`` does: shows what a newer edition would change for chosen open incidents, then moves them (process.md S21).

Each incident decides for itself, and is shown by the very code that decides; so what is refused there is shown as refused here.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode
from ulid import ULID

from activities.database.session import open_database
from activities.database.tables import incidents, outcomes, people
from activities.directory.attendance import OF_THE_HOUSE
from activities.house.commands.office import on_record, with_advice
from activities.house.commands.policy_desk import check_edition
from activities.house.refusals import NotFoundError, UsageRefusedError
from activities.house.temporal_advice import temporal_advice
from activities.incident_facts import FACTS, IS_OVER
from activities.incident_numbers import check_digit_fits
from activities.pacing import at_a_pace
from activities.settings import Settings
from activities.temporal_connection import connect
from workflows.counting import counted
from workflows.foresight import Difference, Foreseen, Preview, preview
from workflows.house_messages import AdoptEdition
from workflows.lifecycle import Rule
from workflows.messages import NAMES, SYSTEM, Actor, Sent
from workflows.publication import Snapshot
from workflows.vocabulary import ActorKind, Role

ALL = "all"
_PREVIEWS = TypeAdapter(tuple[Preview, ...])
_GLANCE = 0.3  # seconds
UNANSWERED = "accepted"


@dataclass(frozen=True)
class Wish:
    """Which edition, why, and who asks for it; nobody in particular while it is only looked at."""

    edition: str
    reason: str
    actor: Actor = SYSTEM

    def sent(self, command_id: str) -> Sent[AdoptEdition]:
        """The message as it travels."""
        return Sent(command_id, self.actor, datetime.now(UTC), AdoptEdition(self.edition, self.reason))


@dataclass(frozen=True)
class Adopted:
    """What became of one incident: applied, refused by a rule, or accepted while the answer is still to come."""

    number: str
    result: str
    rule: str | None = None
    detail: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)


def wish(settings: Settings, edition: str, reason: str, person: str | None) -> Wish:
    """Checked against the desk's book and directory. Raises UsageRefusedError for an edition or a person that nobody knows."""
    check_edition(settings, edition)
    return Wish(edition, reason, SYSTEM if person is None else on_record(settings, lambda engine: _actor(engine, person)))


async def _actor(engine: AsyncEngine, person: str) -> Actor:
    async with engine.connect() as connection:
        roles = (await connection.execute(select(people.c.roles).where(people.c.id == person, OF_THE_HOUSE))).scalar_one_or_none()
    if roles is None:
        raise UsageRefusedError(f"There is no person {person} in the directory; name a process owner by their id.")
    return Actor(ActorKind.PERSON, person, tuple(Role(role) for role in roles))


def chosen(settings: Settings, edition: str, named: Sequence[str]) -> list[Snapshot]:
    """The incidents of these numbers, or all open ones under an older edition. Raises UsageRefusedError or NotFoundError for a number that is none."""
    numbers = [number for each in named for number in each.replace(",", " ").split()]
    if wrong := [number for number in numbers if number != ALL and not check_digit_fits(number)]:
        raise UsageRefusedError(f"{wrong[0]} is no number of an incident: its check digit does not fit, so it is mistyped.")
    found = on_record(settings, lambda engine: _facts(engine, [] if ALL in numbers else numbers))
    if ALL in numbers:
        return [facts for facts in found if facts.edition < edition]
    if missing := sorted(set(numbers) - {facts.number for facts in found}):
        raise NotFoundError(f"There is no incident {missing[0]} in the record.")
    return found


async def _facts(engine: AsyncEngine, numbers: list[str]) -> list[Snapshot]:
    which = incidents.c.number.in_(numbers) if numbers else ~IS_OVER
    async with engine.connect() as connection:
        rows = (await connection.execute(select(incidents.c.facts).where(which).order_by(incidents.c.number))).scalars()
        return [FACTS.validate_python(row) for row in rows]


def previews(found: Sequence[Snapshot], wanted: Wish) -> tuple[Preview, ...]:
    """What would change for each, if it were adopted now and nobody said anything afterwards."""
    now = datetime.now(UTC)
    return tuple(preview(facts, wanted.sent("preview"), now) for facts in found)


def previews_as_json(found: tuple[Preview, ...]) -> Any:
    """Plain values."""
    return _PREVIEWS.dump_python(found, mode="json")


def adopt_all(settings: Settings, wanted: Wish, numbers: Sequence[str], per_second: int, patience: float) -> list[Adopted]:
    """Tells each incident, at most so many in a second, and waits ``patience`` seconds for the answers. Raises UnavailableError without Temporal."""

    async def once() -> list[Adopted]:
        engine, command_id = open_database(settings.database_url), f"adopt:{ULID()}"
        try:
            client = await connect(settings)
            gone = await at_a_pace(numbers, lambda number: _tell(client, number, wanted.sent(command_id)), per_second)
            told = [number for number in numbers if number not in gone]
            answered = await _answers(engine, command_id, len(told), patience)
        finally:
            await engine.dispose()
        final = Adopted("", "refused", Rule.CLOSED_IS_FINAL.value, Rule.CLOSED_IS_FINAL.says)
        return [
            answered.get(number, Adopted(number, UNANSWERED)) if number in told else Adopted(**{**vars(final), "number": number})
            for number in numbers
        ]

    with temporal_advice():
        return with_advice(lambda: asyncio.run(once()))


async def _tell(client: Client, number: str, sent: Sent[AdoptEdition]) -> str | None:
    """The number, if no process of it runs any more."""
    try:
        await client.get_workflow_handle(number).signal(NAMES[AdoptEdition], sent)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return number
    return None


async def _answers(engine: AsyncEngine, command_id: str, count: int, patience: float) -> dict[str, Adopted]:
    query = select(outcomes.c.number, outcomes.c.result, outcomes.c.rule, outcomes.c.detail).where(outcomes.c.command_id == command_id)
    ends = asyncio.get_running_loop().time() + patience
    while True:
        async with engine.connect() as connection:
            found = [Adopted(*row) for row in (await connection.execute(query)).all()]
        if len(found) >= count or asyncio.get_running_loop().time() >= ends:
            return {each.number: each for each in found}
        await asyncio.sleep(_GLANCE)


# for a person


def previews_told(found: tuple[Preview, ...], edition: str) -> str:
    """Each incident with what would change, in the order in which it would happen; times in UTC."""
    if not found:
        return "No incident was chosen."
    return "\n\n".join("\n".join(_told(each, edition)) for each in found)


def _told(found: Preview, edition: str) -> list[str]:
    if found.refusal:
        return [f"{found.number}: would be refused. {found.refusal}"]
    before, after = found.priority
    heading = f"{found.number}: {found.edition} -> {edition}, {before if before == after else f'{before} -> {after}'}"
    width = max((len(each.what) for each in found.differences), default=0)
    return (
        [heading, *(f"  {each.what:<{width}}  {_change(each)}" for each in found.differences)]
        if found.differences
        else [f"{heading}: nothing that happens by itself would change."]
    )


def _change(found: Difference) -> str:
    before, after = found.before, found.after
    if before is None or after is None or before.letters == after.letters:
        return f"{_time(before)} -> {_time(after)}{_letters(after or before)}"
    return f"{_time(before)}{_letters(before)} -> {_time(after)}{_letters(after)}"


def _time(found: Foreseen | None) -> str:
    return f"{found.at:%a %Y-%m-%d %H:%M}Z" if found else "not at all"


def _letters(found: Foreseen | None) -> str:
    return f" ({', '.join(found.letters)})" if found and found.letters else ""


def adopted_told(found: Sequence[Adopted]) -> str:
    """How many were moved, and each that was not."""
    done = sum(each.result == "applied" for each in found)
    lines = [f"{done} of {counted(len(found), 'incident goes', 'incidents go')} on under it."]
    for each in found:
        if each.result == UNANSWERED:
            lines.append(f"{each.number}: accepted; the answer will stand in its timeline.")
        elif each.result != "applied":
            lines.append(f"{each.number}: {each.result}. {each.detail or ''}".rstrip())
    return "\n".join(lines)
