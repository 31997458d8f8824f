"""How every process of the desk reaches Temporal: by Temporal's own names in the environment, else the embedded server."""

import asyncio
from dataclasses import replace
from functools import cache
from typing import Any, cast

import structlog
from temporalio.client import Client
from temporalio.contrib.pydantic import PydanticPayloadConverter, pydantic_data_converter
from temporalio.converter import (
    DataConverter,
    DefaultFailureConverter,
    DefaultFailureConverterWithEncodedAttributes,
    PayloadConverter,
)
from temporalio.envconfig import ClientConfig
from temporalio.service import RPCError

from activities.payloads.codec import SealingCodec
from activities.payloads.keyring import Keyring
from activities.settings import Settings, names_a_temporal_server
from activities.temporal_trouble import trouble_of

_FIRST_PAUSE = 0.5  # seconds
_LONGEST_PAUSE = 10.0
log = structlog.get_logger("holdfast.temporal")


@cache
def _shared_converter() -> PydanticPayloadConverter:
    """One for all incidents: each converter builds its own readers of types, which costs more than a plain incident's life does otherwise."""
    return PydanticPayloadConverter()


def converter(keyring: Keyring) -> DataConverter:
    """How the desk writes for Temporal: by pydantic, sealed by these keys; also what failures say, which may quote people (design rule 10)."""
    # A class as far as the SDK cares: something to be called without arguments.
    shared = cast(type[PayloadConverter], _shared_converter)
    failures = DefaultFailureConverterWithEncodedAttributes if keyring.first else DefaultFailureConverter
    return replace(
        pydantic_data_converter, payload_converter_class=shared, payload_codec=SealingCodec(keyring), failure_converter_class=failures
    )


DATA_CONVERTER = converter(Keyring())


def connection_options(settings: Settings) -> dict[str, Any]:
    """What ``Client.connect`` takes: TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_TLS and the others, or a TOML profile of Temporal's."""
    options: dict[str, Any] = {**ClientConfig.load_client_connect_config()}
    if not options.get("target_host") or not names_a_temporal_server():
        options["target_host"] = f"127.0.0.1:{settings.temporal_port}"
    return options | {"data_converter": converter(Keyring.of(settings.payload_keys))}


async def connect(settings: Settings, *, lazy: bool = False) -> Client:
    """A client with the desk's data converter. Raises RuntimeError while Temporal is away, unless ``lazy``: then the first call does."""
    return await Client.connect(**connection_options(settings), lazy=lazy)


async def connect_patiently(settings: Settings) -> Client:
    """Waits for Temporal as long as it takes; says why when it begins to wait, and again whenever that is another reason."""
    pause, said = _FIRST_PAUSE, None
    while True:
        try:
            return await connect(settings)
        except (RuntimeError, RPCError, OSError) as error:
            trouble = trouble_of(error)
            if trouble != said:
                address = connection_options(settings)["target_host"]
                log.warning("waiting for Temporal", why=trouble.told, advice=trouble.advice, address=address)
            said = trouble
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
