"""What the doctor says of payloads: whether what Temporal stores is encrypted, and whether running incidents can be read (design rule 10)."""

from collections.abc import Sequence

from temporalio.service import RPCError

from activities.house.doctor.findings import Finding, fail, ok, warn
from activities.payloads.keyring import Keyring
from activities.payloads.stock import Stock, take_stock
from activities.settings import Settings
from activities.temporal_connection import connect
from workflows.counting import counted, listed

# Newest first; all of them are counted by: holdfast payloads usage.
_LOOKS_AT = 100
_SUBJECT = "payloads"


async def look_at_payloads(settings: Settings) -> Sequence[Finding]:
    """The keys of this process beside what the histories of running incidents need."""
    keyring = Keyring.of(settings.payload_keys)
    try:
        stock = await take_stock(await connect(settings), _LOOKS_AT)
    except (RuntimeError, OSError, RPCError):
        return [_encryption(keyring), warn(_SUBJECT, "running incidents not looked at, Temporal does not answer", "see Temporal's line")]
    return [_encryption(keyring), *_legibility(keyring, stock)]


def _encryption(keyring: Keyring) -> Finding:
    if keyring.first:
        return ok(_SUBJECT, f"what Temporal stores is encrypted with key {keyring.first}; {counted(len(keyring.names), 'key')} decrypt")
    if keyring.names:
        advice = "when all processes have the key, take the word plain out; to give encryption up, leave it so"
        return warn(_SUBJECT, f"what Temporal stores is not encrypted, {counted(len(keyring.names), 'key')} only decrypt", advice)
    return ok(_SUBJECT, "what Temporal stores is not encrypted: whoever may read its namespace reads what people wrote")


def _legibility(keyring: Keyring, stock: Stock) -> Sequence[Finding]:
    if missing := stock.missing(keyring.names):
        names = listed([f"key {name} ({counted(count, 'incident')})" for name, count in missing.items()])
        return [fail(_SUBJECT, f"running incidents cannot be read without {names}", "add it to HOLDFAST_PAYLOAD_KEYS of all processes")]
    if not keyring.names:
        return []
    told = f"all {counted(stock.looked_at, 'running incident')} looked at can be read"
    bare = stock.need.get(None, 0)
    return [ok(_SUBJECT, f"{told}, {bare} of them with something unencrypted" if bare else told)]
