"""The line to the relay: what each break and each answer means for a letter (process.md S14)."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import run

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from pydantic import SecretStr

from activities.mail import relay as relay_module
from activities.mail.postbox import LEASE
from activities.mail.relay import OutcomeUnknownError, PermanentError, Relay, RelayAwayError, TemporaryError
from activities.settings import Settings
from tests.activities.post_office import Post, settings

DROP = ""
LETTER = b"Subject: hello\r\n\r\n.a line with a dot\nand one without\n"


@dataclass
class Script:
    """A relay that answers each word of the protocol with the next line of its script, then as usual; DROP hangs up."""

    answers: dict[str, list[str]] = field(default_factory=dict)
    letters: list[tuple[str, bytes]] = field(default_factory=list)
    sessions: int = 0
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One session."""
        self.sessions += 1
        recipient = ""
        usual = {"DATA": "354 go ahead"}
        if not self._say(writer, "hello", "220 ready"):
            return
        while line := await reader.readline():
            word = line.split()[0].decode().upper()
            recipient = line.decode().strip() if word == "RCPT" else recipient
            if not self._say(writer, word, usual.get(word, "250 ok")):
                return
            if word == "DATA" and not await self._take(reader, writer, recipient):
                return
        writer.close()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, recipient: str) -> bool:
        text = b""
        while (line := await reader.readline()) not in {b".\r\n", b""}:
            text += line
        self.letters.append((recipient, text))
        return self._say(writer, "letter", "250 taken")

    def _say(self, writer: asyncio.StreamWriter, word: str, usual: str) -> bool:
        mine = self.answers.get(word, [])
        answer = mine.pop(0) if mine else usual
        if answer == DROP:
            writer.transport.abort()
            return False
        writer.write(f"{answer}\r\n".encode("utf-8", "surrogateescape"))
        return True


@pytest.fixture
async def script() -> AsyncIterator[Script]:
    """A relay with an empty script."""
    known = Script()
    server = await asyncio.start_server(known.serve, "127.0.0.1", 0)
    known.port = server.sockets[0].getsockname()[1]
    yield known
    server.close()


async def _send(script: Script, relay: Relay | None = None, recipient: str = "carla@example.org") -> str:
    return await (relay or Relay(settings(script.port))).send("desk@example.org", recipient, LETTER)


@pytest.mark.parametrize("word", ["hello", "EHLO", "MAIL", "RCPT", "DATA"])
async def test_a_line_that_breaks_before_the_text_has_lost_nothing(script: Script, word: str) -> None:
    """Until the text is on its way nobody can have the letter: the relay is away, and nothing is unknown."""
    script.answers = {word: [DROP], "HELO": [DROP]}
    with pytest.raises(RelayAwayError):
        await _send(script)
    assert script.letters == []


async def test_a_line_that_breaks_after_the_text_leaves_the_outcome_unknown(script: Script) -> None:
    """The relay may have it or not; the next letter goes over a new line."""
    script.answers = {"letter": [DROP]}
    relay = Relay(settings(script.port))
    with pytest.raises(OutcomeUnknownError):
        await _send(script, relay)
    assert await _send(script, relay) == "250 taken"
    assert script.sessions == 2


@pytest.mark.parametrize("word", ["hello", "MAIL", "RCPT", "DATA", "letter"])
async def test_later_is_later_wherever_it_is_said(script: Script, word: str) -> None:
    """A 4xx at any point: the letter was not accepted and may be sent again."""
    script.answers = {word: ["451 later"]}
    with pytest.raises((TemporaryError, RelayAwayError)):
        await _send(script)


@pytest.mark.parametrize("word", ["MAIL", "RCPT", "DATA", "letter"])
async def test_never_is_never_wherever_it_is_said(script: Script, word: str) -> None:
    """A 5xx at any point of the letter is final."""
    script.answers = {word: ["554 never"]}
    with pytest.raises(PermanentError, match="554"):
        await _send(script)


@pytest.mark.parametrize("word", ["MAIL", "RCPT"])
async def test_a_relay_that_wants_a_password_fails_no_letter(script: Script, word: str) -> None:
    """Missing credentials are a setting of ours: letters wait until it is right."""
    script.answers = {word: ["530 authentication required"]}
    with pytest.raises(RelayAwayError, match="530"):
        await _send(script)


@pytest.mark.parametrize("answer", ["250 taken", "251 forwarded", "252 as good as"])
async def test_every_kind_of_yes_is_a_yes(script: Script, answer: str) -> None:
    """An acceptance in other words is never taken for a refusal, which would send copies."""
    script.answers = {"letter": [answer]}
    assert await _send(script) == answer


@pytest.mark.parametrize("answer", ["what?", "354 more", "100 wait"])
async def test_an_answer_that_is_none_leaves_the_outcome_unknown(script: Script, answer: str) -> None:
    """Neither yes nor no after the text: the letter may have been taken."""
    script.answers = {"letter": [answer]}
    with pytest.raises(OutcomeUnknownError):
        await _send(script)


async def test_lines_with_dots_arrive_as_they_were_written(script: Script) -> None:
    """A line that begins with a dot travels with two and every line ends as the protocol wants."""
    await _send(script)
    assert script.letters[0][1] == b"Subject: hello\r\n\r\n..a line with a dot\r\nand one without\r\n"


