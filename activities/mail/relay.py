"""The line to the mail relay: one kept connection, and errors sorted by what they mean for a letter (process.md S14)."""

import asyncio
import re
import time
from contextlib import suppress

import aiosmtplib
from aiosmtplib.protocol import normalize_message_line_endings

from activities.settings import Settings

# Time for each part of handing a letter over; together less than the lease of a letter in hand (a test adds them up).
ASK_SECONDS, OPEN_SECONDS, ANNOUNCE_SECONDS, DATA_SECONDS = 5.0, 40.0, 30.0, 90.0
# A relay closes idle lines without a word; a line older than this is asked before it is used.
IDLE_SECONDS = 20.0
_GO_AHEAD = 354
# "Log in first" and its like (RFC 4954): wrong settings of ours, no fault of the letter.
_LOG_IN_FIRST = frozenset({530, 534, 535, 538})
_LEADING_DOT = re.compile(rb"(?m)^\.")


class RelayError(Exception):
    """Something went wrong between us and the relay."""

    def __init__(self, reply: str) -> None:
        self.reply = readable(reply)
        super().__init__(self.reply)


class RelayAwayError(RelayError):
    """The relay cannot be reached or refuses the session: no letter can go out now."""


class TemporaryError(RelayError):
    """The letter was not accepted now (4xx); later it may be."""


class PermanentError(RelayError):
    """The letter is never accepted (5xx)."""


class OutcomeUnknownError(RelayError):
    """The line broke after the letter was on its way: nobody knows whether the relay has it."""


def readable(reply: str) -> str:
    """A reply as a ledger can keep it: relays also write in other character sets, and a byte that is no UTF-8 must not cost the letter."""
    return reply.encode("utf-8", "replace").decode().replace("\x00", "")[:300]


class Relay:
    """Sends letters one at a time, also when two shifts overlap for a moment."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._line: aiosmtplib.SMTP | None = None
        self._used_at = 0.0
        self._turn = asyncio.Lock()

    async def send(self, sender: str, recipient: str, letter: bytes) -> str:
        """Hands one letter over and answers with the relay's reply. Raises one of the errors above; afterwards the line is as good as new."""
        async with self._turn:
            try:
                line = await self._open()
                await _announce(line, sender, recipient)
                reply = await _hand_over(line, letter)
            except BaseException:
                # Also when called off half-way: the next letter must never read the answer to this one.
                self._hang_up()
                raise
            self._used_at = time.monotonic()
            return reply

    async def close(self) -> None:
        """Hangs up when no letter is on its way; the next one connects anew."""
        async with self._turn:
            self._hang_up()

    async def _open(self) -> aiosmtplib.SMTP:
        if self._line is not None and self._line.is_connected and await self._still_answers(self._line):
            return self._line
        self._hang_up()
        self._line = line_to(self._settings)
        try:
            async with asyncio.timeout(OPEN_SECONDS):
                await self._line.connect()
        except (aiosmtplib.SMTPException, OSError) as error:
            raise RelayAwayError(f"{type(error).__name__} while connecting") from None
        return self._line

    async def _still_answers(self, line: aiosmtplib.SMTP) -> bool:
        if time.monotonic() - self._used_at < IDLE_SECONDS:
            return True
        try:
            await line.noop(timeout=ASK_SECONDS)
        except (aiosmtplib.SMTPException, OSError):
            return False
        return True

    def _hang_up(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            with suppress(aiosmtplib.SMTPException, OSError, ValueError):
                line.close()


def line_to(settings: Settings, patience: float = ANNOUNCE_SECONDS) -> aiosmtplib.SMTP:
    """A connection to the relay of the settings, not open yet; it gives up an answer after so many seconds."""
    return aiosmtplib.SMTP(
        hostname=settings.smtp_host,
        port=settings.smtp_port,
        use_tls=settings.smtp_security == "tls",
        start_tls=settings.smtp_security == "starttls",
        username=settings.smtp_user,
        password=settings.smtp_password.get_secret_value() if settings.smtp_password else None,
        timeout=patience,
    )


async def _announce(line: aiosmtplib.SMTP, sender: str, recipient: str) -> None:
    """Everything before the text of the letter: whatever goes wrong here, the relay does not have it."""
    try:
        async with asyncio.timeout(ANNOUNCE_SECONDS):
            await line.mail(sender)
            await line.rcpt(recipient)
            reply = await line.execute_command(b"DATA")
    except aiosmtplib.SMTPResponseException as error:
        raise _sorted(error.code, str(error.message)) from None
    except (aiosmtplib.SMTPException, OSError) as error:
        raise RelayAwayError(f"{type(error).__name__} before the letter was handed over") from None
    if reply.code != _GO_AHEAD:
        raise _sorted(reply.code, reply.message)


async def _hand_over(line: aiosmtplib.SMTP, letter: bytes) -> str:
    """The text, and the answer to it. Written out here because the library's own ``data`` cannot tell a line that broke before the text from one after it."""
    if line.protocol is None or not line.protocol.is_connected:
        raise RelayAwayError("the line broke before the letter was handed over")
    try:
        async with asyncio.timeout(DATA_SECONDS):
            line.protocol.write(_LEADING_DOT.sub(b"..", normalize_message_line_endings(letter)) + b".\r\n")
            code, message = await line.protocol.read_response()
    except (aiosmtplib.SMTPException, OSError) as error:
        raise OutcomeUnknownError(f"{type(error).__name__} while the letter was handed over") from None
    match code // 100:
        case 2:
            return readable(f"{code} {message}")
        case 4 | 5:
            raise _sorted(code, message)
        case _:
            raise OutcomeUnknownError(f"{code} is no answer to a letter")


def _sorted(code: int, message: str) -> RelayError:
    reply = f"{code} {message}"
    if code in _LOG_IN_FIRST:
        return RelayAwayError(reply)
    return PermanentError(reply) if code >= 500 else TemporaryError(reply)  # noqa: PLR2004 -- the classes of SMTP replies
