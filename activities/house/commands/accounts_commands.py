"""``holdfast accounts``: how people get in, and out (process.md S22). What a command needs is imported when it runs, as in cli.py."""
# ruff: noqa: PLC0415, T201 -- see above; the command line prints

import sys
from typing import Annotated

import typer

from activities.settings import read_settings

accounts = typer.Typer(no_args_is_help=True, help="How people sign in to portal and console.")
Person = Annotated[str, typer.Argument(help="Id or e-mail address of the person, as in the directory.")]


@accounts.command("invite")
def accounts_invite(person: Person) -> None:
    """Make a link, good for three days, with which a person chooses a password; hand it over yourself.

    Example:  holdfast accounts invite asha
    """
    from activities.access.accounts import Purpose
    from activities.house.commands.accounts_office import lasting, link

    print(link(read_settings(), person, Purpose.INVITE))
    print(f"It works once, within {lasting(Purpose.INVITE)}.", file=sys.stderr)


@accounts.command("link")
def accounts_link(person: Person) -> None:
    """Make a link with which a person signs in, once, within ten minutes; hand it over yourself.

    Example:  holdfast accounts link carla@example.org
    """
    from activities.access.accounts import Purpose
    from activities.house.commands.accounts_office import lasting, link

    print(link(read_settings(), person, Purpose.SIGN_IN))
    print(f"It works once, within {lasting(Purpose.SIGN_IN)}.", file=sys.stderr)


@accounts.command("set-password")
def accounts_set_password(person: Person) -> None:
    """Set a person's password: asked for at a terminal, or read from standard input. Signs the person out everywhere.

    Example:  holdfast accounts set-password asha < password.txt
    """
    from activities.house.commands.accounts_office import choose_password

    if sys.stdin.isatty():
        password = typer.prompt("New password", hide_input=True, confirmation_prompt=True)
    else:
        password = sys.stdin.readline().rstrip("\n")
    print(choose_password(read_settings(), person, password))


@accounts.command("sign-out")
def accounts_sign_out(person: Person) -> None:
    """End all sessions of a person, and all one-time links.

    Example:  holdfast accounts sign-out asha
    """
    from activities.house.commands.accounts_office import sign_out

    print(sign_out(read_settings(), person))


@accounts.command("forget-identity")
def accounts_forget_identity(person: Person) -> None:
    """Let go of a person's account at the identity provider, where they have another one there now. Signs the person out everywhere.

    Example:  holdfast accounts forget-identity asha
    """
    from activities.house.commands.accounts_office import forget

    print(forget(read_settings(), person))


@accounts.command("audit")
def accounts_audit(limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many lines.")] = 50) -> None:
    """Show who signed in, who was turned away, and what was changed; newest first.

    Example:  holdfast accounts audit --limit 200
    """
    from activities.house.commands.accounts_office import audit

    print("\n".join(audit(read_settings(), limit)))
