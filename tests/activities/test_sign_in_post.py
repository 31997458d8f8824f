"""Sign-in links by a real relay, in whatever mood it is (process.md S22)."""

import re
from datetime import UTC, datetime, timedelta
from email import policy
from email.parser import BytesParser
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from activities.access.accounts import ask_for_link, read_link
from activities.database.tables import link_requests, metadata, one_time_links
from activities.directory.file import load_directory
from activities.mail.relay import Relay, RelayAwayError
from activities.mail.sign_in_post import RETRY, SignInPost
from tests.activities.post_office import Post, settings
from tests.activities.test_records import DIRECTORY

_TOKEN = re.compile(r"/sign-in/link/([A-Za-z0-9_-]+)")


async def _asked(engine: AsyncEngine, post: Post) -> SignInPost:
    """A post room before which one request of carla lies."""
    await load_directory(engine, DIRECTORY)
    await ask_for_link(engine, "carla", datetime.now(UTC))
    return SignInPost(engine, settings(post.port), Relay(settings(post.port)))


async def _count(engine: AsyncEngine, table: Any) -> int:
    async with engine.connect() as connection:
        return len((await connection.execute(select(table))).all())


async def _is_due(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(update(link_requests).values(next_attempt_at=link_requests.c.asked_at))


def _tokens(post: Post) -> list[str]:
    """The link of each letter that the relay took."""
    letters = [BytesParser(policy=policy.default).parsebytes(wire) for wire in post.accepted]
    bodies = [letter.get_body(("plain",)) for letter in letters]
    return [_TOKEN.findall(str(body.get_content()))[0] for body in bodies if body]


async def test_a_link_that_is_taken(on_file: AsyncEngine, post: Post) -> None:
    """Goes to the address of the directory, works, is sent once, and nothing is kept but a hash."""
    room = await _asked(on_file, post)
    assert await room.send_next()
    assert not await room.send_next()
    assert post.recipients == [["carla@example.org"]]
    (token,) = _tokens(post)
    assert (link := await read_link(on_file, token, datetime.now(UTC))) is not None
    assert link.person == "carla"
    assert await _count(on_file, link_requests) == 0
    assert token not in await _everything(on_file)


async def _everything(engine: AsyncEngine) -> str:
    async with engine.connect() as connection:
        return str([(await connection.execute(select(table))).all() for table in metadata.sorted_tables])


@pytest.mark.parametrize("refusal", [{"replies": ["550 no"]}, {"rcpt_replies": ["550 nobody here"]}])
async def test_a_link_that_is_refused(on_file: AsyncEngine, post: Post, refusal: dict[str, list[str]]) -> None:
    """Is not tried again, and leaves no link that would work; the log says that none was sent, and not to whom."""
    post.replies, post.rcpt_replies = refusal.get("replies", []), refusal.get("rcpt_replies", [])
    room = await _asked(on_file, post)
    with capture_logs() as log:
        assert await room.send_next()
    assert (await _count(on_file, link_requests), await _count(on_file, one_time_links), post.accepted) == (0, 0, [])
    assert "carla" not in str(log)
    assert [entry["event"] for entry in log] == ["sign-in link not sent"]


@pytest.mark.parametrize("delay", [{"replies": ["451 later", "452 later"]}, {"rcpt_replies": ["450 grey", "450 grey"]}])
async def test_a_link_that_is_put_off(on_file: AsyncEngine, post: Post, delay: dict[str, list[str]]) -> None:
    """Is tried again after a while, each time as a new link; of all of them only the one that arrived works."""
    post.replies, post.rcpt_replies = delay.get("replies", []), delay.get("rcpt_replies", [])
    room = await _asked(on_file, post)
    for _ in range(2):
        assert await room.send_next()
        assert not await room.send_next()  # not before its time
        assert await _count(on_file, one_time_links) == 0
        async with on_file.connect() as connection:
            again = (await connection.execute(select(link_requests.c.next_attempt_at))).scalar_one()
        assert timedelta(0) < again - datetime.now(UTC) <= RETRY
        await _is_due(on_file)
    assert await room.send_next()
    (token,) = _tokens(post)
    assert await read_link(on_file, token, datetime.now(UTC)) is not None
    assert (await _count(on_file, link_requests), await _count(on_file, one_time_links)) == (0, 1)


@pytest.mark.parametrize("moment", ["drop before", "drop after"])
async def test_a_line_that_breaks(on_file: AsyncEngine, post: Post, moment: str) -> None:
    """While the letter was handed over nobody knows whether it arrived: no second one is sent, and if it did arrive it works."""
    post.replies = [moment]
    room = await _asked(on_file, post)
    assert await room.send_next()
    assert not await room.send_next()
    assert (await _count(on_file, link_requests), await _count(on_file, one_time_links)) == (0, 1)
    assert [await read_link(on_file, token, datetime.now(UTC)) is not None for token in _tokens(post)] == [True] * len(post.accepted)


async def test_a_relay_that_is_away(on_file: AsyncEngine, post: Post) -> None:
    """The request waits and no link is about; who waited longer than the link would work gets none."""
    await _asked(on_file, post)
    away = SignInPost(on_file, settings(1), Relay(settings(1)))
    with pytest.raises(RelayAwayError):
        await away.send_next()
    assert (await _count(on_file, link_requests), await _count(on_file, one_time_links)) == (1, 0)
    async with on_file.begin() as connection:
        long_ago = datetime.now(UTC) - timedelta(minutes=11)
        await connection.execute(update(link_requests).values(asked_at=long_ago, next_attempt_at=long_ago))
    assert await SignInPost(on_file, settings(post.port), Relay(settings(post.port))).send_next()
    assert (await _count(on_file, link_requests), post.accepted) == (0, [])


async def test_two_senders_take_it_once(on_file: AsyncEngine, post: Post) -> None:
    """Of two mail rooms that see the same request one sends; a sender that dies with it leaves nothing for the other to send twice."""
    room = await _asked(on_file, post)
    other = SignInPost(on_file, settings(post.port), Relay(settings(post.port)))
    found = await room._next(datetime.now(UTC))
    assert found is not None
    assert await other.send_next()
    assert not await room._claim(found[0], datetime.now(UTC))
    assert len(post.accepted) == 1
    await ask_for_link(on_file, "carla", datetime.now(UTC))
    dying = await room._next(datetime.now(UTC))
    assert dying is not None
    assert await room._claim(dying[0], datetime.now(UTC))
    assert not await other.send_next()
