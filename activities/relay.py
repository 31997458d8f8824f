"""The line to the mail relay: one kept connection, and errors sorted by what they mean for a letter (process.md S14)."""

import ssl
import time
from contextlib import suppress

import aiosmtplib

from activities.settings import Settings

TIMEOUT_SECONDS = 15.0
# A relay closes idle lines without a word; a line older than this is asked before it is used.
IDLE_SECONDS = 20.0


class RelayError(Exception):
    """Something went wrong between us and the relay."""

    def __init__(self, reply: str) -> None:
        super().__init__(reply)
        self.reply = reply[:300]


class RelayAwayError(RelayError):
    """The relay cannot be reached or refuses the session: no letter can go out now."""


class TemporaryError(RelayError):
    """The letter was not accepted now (4xx); later it may be."""


class PermanentError(RelayError):
    """The letter is never accepted (5xx)."""


class OutcomeUnknownError(RelayError):
    """The line broke after the letter was on its way: nobody knows whether the relay has it."""


class Relay:
    """Sends letters one at a time."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._line: aiosmtplib.SMTP | None = None
        self._used_at = 0.0

    async def send(self, sender: str, recipient: str, letter: bytes) -> str:
        """Hands one letter over and answers with the relay's reply. Raises one of the errors above; afterwards the line is as good as new."""
        line = await self._open()
        try:
            await line.mail(sender)
            await line.rcpt(recipient)
        except aiosmtplib.SMTPResponseException as error:
            await self.close()
            raise _sorted(error.code, str(error.message)) from None
        except (aiosmtplib.SMTPException, OSError) as error:
            await self.close()
            raise RelayAwayError(f"{type(error).__name__} before the letter was handed over") from None
        return await self._data(line, letter)

    async def _data(self, line: aiosmtplib.SMTP, letter: bytes) -> str:
        try:
            code, message = await line.data(letter)
        except aiosmtplib.SMTPResponseException as error:
            await self.close()
            raise _sorted(error.code, str(error.message)) from None
        except (aiosmtplib.SMTPException, OSError) as error:
            await self.close()
            raise OutcomeUnknownError(f"{type(error).__name__} while the letter was handed over") from None
        self._used_at = time.monotonic()
        return f"{code} {message}"[:300]

    async def _open(self) -> aiosmtplib.SMTP:
        if self._line is not None and self._line.is_connected and await self._still_answers(self._line):
            return self._line
        await self.close()
        settings = self._settings
        self._line = aiosmtplib.SMTP(
            hostname=settings.smtp_host,
            port=settings.smtp_port,
            use_tls=settings.smtp_security == "tls",
            start_tls=settings.smtp_security == "starttls",
            username=settings.smtp_user,
            password=settings.smtp_password.get_secret_value() if settings.smtp_password else None,
            timeout=TIMEOUT_SECONDS,
        )
        try:
            await self._line.connect()
        except (aiosmtplib.SMTPException, OSError, ssl.SSLError) as error:
            await self.close()
            raise RelayAwayError(f"{type(error).__name__} while connecting") from None
        self._used_at = time.monotonic()
        return self._line

    async def _still_answers(self, line: aiosmtplib.SMTP) -> bool:
        if time.monotonic() - self._used_at < IDLE_SECONDS:
            return True
        try:
            await line.noop()
        except (aiosmtplib.SMTPException, OSError):
            return False
        return True

    async def close(self) -> None:
        """Hangs up; the next letter connects anew."""
        line, self._line = self._line, None
        if line is not None:
            with suppress(aiosmtplib.SMTPException, OSError, ValueError):
                line.close()


def _sorted(code: int, message: str) -> RelayError:
    reply = f"{code} {message}"
    return PermanentError(reply) if code >= 500 else TemporaryError(reply)  # noqa: PLR2004 -- the classes of SMTP replies
