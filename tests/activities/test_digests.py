"""The digest rule: at most five letters in ten minutes, the rest together, nothing swallowed (process.md S14)."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.database.tables import letters, people
from activities.mail.digests import DIGEST, FREE, WINDOW, put_into_digest
from activities.mail.mail_room import MailRoom
from activities.mail.postbox import claim_next
from activities.mail.preferences import decline
from emails.letters import MOST_IN_A_DIGEST
from emails.links import NO_DIGESTS
from tests.activities.post_office import Post, all_due, rows, send_all, settings, states, with_letters
from tests.activities.test_mail_room import Incidents
from tests.process.life import ASHA, Life
from workflows.messages import Resolve


async def _until_nothing_is_due(engine: AsyncEngine, room: MailRoom) -> None:
    """Every letter has come due, and what is due by itself of digests."""
    await _set(engine, next_attempt_at=datetime(2020, 1, 1, tzinfo=UTC))
    while await room.send_next():
        pass


async def _set(engine: AsyncEngine, **values: Any) -> None:
    async with engine.begin() as connection:
        await connection.execute(update(letters).where(letters.c.letter != DIGEST).values(**values))


async def _digest_is_due(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(update(letters).where(letters.c.letter == DIGEST).values(next_attempt_at=datetime(2020, 1, 1, tzinfo=UTC)))


def _read(wire: bytes) -> EmailMessage:
    return message_from_bytes(wire, policy=policy.default)  # type: ignore[return-value]


async def test_many_letters_at_once_become_one(database: AsyncEngine, post: Post) -> None:
    """Ten letters to one person: one goes out, with each of them in it; the rows say so and name it. On both databases."""
    await with_letters(database, 10)
    await send_all(database, MailRoom(database, settings(post.port), None))
    assert await states(database) == {"in_digest": 10, "sent": 1}
    assert {row.digest for row in await rows(database)} == {None, "digest:carla:1"}
    assert len(post.accepted) == 1
    for part in ("plain", "html"):
        body = _read(post.accepted[0]).get_body((part,))
        assert body is not None
        assert all(f"INC-{number}" in body.get_content() for number in range(10))


async def test_five_letters_go_by_themselves(ledger: AsyncEngine, post: Post) -> None:
    """The rule begins with the sixth."""
    await with_letters(ledger, FREE)
    await send_all(ledger, MailRoom(ledger, settings(post.port), None))
    assert await states(ledger) == {"sent": FREE}


async def test_what_comes_after_five_waits_for_the_rest(ledger: AsyncEngine, post: Post) -> None:
    """Five went out a moment ago; what comes next gathers for a minute, and the next digest comes ten minutes after it."""
    room = MailRoom(ledger, settings(post.port), None)
    await with_letters(ledger, FREE)
    await send_all(ledger, room)
    await with_letters(ledger, FREE + 3)
    await _until_nothing_is_due(ledger, room)
    assert await states(ledger) == {"sent": FREE, "in_digest": 3, "planned": 1}
    await send_all(ledger, room)
    await with_letters(ledger, FREE + 5)
    await _until_nothing_is_due(ledger, room)
    assert len(post.accepted) == FREE + 1
    first, second = (row for row in await rows(ledger) if row.letter == DIGEST)
    assert (first.state, second.state) == ("sent", "planned")
    assert second.next_attempt_at == first.sent_at + WINDOW


async def test_after_ten_quiet_minutes_letters_go_by_themselves_again(ledger: AsyncEngine, post: Post) -> None:
    """The rule looks ten minutes back, no further."""
    room = MailRoom(ledger, settings(post.port), None)
    await with_letters(ledger, FREE + 1)
    await send_all(ledger, room)
    async with ledger.begin() as connection:
        earlier = datetime.now(UTC) - WINDOW
        await connection.execute(update(letters).values(at=earlier, sent_at=earlier))
    await with_letters(ledger, FREE + 2)
    await _until_nothing_is_due(ledger, room)
    assert await states(ledger) == {"in_digest": FREE + 1, "sent": 2}


async def test_a_relay_that_was_away_for_hours_makes_no_flood(ledger: AsyncEngine, post: Post) -> None:
    """What would reach a reader within ten minutes counts, however long it has waited."""
    await with_letters(ledger, 8)
    await _set(ledger, at=datetime.now(UTC) - timedelta(hours=5))
    await send_all(ledger, MailRoom(ledger, settings(post.port), None))
    assert await states(ledger) == {"in_digest": 8, "sent": 1}


async def test_p1_is_exempt(ledger: AsyncEngine, post: Post) -> None:
    """The most urgent letters never wait for others, and do not make others wait."""
    await with_letters(ledger, 8)
    facts = (await rows(ledger))[0].facts
    await _set(ledger, facts=facts | {"priority": "P1"})
    await with_letters(ledger, 8 + FREE)
    await send_all(ledger, MailRoom(ledger, settings(post.port), None))
    assert await states(ledger) == {"sent": 8 + FREE}


async def test_who_wants_single_letters_gets_them(ledger: AsyncEngine, post: Post) -> None:
    """The wish that a digest's link notes is kept."""
    await with_letters(ledger, 8)
    await decline(ledger, "carla", NO_DIGESTS, datetime.now(UTC))
    await send_all(ledger, MailRoom(ledger, settings(post.port), None))
    assert await states(ledger) == {"sent": 8}


async def test_without_a_relay_nothing_is_bundled(ledger: AsyncEngine) -> None:
    """Nobody's mailbox fills up on the Outbox page."""
    await with_letters(ledger, 8)
    await send_all(ledger, MailRoom(ledger, settings(None), None))
    assert await states(ledger) == {"kept": 8}


