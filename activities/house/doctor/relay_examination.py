"""``holdfast doctor --mail``: goes with the relay as far as one can without sending a letter, word by word of the protocol."""

from collections.abc import Awaitable, Callable, Sequence

import aiosmtplib

from activities.house.doctor.findings import Finding, fail, ok, warn
from activities.settings import Settings, is_this_machine
from emails.headers import bare, bounce_address, hostile_subject_is_harmless
from emails.languages import languages

Step = tuple[str, Callable[[], Awaitable[str]], str]


async def examine_relay(settings: Settings) -> Sequence[Finding]:
    """Connect, EHLO, TLS, password, sender accepted and taken back; stops where the relay does not go along. No letter is sent."""
    found = [_guard(), ok("mail", f"letters can be written in: {', '.join(languages())}")]
    if settings.smtp_host is None:
        return [*found, warn("mail", "no relay is configured; letters are kept and shown on the Outbox page", "set HOLDFAST_SMTP_HOST")]
    line = aiosmtplib.SMTP(
        hostname=settings.smtp_host, port=settings.smtp_port, use_tls=settings.smtp_security == "tls", start_tls=False, timeout=5
    )
    try:
        for name, step, advice in _steps(settings, line):
            outcome = await _try(name, step, advice)
            found.append(outcome)
            if outcome.advice:
                break
    finally:
        line.close()
    return [*found, *_protection(settings)]


def _guard() -> Finding:
    if hostile_subject_is_harmless():
        return ok("mail headers", "text of people writes no header of its own")
    return fail("mail headers", "the guard against injected headers does not hold", "use another Python, and report this")


def _steps(settings: Settings, line: aiosmtplib.SMTP) -> list[Step]:
    where = f"{settings.smtp_host}:{settings.smtp_port}"

    async def connect() -> str:
        return f"{where} says {_short(await line.connect())}"

    async def ehlo() -> str:
        await line.ehlo()
        return f"EHLO: {' '.join(sorted(line.esmtp_extensions)) or 'no extensions'}"

    async def start_tls() -> str:
        await line.starttls()
        await line.ehlo()
        return "STARTTLS: the certificate holds"

    async def log_in() -> str:
        password = settings.smtp_password.get_secret_value() if settings.smtp_password else ""
        return f"password: {_short(await line.login(settings.smtp_user or '', password))}"

    async def sender() -> str:
        answer = await line.mail(envelope_sender := _sender(settings))
        await line.rset()
        return f"sender {envelope_sender}: {_short(answer)}"

    steps: list[Step] = [
        (
            "connection",
            connect,
            "check HOLDFAST_SMTP_HOST, _PORT and _SECURITY, the relay's certificate, and that a firewall lets this machine through",
        ),
        ("EHLO", ehlo, "this does not look like a mail relay; check HOLDFAST_SMTP_PORT"),
    ]
    if settings.smtp_security == "starttls":
        steps.append(
            ("STARTTLS", start_tls, "the relay offers none, or its certificate does not hold; HOLDFAST_SMTP_SECURITY may have to be tls")
        )
    if settings.smtp_user:
        steps.append(("password", log_in, "correct HOLDFAST_SMTP_USER and HOLDFAST_SMTP_PASSWORD"))
    return [*steps, ("sender", sender, "the relay must let this desk send as HOLDFAST_MAIL_FROM and HOLDFAST_MAIL_BOUNCES")]


async def _try(name: str, step: Callable[[], Awaitable[str]], advice: str) -> Finding:
    try:
        return ok("mail relay", await step())
    except aiosmtplib.SMTPResponseException as error:
        return fail("mail relay", f"{name}: {error.code} {_plain(str(error.message))}", advice)
    except (aiosmtplib.SMTPException, OSError) as error:
        return fail("mail relay", f"{name}: {type(error).__name__}", advice)


def _sender(settings: Settings) -> str:
    """The envelope sender as letters have it; the token of no letter, where each has its own."""
    if settings.mail_bounces is None:
        return bare(settings.mail_from)
    return bounce_address(settings.mail_bounces, "doctor", "no letter has this key")


def _protection(settings: Settings) -> list[Finding]:
    if settings.smtp_security == "none" and not is_this_machine(settings.smtp_host):
        return [warn("mail relay", "is reached unprotected", "set HOLDFAST_SMTP_SECURITY to starttls or tls")]
    return []


def _short(answer: aiosmtplib.SMTPResponse) -> str:
    return f"{answer.code} {_plain(answer.message)}"


def _plain(message: str) -> str:
    return " ".join(message.split())[:120]
