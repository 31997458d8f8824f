"""What Temporal stores is sealed under the keys of the setting, and comes back as it was or not at all (design rule 10)."""

import asyncio
import base64
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from structlog.testing import capture_logs
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.converter import WorkflowSerializationContext
from temporalio.exceptions import ApplicationError

from activities.payloads import codec
from activities.payloads.codec import SealingCodec
from activities.payloads.keyring import ENCODING, Keyring, sealed_with
from activities.payloads.keys import PLAIN, UnreadablePayloadError, key_bytes, key_id, new_key, problem_of
from activities.temporal_connection import converter

OLD, NEW, LOST = new_key(), new_key(), new_key()
PAYLOADS = st.builds(
    lambda metadata, data: Payload(metadata=metadata, data=data),
    st.dictionaries(st.sampled_from(["encoding", "messageType", "type"]), st.sampled_from([b"json/plain", b"binary/plain", b"x.Y"])),
    st.binary(max_size=300),
)
NUMBERS = st.sampled_from(["INC-1042-9", "INC-1043-7", "mail-room", ""])


def ring(*keys: str) -> Keyring:
    """These keys."""
    return Keyring.of([SecretStr(key) for key in keys])


@given(PAYLOADS, NUMBERS)
def test_what_was_sealed_comes_back_as_it_was(payload: Payload, number: str) -> None:
    """Data and metadata, under the key that sealed it, whatever place that key has by now."""
    stored = ring(OLD).seal(payload, number)
    assert sealed_with(stored) == key_id(key_bytes(OLD))
    for keys in ([OLD], [NEW, OLD], [PLAIN, OLD]):
        assert ring(*keys).open(stored, number) == payload


@given(PAYLOADS, NUMBERS)
def test_the_same_text_is_never_stored_alike(payload: Payload, number: str) -> None:
    """Nobody sees that two people wrote the same."""
    assert ring(OLD).seal(payload, number).data != ring(OLD).seal(payload, number).data


@given(PAYLOADS, NUMBERS, st.data())
def test_nothing_of_it_can_be_changed(payload: Payload, number: str, data: st.DataObject) -> None:
    """One bit of the text, of the nonce or of what stands beside them, and it is refused; so is what was cut off."""
    stored = ring(OLD).seal(payload, number)
    part = data.draw(st.sampled_from(["data", *sorted(stored.metadata)]))
    text = bytearray(stored.data if part == "data" else stored.metadata[part])
    place, bit = data.draw(st.integers(0, len(text) - 1)), data.draw(st.integers(0, 7))
    text[place] ^= 1 << bit
    changed = Payload()
    changed.CopyFrom(stored)
    if part == "data":
        changed.data = bytes(text)
    else:
        changed.metadata[part] = bytes(text)
    with pytest.raises(UnreadablePayloadError):
        ring(OLD, NEW).open(changed, number)
    changed.CopyFrom(stored)
    changed.data = stored.data[: data.draw(st.integers(0, len(stored.data) - 1))]
    with pytest.raises(UnreadablePayloadError, match="changed since"):
        ring(OLD).open(changed, number)


@pytest.mark.parametrize("without", ["encoding", "encryption-key-id", "encryption-cipher"])
def test_what_lost_its_label_is_refused(without: str) -> None:
    """It never passes for something that was written unencrypted."""
    stored = ring(OLD).seal(Payload(data=b"text"), "INC-1042-9")
    del stored.metadata[without]
    with pytest.raises(UnreadablePayloadError):
        ring(OLD).open(stored, "INC-1042-9")


@given(PAYLOADS)
def test_it_belongs_to_its_incident(payload: Payload) -> None:
    """What was said to one incident cannot be laid under another."""
    stored = ring(OLD).seal(payload, "INC-1042-9")
    with pytest.raises(UnreadablePayloadError, match="belongs elsewhere"):
        ring(OLD).open(stored, "INC-1043-7")


@given(PAYLOADS, NUMBERS)
def test_a_key_that_is_not_there_is_named(payload: Payload, number: str) -> None:
    """Without it, with others or with none, the sentence says which key is needed, and nothing of any key or text."""
    stored = ring(LOST).seal(payload, number)
    for other in (ring(), ring(OLD, NEW), ring(PLAIN, OLD)):
        with pytest.raises(UnreadablePayloadError) as refused:
            other.open(stored, number)
        assert str(refused.value) == f"no key of HOLDFAST_PAYLOAD_KEYS reads this; it needs key {key_id(key_bytes(LOST))}"


