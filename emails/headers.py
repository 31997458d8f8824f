"""Headers of letters: one guard for untrusted text, deterministic ids, and a check of what was really written (process.md S14).

On Python before 3.11.10 an encoded word in a subject becomes a header of its own. So the guard breaks such words up, and after serialising the header
names are compared with those intended; a difference refuses the letter.
"""

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.utils import format_datetime, parseaddr

LONGEST = 200
# 7 bit: not every relay on the way takes eight.
_SENDING = policy.SMTP.clone(max_line_length=78, cte_type="7bit")
# Invisible, but Persian and Hindi words and many emoji are spelled with them.
_JOINERS = "\u200c\u200d"
# Written by the library, whatever we set.
_OF_THE_LIBRARY = {"mime-version", "content-type"}


class LetterRefusedError(Exception):
    """Serialising this letter gives other headers than intended, so it is not sent."""


@dataclass(frozen=True)
class Envelope:
    """Who writes to whom about which incident. ``thread`` and ``key`` are stable, so ids can be computed again (S14)."""

    sender: str
    recipient: str
    recipient_name: str
    domain: str
    key: str
    thread: str
    at: datetime


def guard(text: str) -> str:
    """Makes untrusted text fit for a header: no controls, line separators or direction marks, no encoded words, at most 200 characters."""
    visible = "".join(" " if _is_invisible(each) else each for each in text)
    return re.sub(r"\s+", " ", visible.replace("=?", "= ?")).strip()[:LONGEST]


def _is_invisible(character: str) -> bool:
    return character not in _JOINERS and unicodedata.category(character) in {"Cc", "Cf", "Zl", "Zp", "Cs"}


def deliverable(address: str) -> str:
    """The address as every relay takes it, its domain in ASCII (IDNA). Raises LetterRefusedError where there is no such form."""
    mailbox, _, domain = address.rpartition("@")
    try:
        known = f"{mailbox}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        known = ""
    if not mailbox or not known or not known.isascii() or not known.isprintable():
        raise LetterRefusedError("the address has characters that mail relays do not take; correct it in the directory")
    return known


def message_id(key: str, domain: str) -> str:
    """The same for the same send key for ever, and tells nothing about it: a repeated letter is recognised as one."""
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@{domain}>"


def build(envelope: Envelope, subject: str, text: str, html: str) -> bytes:
    """The letter as it goes over the wire. Raises LetterRefusedError where a header would come out that nobody intended."""
    letter = EmailMessage(policy=_SENDING)
    headers = {
        "From": _address(envelope.sender),
        "To": str(Address(display_name=guard(envelope.recipient_name), addr_spec=envelope.recipient)),
        "Subject": guard(subject),
        "Date": format_datetime(envelope.at),
        "Message-ID": message_id(envelope.key, envelope.domain),
        "In-Reply-To": message_id(envelope.thread, envelope.domain),
        "References": message_id(envelope.thread, envelope.domain),
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }
    for name, value in headers.items():
        letter[name] = value
    letter.set_content(text)
    letter.add_alternative(html, subtype="html")
    written = letter.as_bytes(policy=_SENDING)
    _compare(written, headers)
    return written


def bare(sender: str) -> str:
    """The address of a sender without the name before it."""
    return sender.rpartition("<")[2].rstrip("> ")


def _address(sender: str) -> str:
    name, address = parseaddr(sender)
    return str(Address(display_name=guard(name), addr_spec=address))


def _compare(written: bytes, intended: dict[str, str]) -> None:
    found = [name.lower() for name in BytesHeaderParser(policy=policy.compat32).parsebytes(written)]
    wanted = sorted({name.lower() for name in intended} | _OF_THE_LIBRARY)
    if sorted(found) != wanted:
        raise LetterRefusedError(f"headers would be {sorted(found)}")


def hostile_subject_is_harmless() -> bool:
    """A self-test for ``holdfast doctor``: whether the guard holds on the Python that runs here."""
    envelope = Envelope(
        "desk@example.org", "a@example.org", "A", "example.org", "self-test", "self-test", datetime(2026, 1, 1).astimezone()
    )
    try:
        written = build(envelope, "=?utf-8?q?hi=0D=0ABcc=3A_evil=40example.org?=", "text", "<p>html</p>")
    except LetterRefusedError:
        return True
    return b"\nbcc:" not in written.lower()
