"""Who knocks: passwords and requests for links, throttled for each account and each address, told the same for known and unknown (S22)."""

from dataclasses import dataclass
from datetime import UTC, datetime

from activities.access.accounts import ask_for_link, password_fits, who_is
from activities.access.keys import digest_of
from activities.access.security_log import Seen, write_down
from activities.access.throttle import (
    LINKS_FOR_A_PERSON,
    LINKS_FROM_AN_ADDRESS,
    PASSWORDS_FROM_AN_ADDRESS,
    PASSWORDS_OF_AN_ACCOUNT,
    Limit,
    count,
    forget,
    forget_old,
    give_back,
    is_spent,
)
from api.queries import Database


@dataclass(frozen=True)
class Knock:
    """What came of it. Without a person nobody gets in."""

    person: str | None = None
    is_slowed_down: bool = False


async def right_password(database: Database, name: str, password: str, address: str) -> Knock:
    """Whose password this is. Each try is counted before it is made, so that tries side by side stay within the limit too."""
    person = await who_is(database, name)
    account = _account(name, person)
    limits = ((PASSWORDS_FROM_AN_ADDRESS, address), (PASSWORDS_OF_AN_ACCOUNT, account))
    if await _is_too_much(database, limits, person, address):
        return Knock(is_slowed_down=True)
    if not await password_fits(database, person, password):
        await write_down(database, Seen.SIGN_IN_FAILED, person=person, address=address)
        return Knock()
    await forget(database, PASSWORDS_OF_AN_ACCOUNT, account)
    await give_back(database, PASSWORDS_FROM_AN_ADDRESS, address)
    await forget_old(database, datetime.now(UTC))
    return Knock(person)


async def ask_for_a_link(database: Database, name: str, address: str) -> bool:
    """Whether the request was taken. Within the limits it always is, for people nobody knows as well."""
    person = await who_is(database, name)
    limits = ((LINKS_FROM_AN_ADDRESS, address), (LINKS_FOR_A_PERSON, _account(name, person)))
    if await _is_too_much(database, limits, person, address):
        return False
    await ask_for_link(database, person, datetime.now(UTC))
    await write_down(database, Seen.LINK_ASKED, person=person, address=address)
    return True


async def _is_too_much(database: Database, limits: tuple[tuple[Limit, str], ...], person: str | None, address: str) -> bool:
    for limit, subject in limits:
        now = datetime.now(UTC)
        if await is_spent(database, limit, subject, now):
            return True
        tries = await count(database, limit, subject, now)
        if tries == limit.tries + 1:
            await write_down(database, Seen.SLOWED_DOWN, person=person, address=address, detail=limit.name)
        if tries > limit.tries:
            return True
    return False


def _account(name: str, person: str | None) -> str:
    """A name nobody has is kept as a hash: people type passwords into the wrong field."""
    return person or f"#{digest_of(name.lower())}"
