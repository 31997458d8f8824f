"""What the server adds to a message before it travels: a browser says what, the directory knows who and where (design rule 9, process.md S5)."""

from dataclasses import replace

from api.catalogue import check_service
from api.problems import invalid
from api.queries import Database
from api.queries.callers import is_agent, is_member, level_of
from api.queries.queues import names_of
from workflows.investigation import group_of
from workflows.messages import Actor, Amend, Assign, Escalate, Hold, Message, Take
from workflows.vocabulary import HoldReason


async def completed(database: Database, actor: Actor, message: Message) -> Message:
    """With the level of the group it names, or goes to. Raises a problem where the directory does not have people, groups and services so, or parts do not fit together."""
    match message:
        case Amend():
            await check_service(database, message.service)
        case Assign():
            level = await _level(database, message.group)
            await _check_person(database, message)
            return replace(message, level=level)
        case Hold():
            _check_hold(message)
        case Escalate():
            return replace(message, level=await _level(database, message.group))
        case Take():
            level = await _level(database, message.group) if message.group else await _own_level(database, actor)
            await _check_own(database, actor, message.group)
            return replace(message, level=level)
        case _:
            pass
    return message


def _check_hold(message: Hold) -> None:
    """What belongs to another reason would be lost without a word: a time at which nothing ends, a question that nobody is asked (S4)."""
    if message.until is not None and message.reason is not HoldReason.SCHEDULED:
        raise invalid("/until", "Only a scheduled hold ends at a time: leave the time out, or hold until then as scheduled")
    if message.question is not None and message.reason is not HoldReason.CALLER:
        raise invalid("/question", "Only a hold for the caller asks them something: leave the question out, or write to the caller")


async def _check_person(database: Database, message: Assign) -> None:
    """Who is given an incident is an agent, and of the group that is given it."""
    person, group = message.person, message.group
    if person is None:
        return
    if not await is_agent(database, person):
        raise invalid("/person", "The directory knows no agent of this id")
    if group is None:
        raise invalid("/group", "A person is given an incident as one of a group: name the group too")
    if not await is_member(database, person, group):
        names = await names_of(database, {person, group})
        raise invalid("/person", f"{names[person]} is not in the group {names[group]}: name a person of it, or the group alone")


async def _check_own(database: Database, actor: Actor, group: str | None) -> None:
    """Whoever takes an incident takes it as one of the group (S5)."""
    if group is not None and group not in actor.groups:
        name = (await names_of(database, {group}))[group]
        raise invalid("/group", f"You are not in the group {name}: name a group of yours, or leave it out")


async def _level(database: Database, group: str | None) -> int | None:
    if group is None:
        return None
    level = await level_of(database, group)
    if level is None:
        raise invalid("/group", "The directory does not know this group")
    return level


async def _own_level(database: Database, actor: Actor) -> int | None:
    own = group_of(actor)
    return await level_of(database, own) if own else None
