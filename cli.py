"""The command line: one command or group of commands for each job; ``holdfast --help`` lists them.

Data goes to standard output, messages to standard error. Exit codes: 0 ok, 1 failure, 2 usage, 3 not found, 5 unavailable. What a command needs is imported
when it runs, so that ``--help`` answers at once and ``holdfast up`` stays small.
"""
# ruff: noqa: PLC0415 -- see above

import asyncio
import json
import os
import sys
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from activities.house.commands import change_commands
from activities.house.commands.accounts_commands import accounts
from activities.house.commands.calendar_commands import calendar
from activities.house.commands.deploy_commands import deploy
from activities.house.commands.keys_commands import keys
from activities.house.commands.options import AsJson
from activities.house.commands.payloads_commands import payloads
from activities.house.refusals import RefusedError, UsageRefusedError
from activities.house.seed import command as seed_command
from activities.settings import SettingsError, read_settings

app = typer.Typer(
    name="holdfast",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
directory = typer.Typer(no_args_is_help=True, help="People, groups, rotas and services of the desk.")
incident = typer.Typer(no_args_is_help=True, help="One incident: its clocks, what will happen by itself, and what has happened.")
letters = typer.Typer(no_args_is_help=True, help="What the desk writes to people.")
app.add_typer(directory, name="directory")
app.add_typer(incident, name="incident")
app.add_typer(accounts, name="accounts")
app.add_typer(keys, name="keys")
app.add_typer(calendar, name="calendar")
app.add_typer(letters, name="letters")
app.add_typer(deploy, name="deploy")
app.add_typer(payloads, name="payloads")
change_commands.register(app)
app.command()(seed_command.seed)

TheNumber = Annotated[str, typer.Argument(help="Number of the incident, such as INC-1042-9.")]
TrailFile = Annotated[Path, typer.Argument(help="The file to write: .jsonl for JSON Lines, .csv for a spreadsheet.")]
Parent = Annotated[int | None, typer.Option("--parent", hidden=True, help="End when this process ends.")]


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"holdfast {version('holdfast')}")
        raise typer.Exit