async def test_three_senders_lose_and_double_nothing(database: AsyncEngine, post: Post) -> None:
    """Senders that work at once: each letter is in exactly one letter that went out; more than fit make a second digest."""
    count = MOST_IN_A_DIGEST * 2 + 3
    await with_letters(database, count)
    post.delay = 0.005
    rooms = [MailRoom(database, settings(post.port), None) for _ in range(3)]
    for _ in range(4):
        await asyncio.gather(*(_until_nothing_is_due(database, room) for room in rooms))
        await _digest_is_due(database)
    await send_all(database, rooms[0])
    known = await rows(database)
    assert {row.state for row in known} <= {"sent", "in_digest"}
    sizes = Counter(row.digest for row in known if row.digest)
    assert max(sizes.values()) <= MOST_IN_A_DIGEST
    told = Counter(f"INC-{number}" for wire in post.accepted for number in range(count) if f"[INC-{number}]" in _all_text(_read(wire)))
    assert told == Counter(f"INC-{number}" for number in range(count))


def _all_text(letter: EmailMessage) -> str:
    body = letter.get_body(("plain",))
    return f"{letter['Subject']}\n{body.get_content() if body else ''}"


async def test_a_digest_in_hand_takes_no_more(database: AsyncEngine, post: Post) -> None:
    """A letter that comes while the digest goes out, or after it went out with an outcome nobody knows, opens another one."""
    await with_letters(database, FREE + 1)
    room = MailRoom(database, settings(post.port), None)
    await _until_nothing_is_due(database, room)
    await _digest_is_due(database)
    post.replies = ["drop after"]
    await room.send_next()
    await with_letters(database, FREE + 2)
    await _until_nothing_is_due(database, room)
    digests = {row.key: row for row in await rows(database) if row.letter == DIGEST}
    assert sorted(digests) == ["digest:carla:1", "digest:carla:2"]
    await _digest_is_due(database)
    await send_all(database, room)
    ids = [_read(wire)["Message-ID"] for wire in post.accepted]
    assert [ids.count(each) for each in dict.fromkeys(ids)] == [2, 1]


async def test_a_letter_that_may_have_gone_out_goes_alone(ledger: AsyncEngine, post: Post) -> None:
    """Its copy must be recognised by its Message-ID, so it is tried again as it was."""
    await with_letters(ledger, 8)
    await all_due(ledger)
    await _set(ledger, unknown_outcomes=1)
    claim = await claim_next(ledger, datetime.now(UTC))
    assert claim is not None
    assert not await put_into_digest(ledger, claim, datetime.now(UTC))


async def _with_questions(engine: AsyncEngine) -> None:
    """Six resolved incidents that ask Carla whether it works."""
    for number in range(6):
        life = Life()
        life.says(ASHA, Resolve("fixed", f"solution {number}"))
        await with_letters(engine, number + 1, life)


async def test_questions_keep_their_links_in_a_digest(ledger: AsyncEngine, post: Post) -> None:
    """Each solution with the link that answers it, one-click headers for the digest, and no working link in what staff can read."""
    await _with_questions(ledger)
    await send_all(ledger, MailRoom(ledger, settings(post.port), None))
    letter = _read(post.accepted[0])
    text = letter.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    links = {line.split()[-1] for line in text.splitlines() if line.startswith("  It works:")}
    assert len(links) == 6
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert letter["List-Unsubscribe"].strip("<>") in text
    digest = next(row for row in await rows(ledger) if row.letter == DIGEST)
    for kept in (digest.text, digest.html, digest.headers):
        assert "/u/..." in kept
        assert not any(link in kept for link in links)


async def test_an_undeliverable_digest_is_told_to_every_incident_in_it(ledger: AsyncEngine, post: Post) -> None:
    """None of the questions in it was asked, so none of these incidents may close by silence (S11)."""
    await _with_questions(ledger)
    temporal = Incidents()
    room = MailRoom(ledger, settings(post.port), temporal)  # type: ignore[arg-type]
    post.replies = ["550 no such user"]
    await send_all(ledger, room)
    assert (await states(ledger))["failed"] == 1
    told = [(number, sent.message.asks_for_confirmation) for number, _, sent in temporal.signals if sent.message.letter == "resolved"]  # type: ignore[union-attr]
    assert sorted(told) == [(f"INC-{number}", True) for number in range(6)]


async def test_a_digest_that_may_have_arrived_is_told_to_every_incident_in_it(ledger: AsyncEngine, post: Post) -> None:
    """Nobody knows whether any of the questions in it was asked, so silence means consent for none of them (S11, S14)."""
    await _with_questions(ledger)
    temporal = Incidents()
    post.replies = ["drop after"] * 9
    await send_all(ledger, MailRoom(ledger, settings(post.port), temporal))  # type: ignore[arg-type]
    assert (await states(ledger))["unknown"] == 1
    told = [(number, sent.message.may_have_arrived) for number, _, sent in temporal.signals if sent.message.letter == "resolved"]  # type: ignore[union-attr]
    assert sorted(told) == [(f"INC-{number}", True) for number in range(6)]


async def test_a_digest_to_nobody_fails_visibly(ledger: AsyncEngine, post: Post) -> None:
    """A reader who left the directory meanwhile: the digest fails, and the rows in it name it."""
    await with_letters(ledger, 6)
    room = MailRoom(ledger, settings(post.port), None)
    await _until_nothing_is_due(ledger, room)
    async with ledger.begin() as connection:
        await connection.execute(people.delete())
    await send_all(ledger, room)
    assert await states(ledger) == {"in_digest": 6, "failed": 1}
