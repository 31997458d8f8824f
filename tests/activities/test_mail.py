"""Letters against a real SMTP server that accepts, delays, breaks and refuses (process.md S14)."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import ActivityEnvironment

from activities.database.tables import letters
from activities.mail.mail_room import MailRoom
from activities.mail.postbox import LEASE, LetterState, claim_next
from activities.mail.preferences import decline
from activities.mail.relay import RelayAwayError
from emails.links import NO_DIGESTS
from tests.activities.post_office import Post, all_due, rows, send_all, settings, states, with_letters
from tests.process.life import ASHA, Life
from workflows.messages import Resolve


async def test_letters_are_sent_once(database: AsyncEngine, post: Post) -> None:
    """Every letter goes out exactly once and the ledger says so, on both databases."""
    await with_letters(database, 3)
    room = MailRoom(database, settings(post.port), None)
    await send_all(database, room)
    assert await states(database) == {"sent": 3}
    assert len(post.accepted) == 3
    assert b"Auto-Submitted: auto-generated" in post.accepted[0]


async def test_two_senders_never_send_one_letter_twice(database: AsyncEngine, post: Post) -> None:
    """A second sender that starts while the first still lives takes other letters."""
    await with_letters(database, 12)
    await decline(database, "carla", NO_DIGESTS, datetime.now(UTC))
    post.delay = 0.01
    rooms = [MailRoom(database, settings(post.port), None) for _ in range(3)]

    async def work(room: MailRoom) -> None:
        for _ in range(30):
            await room.send_next()

    await asyncio.gather(*map(work, rooms))
    assert await states(database) == {"sent": 12}
    assert len(post.accepted) == 12


@pytest.mark.parametrize("reply", ["421 busy", "450 mailbox busy", "451 try again", "452 no room"])
async def test_a_temporary_refusal_is_retried(ledger: AsyncEngine, post: Post, reply: str) -> None:
    """4xx delays a letter, and it is sent once in the end."""
    await with_letters(ledger)
    post.replies = [reply, reply]
    room = MailRoom(ledger, settings(post.port), None)
    assert await room.send_next()
    row = (await rows(ledger))[0]
    assert (row.state, row.smtp_reply[:3]) == ("planned", reply[:3])
    assert row.next_attempt_at > datetime.now(UTC) + timedelta(minutes=4)
    await send_all(ledger, room)
    assert await states(ledger) == {"sent": 1}
    assert len(post.accepted) == 1


@pytest.mark.parametrize("reply", ["550 no such user", "552 too big"])
@pytest.mark.parametrize("where", ["replies", "rcpt_replies"])
async def test_a_permanent_refusal_is_final_and_visible(ledger: AsyncEngine, post: Post, reply: str, where: str) -> None:
    """5xx is failed at once, with the relay's words, and never tried again."""
    await with_letters(ledger)
    setattr(post, where, [reply])
    room = MailRoom(ledger, settings(post.port), None)
    await send_all(ledger, room)
    row = (await rows(ledger))[0]
    assert (row.state, row.attempts) == ("failed", 1)
    assert row.smtp_reply.startswith(reply[:3])
    assert post.accepted == []


async def test_a_line_that_breaks_before_the_answer_is_retried_once(ledger: AsyncEngine, post: Post) -> None:
    """The relay took the letter and the line broke: one more try under the same Message-ID, so that the copy is recognised."""
    await with_letters(ledger)
    post.replies = ["drop after"]
    room = MailRoom(ledger, settings(post.port), None)
    await send_all(ledger, room)
    assert await states(ledger) == {"sent": 1}
    ids = {line for copy in post.accepted for line in copy.splitlines() if line.lower().startswith(b"message-id")}
    assert (len(post.accepted), len(ids)) == (2, 1)


async def test_an_outcome_nobody_knows_twice_stays_unknown(ledger: AsyncEngine, post: Post) -> None:
    """After the second broken line the letter is left as unknown for people to see: never a third copy."""
    await with_letters(ledger)
    post.replies = ["drop after", "drop before", "drop after"]
    room = MailRoom(ledger, settings(post.port), None)
    await send_all(ledger, room)
    assert await states(ledger) == {"unknown": 1}
    assert len(post.accepted) == 1