@given(st.lists(st.tuples(PAYLOADS, st.sampled_from([None, OLD, NEW])), max_size=6))
def test_sealed_and_unsealed_stand_beside_each_other(parts: Sequence[tuple[Payload, str | None]]) -> None:
    """What was written before there was a key, under the key before, and under this one is read in one history."""
    stored = [ring(key).seal(payload, "INC-1042-9") if key else payload for payload, key in parts]
    mixed = SealingCodec(ring(NEW, OLD), "INC-1042-9")
    assert asyncio.run(mixed.decode(stored)) == [payload for payload, _ in parts]


@given(PAYLOADS)
def test_without_a_key_that_encrypts_nothing_is_changed(payload: Payload) -> None:
    """No setting, or the word plain in front: what is stored is what it was before."""
    for keys in ([], [PLAIN, OLD]):
        assert ring(*keys).seal(payload, "INC-1042-9") == payload


def test_a_key_made_by_the_command_is_a_good_one() -> None:
    """Each is another, and no text stands beside it that gives it away."""
    keys = [new_key() for _ in range(200)]
    assert len(set(keys)) == 200
    assert all(problem_of([key]) is None and len(key) == 43 for key in keys)
    assert key_bytes(OLD).hex() not in key_id(key_bytes(OLD))
    assert OLD not in repr(ring(OLD))


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (["short"], "holdfast payloads key"),
        (["0123456789abcdef" * 4], "holdfast payloads key"),
        ([f"{OLD}="], "holdfast payloads key"),
        (["ü" * 43], "holdfast payloads key"),
        (["A" * 43], "typed or made up"),
        (["correct-horse-battery-staple-and-some-more0"], "typed or made up"),
        ([base64.urlsafe_b64encode(bytes(range(16)) * 2).decode().rstrip("=")], "typed or made up"),
        ([OLD, OLD], "twice"),
        ([PLAIN], "leave the setting out"),
        ([OLD, PLAIN], "stands in front"),
    ],
)
def test_a_key_that_can_be_guessed_is_refused(written: list[str], told: str) -> None:
    """With what to do instead, and without a word of the key."""
    problem = problem_of(written)
    assert problem is not None
    assert told in problem
    assert not any(key in problem for key in written if key != PLAIN)


async def test_texts_of_failures_are_sealed_and_read_again() -> None:
    """An error quotes what it could not do something with; only whoever has the key reads that."""
    mine = converter(ring(OLD)).with_context(WorkflowSerializationContext("default", "INC-1042-9"))
    failure = Failure()
    outer = ApplicationError("zqouter", "zqdetail")
    outer.__cause__ = ValueError("zqsalary")
    await mine.encode_failure(outer, failure)
    assert b"zq" not in failure.SerializeToString()
    read = await mine.decode_failure(failure)
    assert isinstance(read, ApplicationError)
    assert (read.message, read.details, str(read.__cause__)) == ("zqouter", ("zqdetail",), "ValueError: zqsalary")


async def test_what_cannot_be_read_is_said_once_in_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line a minute for each reason, however many incidents wait: what is missing, and what to do."""
    stored = ring(LOST).seal(Payload(metadata={"encoding": b"json/plain"}, data=b'"zqtext"'), "INC-1042-9")
    mine = SealingCodec(ring())
    with capture_logs() as logged:
        for number in ("INC-1042-9", "INC-1043-7", "INC-1042-9"):
            with pytest.raises(UnreadablePayloadError):
                await mine.with_context(WorkflowSerializationContext("default", number)).decode([stored])
        monkeypatch.setattr(codec, "SAYS_AGAIN_AFTER", 0)
        with pytest.raises(UnreadablePayloadError):
            await mine.decode([stored])
    assert [line["event"] for line in logged] == ["what Temporal stores cannot be read, incidents and letters wait"] * 2
    assert logged[0]["log_level"] == "error"
    assert "it needs key" in logged[0]["why"]
    assert "HOLDFAST_PAYLOAD_KEYS" in logged[0]["advice"]
    assert stored.metadata["encoding"] == ENCODING
