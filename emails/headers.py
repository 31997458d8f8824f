"""Headers of letters: one guard for untrusted text, deterministic ids, and a check of what was really written (process.md S14).

On Python before 3.11.10 an encoded word in a subject becomes a header of its own. So the guard breaks such words up, and after serialising the header
names are compared with those intended; a difference refuses the letter.
"""

import hashlib
import hmac
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.utils import format_datetime, parseaddr
from typing import Any

LONGEST, _LINE = 200, 76
# What stands in these is one word of ours; the library would write a long one as encoded words, which no mail program reads there.
_IN_ONE_PIECE = {"message-id", "in-reply-to", "references", "list-unsubscribe"}
# Invisible, but Persian and Hindi words and many emoji are spelled with them.
_JOINERS = "\u200c\u200d"
# Written by the library, whatever we set.
_OF_THE_LIBRARY = {"mime-version", "content-type"}


class _Sending(policy.EmailPolicy):
    """7 bit, because not every relay on the way takes eight; addresses and ids are never broken up.

    Subjects and names are encoded here as a whole: the library encodes word by word and loses spaces between words on Python 3.11.
    """

    def fold_binary(self, name: str, value: Any) -> bytes:
        """One header as it goes over the wire."""
        if name.lower() in _IN_ONE_PIECE:
            return f"{name}: {value}\r\n".encode("ascii")
        if name.lower() == "subject":
            return f"{name}: {_encoded(str(value), name)}\r\n".encode("ascii")
        if name.lower() in {"to", "from"} and not value.addresses[0].display_name.isascii():
            address = value.addresses[0]
            return f"{name}: {_encoded(address.display_name, name)}\r\n <{address.addr_spec}>\r\n".encode("ascii")
        return super().fold_binary(name, value)


def _encoded(text: str, name: str) -> str:
    if text.isascii() and len(text) + len(name) < _LINE:
        return text
    return Header(text, "utf-8", _LINE, header_name=name).encode(linesep="\r\n")


_SENDING = _Sending(linesep="\r\n", max_line_length=_LINE, cte_type="7bit")


class LetterRefusedError(Exception):
    """Serialising this letter gives other headers than intended, so it is not sent."""


@dataclass(frozen=True)
class Envelope:
    """Who writes to whom about which incident. ``thread`` and ``key`` are stable, so ids can be computed again (S14).

    ``follows``: the Message-ID of the letter of that thread that the reader got last, if there is one.
    ``unsubscribe_url``: where a reader, or their mail program at one press, declines letters of this kind (RFC 8058).
    """

    sender: str
    recipient: str
    recipient_name: str
    domain: str
    key: str
    thread: str
    at: datetime
    unsubscribe_url: str | None = None
    follows: str | None = None


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


def bounce_address(mailbox: str, key: str, secret: str) -> str:
    """An envelope sender of this delivery's own (VERP): what comes back to it names the letter, also where the report does not. Nobody can make one up."""
    token = hmac.new(secret.encode(), f"bounce:{key}".encode(), hashlib.sha256).hexdigest()[:24]
    local, _, domain = mailbox.rpartition("@")
    return f"{local}+{token}@{domain}"


def build(envelope: Envelope, subject: str, text: str, html: str) -> bytes:
    """The letter as it goes over the wire. Raises LetterRefusedError where a header would come out that nobody intended."""
    letter = EmailMessage(policy=_SENDING)
    # No letter has the id of the thread. It holds together what mail programs have of it, also where letters were lost or deleted.
    thread = message_id(envelope.thread, envelope.domain)
    headers = {
        "From": _address(envelope.sender),
        "To": str(Address(display_name=guard(envelope.recipient_name), addr_spec=envelope.recipient)),
        "Subject": guard(subject),
        "Date": format_datetime(envelope.at),
        "Message-ID": message_id(envelope.key, envelope.domain),
        "In-Reply-To": envelope.follows or thread,
        "References": f"{thread} {envelope.follows}" if envelope.follows else thread,
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }
    if envelope.unsubscribe_url is not None:
        headers |= {"List-Unsubscribe": f"<{envelope.unsubscribe_url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    for name, value in headers.items():
        letter[name] = value
    letter.set_content(text)
    letter.add_alternative(html, subtype="html")
    written = letter.as_bytes(policy=_SENDING)
    _compare(written, headers)
    return written


def header_block(written: bytes) -> str:
    """The headers of a letter as they go over the wire, one a line."""
    block = written.partition(b"\r\n\r\n")[0].decode("ascii", "replace")
    return re.sub(r"\r\n(?=[ \t])", "", block).replace("\r\n", "\n")


def bare(sender: str) -> str:
    """The address of a sender without the name before it."""
    return parseaddr(sender)[1]


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
