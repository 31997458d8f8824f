"""The counter of portal and console: a report form that is handed in is taken, or comes back with what is wrong or known (process.md S1, S16)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from ulid import ULID

from api.administration import is_key
from api.catalogue import check_service
from api.desk import Desk
from api.identity import Caller
from api.pressing import told_to_caller
from api.problems import Problem
from api.queries.incidents import intake_key
from api.queries.known import Known, known_majors
from api.queries.links import taken_in_under
from api.queries.people import whole_service
from api.reception import Received, check_who_is_affected, take_in
from api.report_form import Draft, read_report, topics
from api.sentences import Sentences
from workflows.vocabulary import Channel

# Keys of forms count together, in whichever room they were filled in.
DOOR = Channel.PORTAL


@dataclass(frozen=True)
class Again:
    """The form once more: as it was sent and what is wrong with it, with which status, and what is known already."""

    draft: Draft
    status: int = 422
    known: Sequence[Known] = ()


@dataclass(frozen=True)
class HandedIn:
    """What was typed, how it reached the desk, in whose words its sender reads, and what is wrong with it already, by field."""

    typed: Mapping[str, str]
    channel: Channel
    say: Sentences
    wrong: Mapping[str, str]


async def hand_in(desk: Desk, caller: Caller, form: HandedIn) -> Received | Again:
    """Takes the report in; the same form sent twice is one incident. What is wrong comes back with everything that was typed.

    So does, once, a report of what is known already: who then sends it anyway means something else.
    """
    typed = await _with_topic(desk, form.typed)
    majors, is_meant = await known_majors(desk.database, typed.get("service", ""), typed.get("topic", "")), typed.get("anyway") == "yes"
    again = Again(Draft(typed, form.wrong), known=majors if is_meant else ())
    read = read_report(typed, caller.zone, form.channel, datetime.now(UTC), form.say)
    if isinstance(read, Draft):
        return replace(again, draft=Draft(typed, {**form.wrong, **read.wrong}))
    if form.wrong:
        return again
    key = intake_key(caller.actor, (typed.get("key") or str(ULID()))[:80])
    if majors and not is_meant and await taken_in_under(desk.database, DOOR, key) is None:
        return replace(again, known=majors)
    try:
        await check_who_is_affected(desk, caller.actor, read)
        await check_service(desk.database, read.service)
        return await take_in(desk, caller.actor, read, DOOR.value, key)
    except Problem as problem:
        return _refused(again, problem, form.say)


def _refused(again: Again, problem: Problem, say: Sentences) -> Again:
    typed = again.draft.typed
    if problem.kind.code == "key-reused":
        return replace(again, draft=Draft({**typed, "key": str(ULID())}, {"title": say("sent_before")}))
    is_about_service = any(each["pointer"] == "/service" for each in problem.more.get("errors", ()))
    wrong = {"service": say("wrong_service")} if is_about_service else {"title": told_to_caller(problem, say)}
    return replace(again, draft=Draft(typed, wrong), status=problem.kind.status)


async def _with_topic(desk: Desk, typed: Mapping[str, str]) -> Mapping[str, str]:
    """With the category that the catalogue names for the service, where somebody chose a service and no topic; the form says so (S2)."""
    if typed.get("topic") or not is_key(typed.get("service", "")):
        return typed
    service = await whole_service(desk.database, typed["service"])
    has_category = service is not None and service.category in topics(datetime.now(UTC))
    return {**typed, "topic": service.category or ""} if service is not None and has_category else typed
