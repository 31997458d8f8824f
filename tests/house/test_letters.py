"""Letters as files to look at, and the relay word by word."""

import asyncio
from collections.abc import AsyncIterator
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from activities.house.commands.letter_preview import preview
from activities.house.doctor.findings import Finding, Level
from activities.house.doctor.relay_examination import examine_relay
from activities.house.refusals import UsageRefusedError
from activities.settings import Settings
from emails.languages import languages
from tests.activities.post_office import settings
from workflows.vocabulary import LetterName


def test_every_letter_in_every_language_can_be_looked_at(tmp_path: Path) -> None:
    """As text, page and mail, with an index that leads to each of them."""
    to = tmp_path / "new" / "letters"
    said = preview(to)
    stems = {f"{language}-{name}" for language in languages() for name in [*LetterName, "digest", "sign_in"]}
    assert said.startswith(f"{len(stems)} letters in {len(languages())} languages")
    assert {file.name for file in to.iterdir()} == {f"{stem}.{kind}" for stem in stems for kind in ("txt", "html", "eml")} | {"index.html"}
    index = (to / "index.html").read_text(encoding="utf-8")
    for stem in stems:
        assert f'href="{stem}.html"' in index
        letter = message_from_bytes((to / f"{stem}.eml").read_bytes(), policy=policy.default)
        assert [part.get_content_type() for part in letter.walk()] == ["multipart/alternative", "text/plain", "text/html"]
        assert (to / f"{stem}.txt").read_text(encoding="utf-8").startswith(letter["Subject"])


def test_a_preview_has_the_headers_of_the_real_letter(tmp_path: Path) -> None:
    """Letters that can be declined say so to the mail program, and no other does (RFC 8058)."""
    preview(tmp_path)
    for file in tmp_path.glob("*.eml"):
        letter, name = message_from_bytes(file.read_bytes(), policy=policy.default), file.stem.partition("-")[2]
        can_be_declined = name in ("digest", "survey", "survey_reminder")
        assert ("List-Unsubscribe" in letter, "List-Unsubscribe-Post" in letter) == (can_be_declined, can_be_declined), name


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    """With a sentence that names it."""
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageRefusedError, match="file cannot be written"):
        preview(tmp_path / "file")


class Relay:
    """Answers each word of the protocol with its line, and remembers the words."""

    def __init__(self) -> None:
        self.answers = {"hello": "220 ready", "EHLO": "250-relay\r\n250 SIZE 1000", "MAIL": "250 ok", "RSET": "250 ok", "QUIT": "221 bye"}
        self.words: list[str] = []
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One session."""
        writer.write(f"{self.answers['hello']}\r\n".encode())
        while line := await reader.readline():
            word = line.split()[0].decode().upper()
            self.words.append(line.decode().strip())
            writer.write(f"{self.answers.get(word, '502 unknown')}\r\n".encode())
        writer.close()


@pytest.fixture
async def relay() -> AsyncIterator[Relay]:
    """A relay that goes along."""
    known = Relay()
    server = await asyncio.start_server(known.serve, "127.0.0.1", 0)
    known.port = server.sockets[0].getsockname()[1]
    yield known
    server.close()


def _failures(found: list[Finding]) -> list[str]:
    return [each.finding for each in found if each.level is Level.FAIL]


async def _examined(known: Settings, **changes: Any) -> list[Finding]:
    return list(await examine_relay(known.model_copy(update=changes)))


async def test_a_relay_that_goes_along_is_well(relay: Relay) -> None:
    """Greeting, EHLO, sender, and the sender taken back: no letter is begun."""
    found = await _examined(settings(relay.port), mail_bounces="bounces@desk.example.org")
    assert {each.level for each in found} == {Level.OK}
    words = [line.split()[0] for line in relay.words]
    assert words == ["EHLO", "MAIL", "RSET"]
    assert relay.words[1].startswith("MAIL FROM:<bounces+")


@pytest.mark.parametrize(
    ("word", "answer", "said"),
    [
        ("hello", "554 go away", "connection"),
        ("EHLO", "500 what", "EHLO"),
        ("MAIL", "550 not you", "sender: 550 not you"),
        ("MAIL", "451 later", "sender: 451"),
    ],
)
async def test_the_first_word_that_is_refused_is_told(relay: Relay, word: str, answer: str, said: str) -> None:
    """With the relay's own words and what to do; what comes after it is not tried."""
    relay.answers |= {word: answer, "HELO": "500 what"}
    found = await _examined(settings(relay.port))
    assert len(_failures(found)) == 1
    assert _failures(found)[0].startswith(said)
    assert all(each.advice for each in found if each.level is Level.FAIL)


async def test_a_relay_without_tls_is_told(relay: Relay) -> None:
    """A password would go over an open line: the examination stops before it."""
    found = await _examined(settings(relay.port), smtp_security="starttls")
    assert _failures(found)[0].startswith("STARTTLS")
    assert not any(line.startswith("AUTH") for line in relay.words)


async def test_nothing_listens() -> None:
    """Neither a traceback nor a wait without end."""
    assert _failures(await _examined(settings(9)))[0].startswith("connection")


async def test_no_relay_is_no_fault() -> None:
    """Letters are kept; that is worth a word, not a failure."""
    found = await _examined(settings(None))
    assert _failures(found) == []
    assert any("Outbox" in each.finding for each in found)
