"""How processes reach Temporal."""

from activities.temporal_connection import DATA_CONVERTER


def test_all_incidents_share_one_converter() -> None:
    """A new run of a workflow does not build its readers of types anew: it gets those that are there."""
    first, second = DATA_CONVERTER.payload_converter_class(), DATA_CONVERTER.payload_converter_class()
    assert first is second
    payload = first.to_payload({"text": "Grüße"})
    assert second.from_payload(payload) == {"text": "Grüße"}
