"""The mail room when something else breaks: rows, addresses, the record, Temporal, the shift itself (process.md S14)."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email import policy
from email.parser import BytesParser
from typing import Any, cast

import pytest
from sqlalchemy import update
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import ActivityEnvironment

from activities.database.tables import letters, people
from activities.mail import mail_room as mail
from activities.mail.mail_room import MailRoom
from tests.activities.post_office import Post, all_due, rows, send_all, settings, states, with_letters
from tests.process.life import ASHA, INES, Life
from workflows.house_messages import ReportUndeliverable
from workflows.messages import Acknowledge, Assign, PublicMessage, Resolve, Sent


@dataclass
class Incidents:
    """Stands for Temporal: takes signals, or answers with an error."""

    error: RPCStatusCode | None = None
    signals: list[tuple[str, str, Sent]] = field(default_factory=list)

    def get_workflow_handle(self, number: str) -> Any:
        """The incident of that number."""

        class Handle:
            async def signal(_, name: str, sent: Sent, **__: Any) -> None:  # noqa: N805 -- the outer self is meant below
                if self.error is not None:
                    raise RPCError("no", self.error, b"")
                self.signals.append((number, name, sent))

        return Handle()


async def _change(engine: AsyncEngine, **values: Any) -> None:
    async with engine.begin() as connection:
        await connection.execute(update(letters).where(letters.c.number == "INC-0").values(**values))


async def _address(engine: AsyncEngine, email: str) -> None:
    async with engine.begin() as connection:
        await connection.execute(update(people).values(email=email))


UNREADABLE: list[dict[str, Any]] = [{"facts": {"title": 1}}, {"facts": []}, {"letter": "written by a newer desk"}]


@pytest.mark.parametrize("broken", UNREADABLE)
async def test_a_row_of_a_newer_desk_waits_for_it(database: AsyncEngine, post: Post, broken: dict[str, Any]) -> None:
    """A row that this build cannot read holds up no other letter, comes back later, and is sent by the build that can read it."""
    await with_letters(database, 3)
    known = (await rows(database))[0]
    await _change(database, **broken)
    room = MailRoom(database, settings(post.port), None)
    await send_all(database, room, rounds=1)
    row = (await rows(database))[0]
    assert await states(database) == {"sent": 2, "planned": 1}
    assert row.smtp_reply.startswith("this build cannot read the letter: ")
    assert row.next_attempt_at > datetime.now(UTC) + mail.BUSY_RETRY / 2
    await _change(database, facts=known.facts, letter=known.letter)
    await send_all(database, room, rounds=1)
    assert await states(database) == {"sent": 3}


@pytest.mark.parametrize("broken", UNREADABLE)
async def test_a_row_that_nobody_can_read_fails_in_the_end(database: AsyncEngine, post: Post, broken: dict[str, Any]) -> None:
    """After two days and twenty attempts the row fails by itself and says what is wrong, and its incident is told."""
    await with_letters(database, 3)
    await _change(database, **broken, at=datetime.now(UTC) - mail.PATIENCE * 2, attempts=mail.LEAST_ATTEMPTS)
    temporal = Incidents()
    await send_all(database, MailRoom(database, settings(post.port), cast("Client", temporal)), rounds=1)
    assert await states(database) == {"sent": 2, "failed": 1}
    row = next(row for row in await rows(database) if row.state == "failed")
    assert row.smtp_reply.startswith("given up after 2 days: this build cannot read the letter: ")
    assert [number for number, _, _ in temporal.signals] == [row.number]


@pytest.mark.parametrize("email", ["jürgen@example.org", "carla\x01@example.org", f"carla@{'x' * 80}.example"])
async def test_an_address_no_relay_takes_fails_by_itself(ledger: AsyncEngine, post: Post, email: str) -> None:
    """The row says that the address is to be corrected, without repeating it."""
    await with_letters(ledger)
    await _address(ledger, email)
    await send_all(ledger, MailRoom(ledger, settings(post.port), None), rounds=1)
    row = (await rows(ledger))[0]
    assert (row.state, "correct it in the directory" in row.smtp_reply) == ("failed", True)
    assert email not in row.smtp_reply


async def test_domains_in_other_scripts_are_reached(ledger: AsyncEngine, post: Post) -> None:
    """Such a domain travels in the form every relay knows."""
    await with_letters(ledger)
    await _address(ledger, "carla@bücher.example")
    await send_all(ledger, MailRoom(ledger, settings(post.port), None), rounds=1)
    assert await states(ledger) == {"sent": 1}
    assert b"xn--bcher-kva.example" in post.accepted[0]


async def test_a_letter_whose_headers_are_not_as_intended_is_refused(
    ledger: AsyncEngine, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Should the guard ever fail, the letter stays here and its row says so."""
    await with_letters(ledger)
    await _change(ledger, facts=(await rows(ledger))[0].facts | {"title": "=?utf-8?q?hi=0D=0ABcc=3A_evil=40example.test?="})
    monkeypatch.setattr("emails.headers.guard", str)
    await send_all(ledger, MailRoom(ledger, settings(post.port), None), rounds=1)
    row = (await rows(ledger))[0]
    # A newer Python writes such a subject safely by itself; then there is nothing to refuse.
    assert (row.state, row.smtp_reply[:8]) in {("failed", "refused:"), ("sent", "250 OK")}
    assert not any(b"\nBcc:" in copy for copy in post.accepted)