async def test_letters_share_a_line_one_after_the_other(script: Script) -> None:
    """Two shifts that overlap use one line and never mix the recipients of two letters."""
    relay = Relay(settings(script.port))
    recipients = [f"person{number}@example.org" for number in range(8)]
    await asyncio.gather(*(_send(script, relay, recipient) for recipient in recipients))
    assert [recipient for recipient, _ in script.letters] == [f"RCPT TO:<{recipient}>" for recipient in recipients]
    assert script.sessions == 1


async def test_a_letter_called_off_half_way_never_answers_for_the_next(post: Post) -> None:
    """The answer to a letter nobody waits for any more is not read as the answer to the next one."""
    post.delay, post.replies = 0.2, ["250 first", "550 second"]
    relay = Relay(settings(post.port))
    first = asyncio.create_task(relay.send("desk@example.org", "carla@example.org", LETTER))
    while not post.in_hand:  # noqa: ASYNC110 -- the post is another thread
        await asyncio.sleep(0.01)
    first.cancel()
    with pytest.raises(PermanentError, match="550 second"):
        await relay.send("desk@example.org", "carla@example.org", LETTER)


async def test_a_line_that_was_closed_while_idle_is_replaced(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relay that hangs up in quiet hours delays nothing."""
    relay = Relay(settings(script.port))
    await _send(script, relay)
    monkeypatch.setattr(relay_module, "IDLE_SECONDS", 0.0)
    script.answers = {"NOOP": [DROP]}
    assert await _send(script, relay) == "250 taken"
    assert script.sessions == 2


def test_a_letter_in_hand_is_settled_before_its_lease_ends() -> None:
    """However slow the relay is, no other sender takes a letter for left behind while it is being sent."""
    slowest = relay_module.ASK_SECONDS + relay_module.OPEN_SECONDS + relay_module.ANNOUNCE_SECONDS + relay_module.DATA_SECONDS
    assert slowest < LEASE.total_seconds()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 with its key, in one file."""
    file = tmp_path_factory.mktemp("certificate") / "relay.pem"
    subject = ("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1")
    made = run(
        ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject, "-keyout", str(file), "-out", f"{file}.crt"),  # noqa: S607 -- found where the system has it
        capture_output=True,
        check=False,
    )
    if made.returncode:
        pytest.skip("no openssl to make a certificate with")
    file.write_text(file.read_text() + Path(f"{file}.crt").read_text())
    return file


@pytest.fixture(params=["starttls", "tls"])
async def guarded(
    request: pytest.FixtureRequest, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Post, Settings]]:
    """A relay that wants TLS and the password "right", and the settings for it; its certificate is trusted here."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    monkeypatch.setenv("SSL_CERT_FILE", f"{certificate}.crt")
    post, is_starttls = Post(), request.param == "starttls"

    def session() -> SMTP:
        return SMTP(
            post,
            authenticator=_only_the_right_password,
            auth_required=True,
            auth_require_tls=is_starttls,
            require_starttls=is_starttls,
            tls_context=context if is_starttls else None,
        )

    server = await asyncio.get_running_loop().create_server(session, "127.0.0.1", 0, ssl=None if is_starttls else context)
    known = settings(server.sockets[0].getsockname()[1])
    yield post, known.model_copy(update={"smtp_security": request.param, "smtp_user": "desk", "smtp_password": SecretStr("right")})
    server.close()


def _only_the_right_password(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, words: LoginPassword) -> AuthResult:
    # Not handled here: the relay itself says 535.
    return AuthResult(success=words.password == b"right", handled=False)


async def test_letters_travel_encrypted_with_a_password(guarded: tuple[Post, Settings]) -> None:
    """STARTTLS and TLS from the start, each with a password."""
    post, known = guarded
    await Relay(known).send("desk@example.org", "carla@example.org", LETTER)
    assert len(post.accepted) == 1


async def test_a_wrong_password_delays_letters(guarded: tuple[Post, Settings]) -> None:
    """No letter fails because a password was changed."""
    post, known = guarded
    with pytest.raises(RelayAwayError):
        await Relay(known.model_copy(update={"smtp_password": SecretStr("wrong")})).send("desk@example.org", "carla@example.org", LETTER)
    assert post.accepted == []


async def test_a_certificate_nobody_vouches_for_is_not_trusted(guarded: tuple[Post, Settings], monkeypatch: pytest.MonkeyPatch) -> None:
    """Letters hold links that act: they are never given to somebody who only pretends to be the relay."""
    post, known = guarded
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(RelayAwayError):
        await Relay(known).send("desk@example.org", "carla@example.org", LETTER)
    assert post.accepted == []


@pytest.mark.parametrize("word", ["250 accept\udce9", "250 na\x00me"])
async def test_a_reply_in_another_character_set_can_be_kept(script: Script, word: str) -> None:
    """What a relay writes that is no UTF-8, or no text at all, is made readable: the letter's state must never depend on it."""
    script.answers["letter"] = [word]
    kept = await _send(script)
    assert kept.startswith("250 ")
    assert kept.encode().decode() == kept
    assert "\x00" not in kept