@app.callback()
def _holdfast(
    _version: Annotated[bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")] = False,
) -> None:
    """Durable IT incident management: start the whole desk with: holdfast up."""


@app.command()
def up() -> None:
    """Start the whole desk on this machine: Temporal server, worker and API.

    Everything lives in one directory (HOLDFAST_DATA_DIR, default .holdfast); stop with Ctrl-C, start again, and it goes on where it was.

    Example:  holdfast up
    """
    from activities.house.up.house import open_house

    open_house(read_settings(), say=lambda text: print(text, file=sys.stderr, flush=True), show=lambda text: print(text, flush=True))


@app.command()
def worker(parent: Parent = None) -> None:
    """Run a worker: it carries out the process of every incident. Start as many as needed.

    Example:  HOLDFAST_DATABASE_URL=postgresql://desk@db/desk TEMPORAL_ADDRESS=temporal:7233 holdfast worker
    """
    from activities.house.serving import adopt_policies, begin, run_to_the_end
    from activities.house.up.household import WORKER_PATIENCE
    from worker import PATIENCE, run_worker

    settings = read_settings(signs_links=True)
    adopt_policies(settings)
    begin(settings, "worker", parent)

    run_to_the_end(run_worker(settings, WORKER_PATIENCE if parent else PATIENCE))


@app.command()
def api(parent: Parent = None) -> None:
    """Run the front door: HTTP API, link pages and Outbox.

    Example:  HOLDFAST_LISTEN_HOST=0.0.0.0 HOLDFAST_BASE_URL=https://desk.example.org holdfast api
    """
    from activities.house.api_server import api_server
    from activities.house.serving import begin, run_to_the_end

    settings = read_settings(signs_links=True)
    begin(settings, "api", parent)
    run_to_the_end(api_server(settings).serve())


@app.command()
def migrate() -> None:
    """Bring the database to this version; run it before starting the processes of a new one.

    Example:  HOLDFAST_DATABASE_URL=postgresql://desk@db/desk holdfast migrate
    """
    from activities.house.commands.office import bring_up_to_date

    print(bring_up_to_date(read_settings()))


@app.command()
def doctor(
    only: Annotated[
        list[str] | None,
        typer.Option(
            help="Look only at: database, temporal, payloads, api, relay, provider, clock, rotas, rules or files; repeat for several."
        ),
    ] = None,
    mail: Annotated[bool, typer.Option("--mail", help="Go with the mail relay step by step, short of sending a letter.")] = False,
    as_json: AsJson = False,
) -> None:
    """Examine the set-up and say what is wrong and what to do about it. Exit code 1 when something fails.

    Examples:  holdfast doctor    holdfast doctor --only api    holdfast doctor --mail    holdfast doctor --json | jq '.[] | select(.level != "ok")'
    """
    from activities.house.doctor.examination import PLACES, examine, failed, told
    from activities.house.doctor.relay_examination import examine_relay

    if strangers := set(only or ()) - set(PLACES):
        raise UsageRefusedError(f"There is nothing called {', '.join(sorted(strangers))} to look at; name one of: {', '.join(PLACES)}.")
    findings = asyncio.run(examine_relay(read_settings()) if mail else examine(only or ()))
    print(json.dumps([finding.as_dict() for finding in findings], indent=2) if as_json else told(findings))
    raise typer.Exit(1 if failed(findings) else 0)


@app.command()
def settings(
    example: Annotated[bool, typer.Option("--example", help="Show all settings as a file to copy to .env.")] = False,
    page: Annotated[bool, typer.Option("--page", hidden=True, help="The settings page of the documentation.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the settings in force, secrets masked.

    Examples:  holdfast settings    holdfast settings --example > .env.example
    """
    from activities.house.commands import settings_page

    if example or page:
        print(settings_page.example() if example else settings_page.page(), end="")
        return
    shown = settings_page.in_force(read_settings())
    print(json.dumps(shown, indent=2) if as_json else "\n".join(f"{name}={value}" for name, value in shown.items()))


@directory.command("import")
def directory_import(file: Annotated[Path, typer.Argument(help="A TOML file with people, groups, rotas and services.")]) -> None:
    """Load people, groups, on-call rotas and services from a TOML file; who is already known is updated.

    Example:  holdfast directory import directory.toml
    """
    from activities.house.commands.office import import_directory

    print(import_directory(read_settings(), file))


@directory.command("export")
def directory_export() -> None:
    """Write people, groups, on-call rotas and services as a TOML file, which the import reads back, on standard output.

    Example:  holdfast directory export > directory.toml
    """
    from activities.house.commands.office import export_directory

    text, unreadable = export_directory(read_settings())
    print(text, end="")
    for rota in unreadable:
        print(f"The rota {rota} cannot be read here and is left out; who imports this file takes it away.", file=sys.stderr)


@directory.command("erase")
def directory_erase(
    person: Annotated[str, typer.Argument(help="Id of somebody who has left, as in the directory.")],
    by: Annotated[str | None, typer.Option("--as", metavar="PERSON", help="Id of the administrator who decides.")] = None,
    only_preview: Annotated[bool, typer.Option("--preview", help="Only show what would be erased, and what stands against it.")] = False,
    is_sure: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    patience: Annotated[int, typer.Option(min=1, max=3600, help="Seconds to wait for Temporal to delete histories.")] = 300,
    as_json: AsJson = False,
) -> None:
    """Erase a person for good: their words from record and histories, their id from everything else. Exit code 1 when something stands against it, or is left.

    Run it again after whatever went wrong: it goes on where it stopped. What stays, and what backups and logs need: docs/erasure.md.

    Examples:  holdfast directory erase carla --preview    holdfast directory erase carla --as adam
    """
    from activities.house.commands.erasure_desk import as_json as plain
    from activities.house.commands.erasure_desk import carry_out, deciding, done_told, look_at, look_told, refuse_if_against

    settings = read_settings()
    hand = deciding(settings, by)
    found = look_at(settings, person)
    if only_preview or found.is_empty:
        print(json.dumps(plain(found), indent=2) if as_json else look_told(found))
        if only_preview or not found.bytes_left:
            return
    else:
        print(look_told(found), file=sys.stderr)
    refuse_if_against(found)
    if not is_sure:
        typer.confirm(f"Erase {person}? Nothing brings it back.", abort=True, err=True)
    done = carry_out(settings, found, hand, patience, lambda text: print(text, file=sys.stderr, flush=True))
    print(json.dumps(plain(done), indent=2) if as_json else done_told(done))
    raise typer.Exit(1 if done and done.later else 0)


@app.command()
def oncall(
    rota: Annotated[str | None, typer.Option(help="Only this rota.")] = None,
    days: Annotated[int, typer.Option(min=1, max=366, help="How many days to search for gaps.")] = 14,
    at: Annotated[str | None, typer.Option(metavar="INSTANT", help="Another instant than now, with its offset.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show who is on call, the next handover, and when nobody will be; absent people are passed over.

    Examples:  holdfast oncall    holdfast oncall --rota major-incidents --at 2026-12-31T20:00+03:00 --days 30
    """
    from activities.house.commands.office import who_is_on_call
    from activities.house.doctor.rota_board import instant, told, told_unreadable

    found = who_is_on_call(read_settings(), instant(at), days, rota)
    print(json.dumps([each.as_dict() for each in found.standings], indent=2) if as_json else told(found, days))
    for each in told_unreadable(found):
        print(each, file=sys.stderr)


@incident.command("clocks")
def incident_clocks(number: TheNumber, as_json: AsJson = False) -> None:
    """Explain the service clocks of an incident: how much time is left, and why. Exit code 3 when there is no such incident.

    Examples:  holdfast incident clocks INC-1042-9    holdfast incident clocks INC-1042-9 --json | jq '.clocks[].due_at'
    """
    from activities.house.commands.time_board import clocks_told, facts_in_record
    from activities.house.serving import adopt_policies
    from api.queries.timing import clocks_as_json, explained

    settings, now = read_settings(), datetime.now(UTC)
    adopt_policies(settings)
    found = explained(facts_in_record(settings, number), now)
    print(json.dumps(clocks_as_json(number, found, now), indent=2) if as_json else clocks_told(found))


@incident.command("dates")
def incident_dates(number: TheNumber, as_json: AsJson = False) -> None:
    """List everything that will happen to an incident by itself, earliest first. Exit code 3 when there is no such incident.

    Examples:  holdfast incident dates INC-1042-9    holdfast incident dates INC-1042-9 --json | jq '.dates[0]'
    """
    from activities.house.commands.time_board import dates_told, facts_in_record
    from api.queries.timing import dates_as_json
    from workflows.dates import ahead

    found = ahead(facts_in_record(read_settings(), number))
    print(json.dumps(dates_as_json(number, found), indent=2) if as_json else dates_told(found, datetime.now(UTC)))


@incident.command("events")
def incident_events(number: TheNumber, file: TrailFile) -> None:
    """Write the audit trail of an incident to a file: everything that happened to it. Exit code 3 when there is no such incident.

    Example:  holdfast incident events INC-1042-9 INC-1042-9.csv
    """
    from activities.house.commands.trail_desk import events_of

    print(events_of(read_settings(), number, file))


@app.command()
def events(
    file: TrailFile,
    since: Annotated[str, typer.Option("--from", metavar="INSTANT", help="What happened from this instant on, with its offset.")],
    until: Annotated[str, typer.Option("--to", metavar="INSTANT", help="And before this one.")],
) -> None:
    """Write the audit trail of a period to a file: everything that happened to all incidents, in the order in which it happened.

    Example:  holdfast events november.jsonl --from 2026-11-01T00:00Z --to 2026-12-01T00:00Z
    """
    from activities.house.commands.trail_desk import events_within
    from activities.house.doctor.rota_board import instant

    print(events_within(read_settings(), instant(since), instant(until), file))


@letters.command("preview")
def letters_preview(
    to: Annotated[Path, typer.Option(help="Directory for the files; made where it is missing.")] = Path("letters-preview"),
) -> None:
    """Write every letter in every language with invented facts: as text, as page, as mail, and an index of all.

    Example:  holdfast letters preview --to /tmp/letters
    """
    from activities.house.commands.letter_preview import preview

    print(preview(to))


def main() -> None:
    """Runs one command; what goes wrong is told in sentences, not in tracebacks.

    Ends without the interpreter's own tidying up: a thread of the Temporal client that hands over its last result meanwhile would abort the process.
    """
    code = _outcome()
    for stream in (sys.stdout, sys.stderr):
        with suppress(BrokenPipeError):
            stream.flush()
    os._exit(code)


def _outcome() -> int:
    try:
        app()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except SettingsError as error:
        return _told(error, 2)
    except RefusedError as error:
        return _told(error, error.exit_code)
    return 0


def _told(error: Exception, code: int) -> int:
    for line in str(error).splitlines():
        print(line, file=sys.stderr)
    return code


if __name__ == "__main__":
    main()
