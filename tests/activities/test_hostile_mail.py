"""Hostile texts through the whole mail room to a real SMTP server (process.md S14)."""

from email import message_from_bytes, policy
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.database.tables import letters, people
from activities.mail.mail_room import MailRoom
from activities.mail.preferences import decline
from emails.links import NO_DIGESTS
from tests.activities.post_office import Post, rows, send_all, settings, states, with_letters
from tests.emails.hostile import hostile_texts
from tests.emails.test_headers import INTENDED
from tests.process.life import TUESDAY

# Ten of each five hundred, from the plain ones to the mixtures.
SAMPLE = hostile_texts()[::10]


async def _said(engine: AsyncEngine, number: int, said: str, facts: dict[str, Any]) -> None:
    async with engine.begin() as connection:
        changed = facts | {"title": said, "text": said, "solution": said}
        await connection.execute(
            update(letters).where(letters.c.number == f"INC-{number}").values(facts=changed, letter="reopened_to_agent")
        )


@pytest.mark.parametrize("bounces", [None, "bounces@desk.example.org"])
async def test_hostile_letters_reach_only_their_reader(ledger: AsyncEngine, post: Post, bounces: str | None) -> None:
    """Titles and comments of fifty kinds, and a hostile name: every letter arrives once, for one recipient, with exactly the intended headers."""
    await with_letters(ledger, len(SAMPLE))
    await decline(ledger, "carla", NO_DIGESTS, TUESDAY)
    facts = (await rows(ledger))[0].facts
    for number, said in enumerate(SAMPLE):
        await _said(ledger, number, said, facts)
    async with ledger.begin() as connection:
        await connection.execute(update(people).where(people.c.id == "carla").values(name=SAMPLE[3] + SAMPLE[0]))
    known = settings(post.port).model_copy(update={"mail_bounces": bounces})
    await send_all(ledger, MailRoom(ledger, known, None), rounds=1)
    assert await states(ledger) == {"sent": len(SAMPLE)}
    read = [message_from_bytes(wire, policy=policy.compat32) for wire in post.accepted]
    assert {frozenset(name.lower() for name in letter) for letter in read} == {frozenset(INTENDED)}
    assert all(recipients == ["carla@example.org"] for recipients in post.recipients)
    senders = set(post.senders)
    assert len(senders) == (len(SAMPLE) if bounces else 1)
    assert bounces is None or all(sender.startswith("bounces+") for sender in senders)
    assert {row.envelope_sender for row in await rows(ledger)} == senders
