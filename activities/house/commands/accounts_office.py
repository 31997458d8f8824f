"""What the command line does with accounts of people (process.md S22). Whoever may write the database may let people in."""

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from activities.access.accounts import LASTS, Purpose, make_link, set_password, sign_out_everywhere, who_is
from activities.access.passwords import WeakPasswordError
from activities.access.security_log import COMMAND_LINE, SecurityEvent, Seen, latest, write_down
from activities.access.sessions import end_all
from activities.access.single_sign_on.identities import forget_identities
from activities.house.commands.office import on_record
from activities.house.refusals import UsageRefusedError
from activities.mail.sign_in_post import LANDING
from activities.settings import Settings
from workflows.counting import counted

_HERE = "command line"


def link(settings: Settings, typed: str, purpose: Purpose) -> str:
    """A one-time link for a person, to be handed over. Raises UsageRefusedError where the directory knows nobody of that id or address."""

    async def work(engine: AsyncEngine, person: str) -> str:
        token = await make_link(engine, person, purpose, datetime.now(UTC), COMMAND_LINE)
        return f"{settings.base_url.rstrip('/')}{LANDING}{token}"

    return _for(settings, typed, work)


def lasting(purpose: Purpose) -> str:
    """How long such a link works, in words."""
    return counted(LASTS[purpose].days, "day") if LASTS[purpose].days else counted(LASTS[purpose].total_seconds() // 60, "minute")


def choose_password(settings: Settings, typed: str, password: str) -> str:
    """Sets a person's password and signs the person out everywhere. Raises UsageRefusedError for nobody, or for a weak one."""

    async def work(engine: AsyncEngine, person: str) -> str:
        try:
            await set_password(engine, person, password)
        except WeakPasswordError as error:
            raise UsageRefusedError(str(error)) from None
        await end_all(engine, person)
        await write_down(engine, Seen.PASSWORD_SET, person=person, detail=_HERE)
        return f"{person} has a new password."

    return _for(settings, typed, work)


def sign_out(settings: Settings, typed: str) -> str:
    """Ends all sessions and links of a person. Raises UsageRefusedError for nobody."""

    async def work(engine: AsyncEngine, person: str) -> str:
        ended = await sign_out_everywhere(engine, person, COMMAND_LINE)
        return f"{person} is signed out everywhere ({counted(ended, 'session')})."

    return _for(settings, typed, work)


def forget(settings: Settings, typed: str) -> str:
    """Lets go of the accounts of identity providers that are bound to a person, and ends the sessions. Raises UsageRefusedError for nobody."""

    async def work(engine: AsyncEngine, person: str) -> str:
        forgotten = await forget_identities(engine, person, COMMAND_LINE)
        await sign_out_everywhere(engine, person, COMMAND_LINE)
        return f"{person} has no account of an identity provider any more ({forgotten} forgotten); the next one that fits is bound."

    return _for(settings, typed, work)


def audit(settings: Settings, limit: int) -> list[str]:
    """The last lines of the audit, newest first: who came in, who was turned away, who changed what."""
    return [_inert(_told(each)) for each in on_record(settings, lambda engine: latest(engine, limit))]


def _told(event: SecurityEvent) -> str:
    changed = json.dumps({"before": event.before, "after": event.after}, ensure_ascii=False) if event.before or event.after else ""
    said = (event.actor and f"by {event.actor}", event.subject, event.detail, changed)
    more = "  ".join(each for each in said if each)
    return f"{event.at:%Y-%m-%d %H:%M:%S}Z  {event.kind:<20}  {event.person or '-':<12}  {event.address or '-':<18}  {more}".rstrip()


def _inert(line: str) -> str:
    """Shows what would begin another line or move the cursor of a terminal."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in line)


def _for(settings: Settings, typed: str, work: Callable[[AsyncEngine, str], Awaitable[str]]) -> str:
    async def known(engine: AsyncEngine) -> str:
        person = await who_is(engine, typed)
        if person is None:
            raise UsageRefusedError(f"There is no person {typed} in the directory; add the person with: holdfast directory import FILE.")
        return await work(engine, person)

    return on_record(settings, known)
