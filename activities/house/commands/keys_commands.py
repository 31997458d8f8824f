"""``holdfast keys``: API keys of people and integrations (process.md S22). What a command needs is imported when it runs, as in cli.py."""
# ruff: noqa: PLC0415, T201 -- see above; the command line prints

import json
from typing import Annotated

import typer

from activities.house.commands.options import AsJson
from activities.house.refusals import UsageRefusedError
from activities.settings import read_settings

keys = typer.Typer(no_args_is_help=True, help="API keys of people and integrations.")


@keys.command("issue")
def keys_issue(
    person: Annotated[str | None, typer.Option(help="Id of the person the key acts for.")] = None,
    integration: Annotated[str | None, typer.Option(help="Name of the integration the key acts for.")] = None,
    role: Annotated[list[str] | None, typer.Option(help="Role of an integration; repeat for several.")] = None,
    label: Annotated[str, typer.Option(help="What the key is for.")] = "",
    days: Annotated[int | None, typer.Option(min=1, max=3650, help="After how many days it ends; left out: never.")] = None,
) -> None:
    """Make an API key and show it, once, on standard output.

    Examples:  holdfast keys issue --person asha    holdfast keys issue --integration monitoring --role agent --days 90
    """
    from activities.house.commands.office import issue

    if (person is None) == (integration is None):
        raise UsageRefusedError("Say whose key it is: either --person ID or --integration NAME.")
    print(issue(read_settings(), person=person, integration=integration, roles=role or [], label=label, days=days))


@keys.command("list")
def keys_list(as_json: AsJson = False) -> None:
    """Show all keys, never the secrets.

    Example:  holdfast keys list --json
    """
    from activities.house.commands.office import keys_told, list_all

    found = list_all(read_settings())
    print(json.dumps(found, indent=2) if as_json else keys_told(found))


@keys.command("revoke")
def keys_revoke(key_id: Annotated[str, typer.Argument(help="Id of the key, from: holdfast keys list.")]) -> None:
    """Close a key for ever.

    Example:  holdfast keys revoke key-01j...
    """
    from activities.house.commands.office import revoke

    revoke(read_settings(), key_id)
    print(f"{key_id} opens nothing any more.")