async def test_a_relay_that_is_away_delays_and_loses_nothing(ledger: AsyncEngine) -> None:
    """Nothing listens: the letter stays planned, with what went wrong."""
    await with_letters(ledger)
    room = MailRoom(ledger, settings(9), None)
    with pytest.raises(RelayAwayError):
        await room.send_next()
    row = (await rows(ledger))[0]
    assert row.state == "planned"
    assert "connecting" in row.smtp_reply


async def test_a_letter_is_given_up_after_two_days(ledger: AsyncEngine, post: Post) -> None:
    """A relay that says later for ever makes a letter fail, visibly; but one that waited while the desk was down still gets its chance."""
    await with_letters(ledger)
    room = MailRoom(ledger, settings(post.port), None)
    post.replies = ["450 later"] * 2
    for attempts, state in ((0, "planned"), (200, "failed")):
        async with ledger.begin() as connection:
            await connection.execute(update(letters).values(at=datetime.now(UTC) - timedelta(days=3), attempts=attempts))
        await all_due(ledger)
        await room.send_next()
        assert await states(ledger) == {state: 1}


async def test_a_letter_left_by_a_dead_sender_is_sent_again_once(database: AsyncEngine, post: Post) -> None:
    """A sender that died with a letter in hand: after the lease another one sends it, once."""
    await with_letters(database)
    await all_due(database)
    claim = await claim_next(database, datetime.now(UTC))
    assert claim is not None
    room = MailRoom(database, settings(post.port), None)
    assert not await room.send_next()
    async with database.begin() as connection:
        await connection.execute(update(letters).values(claimed_at=datetime.now(UTC) - LEASE))
    assert await room.send_next()
    row = (await rows(database))[0]
    assert (row.state, row.unknown_outcomes, len(post.accepted)) == ("sent", 1, 1)


async def test_without_a_relay_letters_are_kept_with_working_links(ledger: AsyncEngine) -> None:
    """A newcomer reads the letters on the Outbox page and presses their links."""
    life = Life()
    life.says(ASHA, Resolve("fixed", "done"))
    await with_letters(ledger, life=life)
    room = MailRoom(ledger, settings(None), None)
    await send_all(ledger, room)
    kept = await rows(ledger)
    assert {row.state for row in kept} == {LetterState.KEPT}
    resolved = next(row for row in kept if row.letter == "resolved")
    assert "https://desk.example.org/l/" in resolved.text
    assert "/l/..." not in resolved.text


async def test_with_a_relay_the_kept_copy_has_no_working_link(ledger: AsyncEngine, post: Post) -> None:
    """Staff who read a sent letter cannot act with the caller's link (S15)."""
    life = Life()
    life.says(ASHA, Resolve("fixed", "done"))
    await with_letters(ledger, life=life)
    await send_all(ledger, MailRoom(ledger, settings(post.port), None))
    resolved = next(row for row in await rows(ledger) if row.letter == "resolved")
    assert "/l/..." in resolved.text
    assert "/l/..." in resolved.html
    assert any(b"/l/" in copy and b"/l/..." not in copy for copy in post.accepted)


async def test_one_broken_letter_never_stops_the_others(ledger: AsyncEngine, post: Post) -> None:
    """A letter whose template cannot be filled fails by itself."""
    await with_letters(ledger, 3)
    async with ledger.begin() as connection:
        await connection.execute(update(letters).where(letters.c.number == "INC-0").values(letter="resolved", recipient="nobody"))
    await send_all(ledger, MailRoom(ledger, settings(post.port), None))
    assert await states(ledger) == {"sent": 2, "failed": 1}


async def test_a_cancelled_shift_finishes_the_letter_in_hand(ledger: AsyncEngine, post: Post) -> None:
    """A worker that stops while the relay is slow leaves no letter of unknown outcome."""
    await with_letters(ledger)
    post.delay = 2
    environment = ActivityEnvironment()
    shift = asyncio.create_task(environment.run(MailRoom(ledger, settings(post.port), None).send_letters))
    while not post.in_hand:  # noqa: ASYNC110 -- the server offers no event
        await asyncio.sleep(0.02)
    environment.cancel()
    with pytest.raises(asyncio.CancelledError):
        await shift
    assert await states(ledger) == {"sent": 1}
    assert len(post.accepted) == 1
