"""``holdfast payloads``: keys that encrypt what Temporal stores (design rule 10). What a command needs is imported when it runs, as in cli.py."""
# ruff: noqa: PLC0415, T201 -- see above; the command line prints

import json

import typer

from activities.house.commands.options import AsJson
from activities.settings import read_settings

payloads = typer.Typer(no_args_is_help=True, help="Keys that encrypt what Temporal stores.")


@payloads.command("key")
def payloads_key() -> None:
    """Make a key for HOLDFAST_PAYLOAD_KEYS and show it, once, on standard output.

    Example:  holdfast payloads key
    """
    from activities.payloads.keys import new_key

    print(new_key())


@payloads.command("usage")
def payloads_usage(as_json: AsJson = False) -> None:
    """Count the running incidents that need each key: one that none needs can be taken out. Exit code 1 when a key is missing here.

    Example:  holdfast payloads usage
    """
    from activities.house.commands.payload_desk import as_dict, told, usage
    from activities.payloads.keyring import Keyring

    settings = read_settings()
    keyring, stock = Keyring.of(settings.payload_keys), usage(settings)
    print(json.dumps(as_dict(stock, keyring), indent=2) if as_json else told(stock, keyring))
    raise typer.Exit(1 if stock.missing(keyring.names) else 0)
