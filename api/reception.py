"""Takes a report in: checks it, gives it its number, starts its process, once per key (process.md S1)."""

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from pydantic import TypeAdapter

from activities.front_door import Accepted, accept, note_start
from api.desk import Desk
from api.problems import Problem, invalid
from api.queries.callers import person_exists
from api.queries.outcomes import version_of
from api.waiting import wait_for
from workflows.messages import Actor, Intake, Report
from workflows.policies.book import book
from workflows.vocabulary import ActorKind, Channel, Role

LATEST_REPORT = timedelta(hours=24)
_REPORT: TypeAdapter[Report] = TypeAdapter(Report)


@dataclass(frozen=True)
class Received:
    """A report that is safe with Temporal. ``is_in_record``: it can already be read; ``says_something_new``: another one came first under its key."""

    number: str
    is_in_record: bool
    says_something_new: bool = False


async def check_who_is_affected(desk: Desk, reporter: Actor, report: Report) -> None:
    """Only agents report for somebody else, and only for people the directory knows; else a problem (S1, S22)."""
    if report.affected is None or report.affected == reporter.id:
        return
    if Role.AGENT not in reporter.roles:
        raise Problem("not-allowed", "Only agents report for somebody else. Leave out affected to report for yourself.")
    if not await person_exists(desk.database, report.affected):
        raise invalid("/affected", "The directory does not know this person")


def check_category(report: Report) -> None:
    """The category is one of the edition in force, so that it leads to a group; else a problem (S2)."""
    rules = book().edition(book().name_of_edition(report.reported_at or datetime.now(UTC))).assignment
    if not rules.knows(report.category, None):
        raise invalid("/category", f"The desk has: {', '.join(rules.categories)}")
    if not rules.knows(report.category, report.subcategory):
        raise invalid("/subcategory", f"In this category the desk has: {', '.join(rules.categories[report.category or ''])}")


def check_when(reporter: Actor, report: Report) -> None:
    """Who reports for themselves does so now, or a day later at most: clocks start then, and the rules of that day hold. Else a problem (S1)."""
    if report.reported_at is None or reporter.kind is not ActorKind.PERSON or Role.AGENT in reporter.roles:
        return
    if report.reported_at < datetime.now(UTC) - LATEST_REPORT:
        raise invalid("/reported_at", "Must lie within the last 24 hours; say in occurred_at since when it is so")


def as_told_by(reporter: Actor, report: Report) -> Report:
    """With the channel that the reporter can speak for: callers use the door they came in by."""
    may_name_it = reporter.kind is not ActorKind.PERSON or Role.AGENT in reporter.roles
    return report if may_name_it else replace(report, channel=Channel.API)


async def take_in(desk: Desk, reporter: Actor, report: Report, channel: str, key: str, follows: str | None = None) -> Received:
    """The incident for this key. The same key gives the same incident; with another report it is a problem."""
    fingerprint = fingerprint_of(report)
    accepted = await accept(desk.database, channel, key, fingerprint, datetime.now(UTC))
    if accepted.fingerprint != fingerprint and follows is None:
        raise Problem("key-reused")
    if accepted.started_at is None:
        async with desk.turnstile.turn(reporter.id):
            await desk.line.start(_intake(accepted, reporter, report, follows))
        await note_start(desk.database, accepted.number, datetime.now(UTC))
    version = await version_of(desk.database, accepted.number)
    if version is None:
        version = await wait_for(lambda: version_of(desk.database, accepted.number), desk.settings.outcome_wait_seconds)
    return Received(accepted.number, version is not None, accepted.fingerprint != fingerprint)


def fingerprint_of(report: Report) -> str:
    """Tells the same report sent twice from another one under the same key."""
    return hashlib.sha256(_REPORT.dump_json(report)).hexdigest()


def _intake(accepted: Accepted, reporter: Actor, report: Report, follows: str | None) -> Intake:
    # A machine whose clock is a little ahead reports now, not in the future: clocks start at reported_at (S6).
    reported_at = min(report.reported_at or accepted.accepted_at, accepted.accepted_at)
    return Intake(
        number=accepted.number,
        report=replace(report, reported_at=reported_at),
        reporter=reporter,
        reported_at=reported_at,
        logged_at=accepted.accepted_at,
        edition=book().name_of_edition(reported_at),
        follows=follows,
    )
