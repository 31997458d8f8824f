"""Links cannot be made, changed, or used for anything else (process.md S15)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from emails.links import ANSWER, Link, Signer

OLD, NEW, OTHER = (SecretStr(name * 40) for name in "abc")
LINK = Link(ANSWER, "INC-1042-9", 2, "carla", datetime.now(UTC).replace(microsecond=0) + timedelta(days=30))


def signer(*keys: SecretStr) -> Signer:
    """A signer with these keys, newest first."""
    return Signer(keys, "https://desk.example.org/", 30)


def token(url: str) -> str:
    """The token of a link."""
    return url.removeprefix("https://desk.example.org/l/")


def test_a_link_reads_as_it_was_signed() -> None:
    """Purpose, number, cycle, person and expiry come back."""
    assert signer(NEW).read(token(signer(NEW).sign(LINK))) == LINK


def test_letters_under_way_survive_a_new_key() -> None:
    """An old key still reads, the new one signs; without the old key its links are dead."""
    old = token(signer(OLD).sign(LINK))
    assert signer(NEW, OLD).read(old) == LINK
    assert signer(NEW).read(old) is None
    assert signer(OLD).read(token(signer(NEW, OLD).sign(LINK))) is None


def test_an_expired_link_is_none() -> None:
    """After its days a link is like one that never was."""
    gone = Link(ANSWER, "INC-1042-9", 2, "carla", datetime.now(UTC) - timedelta(seconds=1))
    assert signer(NEW).read(token(signer(NEW).sign(gone))) is None


@given(st.data())
def test_a_changed_link_is_none(data: st.DataObject) -> None:
    """Any changed character makes it worthless."""
    good = token(signer(NEW).sign(LINK))
    place = data.draw(st.integers(0, len(good) - 1))
    other = data.draw(st.sampled_from("abcXYZ019-_."))
    changed = good[:place] + other + good[place + 1 :]
    read = signer(NEW).read(changed)
    # The last character of a base64 text carries spare bits, so two spellings can mean the same signature.
    assert read is None or (read == LINK and place == len(good) - 1) or changed == good


@given(st.text(max_size=200))
def test_nonsense_is_none(text: str) -> None:
    """Whatever is typed behind /l/ gives none and never an error."""
    assert signer(NEW).read(text) is None


@pytest.mark.parametrize("keys", [[], [SecretStr("short")]])
def test_weak_keys_are_refused(keys: list[SecretStr]) -> None:
    """Links are never signed with a key that can be guessed."""
    with pytest.raises(ValueError, match="HOLDFAST_LINK_KEYS"):
        signer(*keys)
