"""How processes reach Temporal."""

import pytest
from structlog.testing import capture_logs
from temporalio.service import RPCError, RPCStatusCode

from activities import temporal_connection
from activities.house.refusals import UnavailableError
from activities.house.temporal_advice import temporal_advice
from activities.settings import Settings
from activities.temporal_connection import DATA_CONVERTER

REFUSED = (
    'Failed client connect: `get_system_info` call error after connection: Status {{ code: {}, message: "{}", metadata: {{"a": "b"}} }}'
)
AWAY = 'Failed client connect: Server connection error: ConnectError("tcp connect error", Os {{ code: 111, message: "{}" }})'


def test_all_incidents_share_one_converter() -> None:
    """A new run of a workflow does not build its readers of types anew: it gets those that are there."""
    first, second = DATA_CONVERTER.payload_converter_class(), DATA_CONVERTER.payload_converter_class()
    assert first is second
    payload = first.to_payload({"text": "Grüße"})
    assert second.from_payload(payload) == {"text": "Grüße"}


@pytest.mark.parametrize(
    ("error", "told", "to_do"),
    [
        (RuntimeError(REFUSED.format("Unauthenticated", "Request unauthorized.")), "refuses (UNAUTHENTICATED: Request", "TEMPORAL_API_KEY"),
        (RuntimeError(REFUSED.format("PermissionDenied", "no")), "refuses (PERMISSION_DENIED: no)", "may use the namespace"),
        (RPCError("Namespace desk is not found.", RPCStatusCode.NOT_FOUND, b""), "refuses (NOT_FOUND: Namespace desk", "namespace create"),
        (
            RPCError("too many requests", RPCStatusCode.RESOURCE_EXHAUSTED, b""),
            "refuses (RESOURCE_EXHAUSTED: too many",
            "its log says more",
        ),
        (RPCError("busy", RPCStatusCode.UNAVAILABLE, b""), "does not answer (UNAVAILABLE: busy)", "that it runs"),
        (RuntimeError(REFUSED.format("Internal", "h2 protocol error")), "does not answer (INTERNAL: h2 protocol error)", "TEMPORAL_TLS"),
        (RuntimeError(AWAY.format("Connection refused")), "does not answer (Connection refused)", "TEMPORAL_ADDRESS"),
        (OSError("no route to host"), "does not answer (no route to host)", "TEMPORAL_ADDRESS"),
    ],
)
def test_what_temporal_refuses_is_told_apart_from_what_it_does_not_answer(error: Exception, told: str, to_do: str) -> None:
    """A wrong key, a missing right or a missing namespace do not pass by waiting: the sentence says so, with what to do."""
    with pytest.raises(UnavailableError) as refused, temporal_advice():
        raise error
    assert f"Temporal {told}" in str(refused.value)
    assert to_do in str(refused.value)


async def test_whoever_waits_for_temporal_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once for each reason, not at each try; the wait goes on until it is there."""
    client = object()
    refused = RuntimeError(REFUSED.format("Unauthenticated", "Request unauthorized."))
    away = RuntimeError(AWAY.format("Connection refused"))
    answers = iter([away, away, refused, refused, client])

    async def connect(_: Settings) -> object:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(temporal_connection, "connect", connect)
    monkeypatch.setattr(temporal_connection, "_FIRST_PAUSE", 0.001)
    with capture_logs() as logged:
        assert await temporal_connection.connect_patiently(Settings()) is client
    assert [line["event"] for line in logged] == ["waiting for Temporal"] * 2
    assert logged[0]["why"] == "Temporal does not answer (Connection refused)"
    assert logged[1]["why"] == "Temporal refuses (UNAUTHENTICATED: Request unauthorized)"
    assert "TEMPORAL_API_KEY" in logged[1]["advice"]