async def test_urgent_letters_leave_first(database: AsyncEngine, post: Post) -> None:
    """P1 overtakes what has waited longer."""
    await with_letters(database, 4)
    async with database.begin() as connection:
        await connection.execute(update(letters).where(letters.c.number == "INC-3").values(priority="P1"))
    await all_due(database)
    await MailRoom(database, settings(post.port), None).send_next()
    assert [row.number for row in await rows(database) if row.state == "sent"] == ["INC-3"]


async def test_what_the_relay_answered_is_not_forgotten_while_the_record_is_away(
    ledger: AsyncEngine, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The record fails right after the relay's yes: the yes is written when it is back, and no copy is sent."""
    await with_letters(ledger)
    write, failures = mail.settle, [OperationalError("", None, Exception())] * 3

    async def _settle(*known: Any, **facts: Any) -> None:
        if failures:
            raise failures.pop()
        await write(*known, **facts)

    monkeypatch.setattr(mail, "settle", _settle)
    monkeypatch.setattr(mail, "PAUSE", timedelta(0))
    await send_all(ledger, MailRoom(ledger, settings(post.port), None), rounds=2)
    assert await states(ledger) == {"sent": 1}
    assert len(post.accepted) == 1


async def _with_question(engine: AsyncEngine) -> None:
    life = Life()
    life.says(ASHA, Resolve("fixed", "done"))
    await with_letters(engine, life=life)


async def _question(engine: AsyncEngine) -> Any:
    return next(row for row in await rows(engine) if row.letter == "resolved")


async def _refused(engine: AsyncEngine, post: Post, temporal: Incidents) -> Any:
    await _with_question(engine)
    post.rcpt_replies = ["550 no such user"] * 9
    room = MailRoom(engine, settings(post.port), cast("Client", temporal))
    await all_due(engine)
    while await room.send_next():
        pass
    return await _question(engine)


async def test_an_incident_is_told_what_could_not_be_delivered(ledger: AsyncEngine, post: Post) -> None:
    """Its question to the caller never arrived: the incident must not close by silence (S11)."""
    temporal = Incidents()
    row = await _refused(ledger, post, temporal)
    number, name, sent = next(each for each in temporal.signals if each[2].message.letter == "resolved")
    assert (row.state, number, name) == ("failed", row.number, "report_undeliverable")
    assert sent.command_id.startswith("undeliverable:")
    assert sent.message == ReportUndeliverable(
        "resolved", row.cycle, "carla", asks_for_confirmation=True, cause=row.cause, owed_at=row.at, nobody_else=True
    )


async def test_only_the_last_reader_leaves_a_letter_with_nobody(ledger: AsyncEngine, post: Post) -> None:
    """Two people are called and both addresses are refused: the first report says that somebody else may have it, the second that nobody has (S10)."""
    await with_letters(ledger)
    row = (await rows(ledger))[0]
    called = {name: getattr(row, name) for name in ("number", "cycle", "cause", "at", "facts", "attempts", "unknown_outcomes", "priority")}
    due = {"letter": "escalation", "state": "planned", "next_attempt_at": row.at}
    async with ledger.begin() as connection:
        await connection.execute(
            letters.insert(), [called | due | {"key": f"INC-0:1:1:escalation:{each}", "recipient": each} for each in ("asha", "ines")]
        )
    temporal = Incidents()
    post.rcpt_replies = ["550 no such user"] * 9
    await send_all(ledger, MailRoom(ledger, settings(post.port), cast("Client", temporal)), rounds=1)
    told = [sent.message for _, _, sent in temporal.signals if sent.message.letter == "escalation"]
    assert [(each.cause, each.owed_at, each.nobody_else) for each in told] == [(row.cause, row.at, False), (row.cause, row.at, True)]


async def test_a_letter_follows_the_last_one_of_its_reader(database: AsyncEngine, post: Post) -> None:
    """It answers what this person got last about this incident; letters to others, about others, or that never went out are nothing to follow (S14)."""
    life = Life()
    life.says(INES, Assign(group="service-desk", person="asha"))
    life.says(ASHA, Acknowledge())
    life.says(ASHA, PublicMessage("We look into it."))
    await with_letters(database, 2, life=life)
    async with database.begin() as connection:
        await connection.execute(
            update(letters).where(letters.c.number == "INC-1").values(next_attempt_at=datetime(2099, 1, 1, tzinfo=UTC))
        )
        await connection.execute(update(letters).where(letters.c.letter == "assigned").values(state="failed", message_id="<lost@desk>"))
    room = MailRoom(database, settings(post.port), None)
    while await room.send_next():
        pass
    mails = [BytesParser(policy=policy.default).parsebytes(wire) for wire in post.accepted]
    received, assigned, progress = (next(mail for mail in mails if words in mail["Subject"]) for words in ("We have", "Assigned", "News"))
    thread = received["References"]
    assert (received["In-Reply-To"], progress["In-Reply-To"]) == (thread, received["Message-ID"])
    assert progress["References"] == f"{thread} {received['Message-ID']}"
    assert assigned["References"] == assigned["In-Reply-To"] != thread


async def test_one_of_two_recipients_is_refused(ledger: AsyncEngine, post: Post) -> None:
    """Two people of one incident: who is known gets theirs, the other's fails with the relay's words, and the incident is told of that one alone (S14)."""
    life = Life()
    life.says(INES, Assign(group="service-desk", person="asha"))
    await with_letters(ledger, life=life)
    post.unknown, temporal = ("asha@example.org",), Incidents()
    await send_all(ledger, MailRoom(ledger, settings(post.port), cast("Client", temporal)))
    assert [(row.letter, row.recipient, row.state, row.attempts) for row in await rows(ledger)] == [
        ("received", "carla", "sent", 1),
        ("assigned_to_you", "asha", "failed", 1),
    ]
    assert [row.smtp_reply for row in await rows(ledger) if row.recipient == "asha"] == ["550 no such user"]
    assert post.recipients == [["carla@example.org"]]
    ((number, _, sent),) = temporal.signals
    assert (number, sent.message.letter, sent.message.recipient) == ("INC-0", "assigned_to_you", "asha")


async def test_an_incident_is_told_where_nobody_knows_whether_it_was_delivered(ledger: AsyncEngine, post: Post) -> None:
    """The line broke twice after its question was handed over: it is told once, as a letter that may have arrived (S11, S14)."""
    await _with_question(ledger)
    temporal = Incidents()
    post.replies = ["drop after"] * 9
    await send_all(ledger, MailRoom(ledger, settings(post.port), cast("Client", temporal)))
    row = await _question(ledger)
    told = [sent.message for _, _, sent in temporal.signals if sent.message.letter == "resolved"]
    assert row.state == "unknown"
    assert [replace(each, owed_at=None, nobody_else=False, cause=None) for each in told] == [
        ReportUndeliverable("resolved", row.cycle, "carla", asks_for_confirmation=True, may_have_arrived=True)
    ]


async def test_a_letter_of_unknown_outcome_is_told_later_and_not_sent_again(ledger: AsyncEngine, post: Post) -> None:
    """While Temporal is away its row comes back until the incident knows; the relay gets no third copy meanwhile (S14)."""
    await _with_question(ledger)
    temporal = Incidents(RPCStatusCode.UNAVAILABLE)
    post.replies = ["drop after"] * 99
    room = MailRoom(ledger, settings(post.port), cast("Client", temporal))
    await send_all(ledger, room)
    copies = len(post.accepted)
    assert (await _question(ledger)).state == "planned"
    temporal.error = None
    await send_all(ledger, room, rounds=1)
    assert (await _question(ledger)).state == "unknown"
    assert "resolved" in {sent.message.letter for _, _, sent in temporal.signals}
    assert len(post.accepted) == copies


async def test_a_letter_that_senders_died_with_twice_is_told_as_well(ledger: AsyncEngine, post: Post) -> None:
    """Two senders took it into hand and were never heard of again: its incident does not wait for them."""
    await _with_question(ledger)
    async with ledger.begin() as connection:
        await connection.execute(update(letters).values(unknown_outcomes=mail.UNKNOWN_AGAIN))
    temporal = Incidents()
    await send_all(ledger, MailRoom(ledger, settings(post.port), cast("Client", temporal)), rounds=1)
    assert (await _question(ledger)).state == "unknown"
    assert all(sent.message.may_have_arrived for _, _, sent in temporal.signals)
    assert post.accepted == []


async def test_a_closed_incident_has_nobody_to_tell(ledger: AsyncEngine, post: Post) -> None:
    """The workflow is gone: the ledger says it, and nothing is tried again."""
    assert (await _refused(ledger, post, Incidents(RPCStatusCode.NOT_FOUND))).state == "failed"


async def test_an_incident_that_cannot_be_told_now_is_told_later(ledger: AsyncEngine, post: Post) -> None:
    """While Temporal is away the failure stays open, so that it reaches the incident in the end."""
    row = await _refused(ledger, post, Incidents(RPCStatusCode.UNAVAILABLE))
    assert (row.state, row.smtp_reply[:3]) == ("planned", "550")


async def test_what_failed_can_be_read_without_its_links(ledger: AsyncEngine, post: Post) -> None:
    """Staff see what the caller never got, to say it on the phone; its link does not work for them (S15)."""
    row = await _refused(ledger, post, Incidents())
    assert "does it work?" in row.subject
    assert "/l/..." in row.text
    assert "/l/..." in row.html


async def test_the_wire_is_plain_ascii(ledger: AsyncEngine, post: Post) -> None:
    """Every relay takes every letter, and what was written comes out again."""
    await with_letters(ledger, life=Life())
    await _change(ledger, facts=(await rows(ledger))[0].facts | {"title": "Yazıcı çalışmıyor"})
    await send_all(ledger, MailRoom(ledger, settings(post.port), None), rounds=1)
    assert post.accepted[0].isascii()
    letter = BytesParser(policy=policy.default).parsebytes(post.accepted[0])
    text = letter.get_body(("plain",))
    assert text is not None
    assert "Yazıcı çalışmıyor" in text.get_content()


async def _until(condition: Callable[[], Awaitable[bool]]) -> None:
    while not await condition():  # noqa: ASYNC110 -- the ledger is all there is to look at
        await asyncio.sleep(0.02)


async def test_a_shift_ends_when_its_worker_stops(ledger: AsyncEngine, post: Post) -> None:
    """The work at hand is done, and the shift ends by itself, without error."""
    await with_letters(ledger, 2)
    environment = ActivityEnvironment()
    shift = asyncio.create_task(environment.run(MailRoom(ledger, settings(post.port), None).send_letters))

    async def _all_sent() -> bool:
        return await states(ledger) == {"sent": 2}

    await _until(_all_sent)
    environment.worker_shutdown()
    await shift


async def test_a_shift_outlives_a_letter_nobody_foresaw(ledger: AsyncEngine, post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of a kind nobody thought of leaves one letter in hand; the shift goes on with the others."""
    await with_letters(ledger, 3)
    handle = MailRoom._handle

    async def _stumble(room: MailRoom, claim: Any) -> None:
        if claim.number == "INC-0":
            raise RuntimeError("nobody foresaw this")
        await handle(room, claim)

    monkeypatch.setattr(MailRoom, "_handle", _stumble)
    environment = ActivityEnvironment()
    shift = asyncio.create_task(environment.run(MailRoom(ledger, settings(post.port), None).send_letters))

    async def _others_sent() -> bool:
        return await states(ledger) == {"sent": 2, "handed_over": 1}

    await _until(_others_sent)
    environment.worker_shutdown()
    await shift
    assert datetime.now(UTC) > (await rows(ledger))[0].claimed_at
