"""Untrusted text cannot write headers (process.md S14)."""

from dataclasses import replace
from datetime import UTC, datetime
from email import policy
from email.header import decode_header, make_header
from email.parser import BytesParser
from email.utils import parseaddr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emails.headers import Envelope, LetterRefusedError, build, guard, hostile_subject_is_harmless, message_id

ENVELOPE = Envelope(
    "Service desk <desk@example.org>",
    "carla@example.org",
    "Carla Mendes",
    "desk.example.org",
    "INC-1:1:2:resolved:carla",
    "INC-1:carla",
    datetime(2026, 11, 24, tzinfo=UTC),
)
INTENDED = {
    "from",
    "to",
    "subject",
    "date",
    "message-id",
    "in-reply-to",
    "references",
    "auto-submitted",
    "x-auto-response-suppress",
    "mime-version",
    "content-type",
}
HOSTILE = [
    "=?utf-8?q?hi=0D=0ABcc=3A_evil=40example.test?=",
    "=?utf-8?b?aGkNCkJjYzogZXZpbEBleGFtcGxlLnRlc3Q=?=",
    "=?utf-8?q?split?= =?utf-8?q?=0D=0ABcc=3A_evil=40example.test?=",
    "hi\r\nBcc: evil@example.test",
    "hi\nBcc: evil@example.test",
    "hi\x0bBcc: evil@example.test",
    "hi\x85Bcc: evil@example.test",
    "hi\u2028Bcc: evil@example.test",
    "é" * 150 + "=?utf-8?q?=0D=0ABcc=3A_evil=40example.test?=",
    "\u202egnitset\u202c",
    "=?" * 90 + "utf-8?q?=0ABcc:x?=",
    "x" * 5000,
]


def _names(written: bytes) -> set[str]:
    return {name.lower() for name in BytesParser(policy=policy.compat32).parsebytes(written)}


def test_letters_thread() -> None:
    """The first letter refers to its thread alone, a later one to the letter before it, too, and is an answer to that one."""
    thread, last = message_id(ENVELOPE.thread, ENVELOPE.domain), message_id("INC-1:1:1:received:carla", ENVELOPE.domain)
    first = BytesParser(policy=policy.default).parsebytes(build(ENVELOPE, "Solved", "text", "<p>html</p>"))
    assert (first["In-Reply-To"], first["References"]) == (thread, thread)
    later = BytesParser(policy=policy.default).parsebytes(build(replace(ENVELOPE, follows=last), "Solved", "text", "<p>html</p>"))
    assert (later["In-Reply-To"], later["References"]) == (last, f"{thread} {last}")


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_hostile_subject_or_name_writes_no_header(hostile: str) -> None:
    """Encoded words, line breaks, separators and direction marks in a title or name leave exactly the intended headers."""
    written = build(replace(ENVELOPE, recipient_name=hostile), f"[INC-1] {hostile}", "text", "<p>html</p>")
    assert _names(written) == INTENDED
    assert b"\nbcc" not in written.lower()


@given(st.text(max_size=400), st.text(max_size=400))
def test_no_text_at_all_writes_a_header(subject: str, name: str) -> None:
    """Generated subjects and names: the letter has the intended headers or is refused, never others."""
    try:
        written = build(replace(ENVELOPE, recipient_name=name), subject, "text", "<p>html</p>")
    except LetterRefusedError:
        return
    assert _names(written) == INTENDED


SPEECH = st.text(st.characters(whitelist_categories=("L", "N", "P", "S"), max_codepoint=0x2FFF), min_size=1, max_size=12)


@given(st.lists(SPEECH, min_size=1, max_size=30).map(" ".join), st.lists(SPEECH, min_size=1, max_size=6).map(" ".join))
def test_what_was_guarded_arrives(subject: str, name: str) -> None:
    """Whatever language, however long: readers see the subject and their name letter by letter, with every space, on lines that every relay takes."""
    written = build(replace(ENVELOPE, recipient_name=name), subject, "text", "<p>html</p>")
    read = BytesParser(policy=policy.compat32).parsebytes(written)
    assert str(make_header(decode_header(read["Subject"]))) == guard(subject)
    shown = parseaddr(str(read["To"]).replace("\r\n", ""))
    assert (str(make_header(decode_header(shown[0]))), shown[1]) == (guard(name), "carla@example.org")
    assert max(len(line) for line in written.partition(b"\r\n\r\n")[0].split(b"\r\n")) < 200


@given(st.text(max_size=400))
def test_the_guard_leaves_nothing_to_abuse(text: str) -> None:
    """No control, no line break, no encoded word, at most 200 characters."""
    guarded = guard(text)
    assert len(guarded) <= 200
    assert "=?" not in guarded
    assert guarded.isprintable() or not any(ord(each) < 32 for each in guarded)


def test_ordinary_text_is_left_alone() -> None:
    """Letters of all languages arrive as they were written."""
    for text in ("Drucker im 3. Stock klemmt", "Yazıcı çalışmıyor", "プリンター", "naïve café?"):
        assert guard(text) == text


def test_message_ids_are_the_same_for_the_same_letter() -> None:
    """A repeated letter is recognised as the same; another letter is another."""
    assert message_id("a", "example.org") == message_id("a", "example.org")
    assert message_id("a", "example.org") != message_id("b", "example.org")


def test_the_self_test_passes_here() -> None:
    """The guard holds on the Python that runs the tests."""
    assert hostile_subject_is_harmless()
