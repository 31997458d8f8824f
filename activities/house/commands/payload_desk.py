"""What ``holdfast payloads usage`` does: whether a key can be taken out of the setting."""

import asyncio
from typing import Any

from activities.house.temporal_advice import temporal_advice
from activities.payloads.keyring import Keyring
from activities.payloads.stock import Stock, take_stock
from activities.settings import Settings
from activities.temporal_connection import connect
from workflows.counting import counted


def usage(settings: Settings) -> Stock:
    """Which keys the running incidents need. Raises UnavailableError where Temporal does not answer."""

    async def taken() -> Stock:
        return await take_stock(await connect(settings))

    with temporal_advice():
        return asyncio.run(taken())


def as_dict(stock: Stock, keyring: Keyring) -> dict[str, Any]:
    """Plain values, for JSON: every key of the setting or of a history, with what it does and for how many incidents."""
    names = [*keyring.names, *sorted(stock.missing(keyring.names))]
    keys = [{"key": name, "does": _does(name, keyring), "incidents": stock.need.get(name, 0)} for name in names]
    return {"running": stock.looked_at, "keys": keys, "unencrypted": stock.need.get(None, 0)}


def told(stock: Stock, keyring: Keyring) -> str:
    """The same for a person."""
    facts = as_dict(stock, keyring)
    lines = [f"{counted(stock.looked_at, 'incident runs', 'incidents run')}; of these need"]
    lines += [f"{each['incidents']:>8}  key {each['key']}, which {each['does']}" for each in facts["keys"]]
    lines.append(f"{facts['unencrypted']:>8}  no key for some or all of what they hold, which is not encrypted")
    return "\n".join(lines)


def _does(name: str, keyring: Keyring) -> str:
    if name == keyring.first:
        return "encrypts"
    return "decrypts" if name in keyring.names else "is missing here"
