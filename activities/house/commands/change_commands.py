"""The commands of process owners, who change the process: replay, rehearse, gate, plan, policy. What each does stands in a module of its own and is imported when it runs."""
# ruff: noqa: PLC0415 -- see above

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from activities.house.commands.options import AsJson
from activities.settings import read_settings
from workflows.counting import counted

policy = typer.Typer(no_args_is_help=True, help="The rules of the desk and their editions.")
_PATIENCE = 60.0  # seconds for the answers of incidents
_WHAT = "a Python file with a BOOK, the name of an edition, or a working tree"


def register(app: typer.Typer) -> None:
    """Hangs the commands of this module into the command line."""
    app.command()(replay)
    app.command()(rehearse)
    app.command()(gate)
    app.command()(plan)
    app.add_typer(policy, name="policy")


def rehearse(
    incidents: Annotated[Path | None, typer.Option(help="Recorded incidents, one JSON object a line; may end in .gz.")] = None,
    from_record: Annotated[
        str | None, typer.Option(metavar="PERIOD", help="Incidents of this desk's record: 2026-Q3, 2026-07 or 2026-07-01..2026-09-30.")
    ] = None,
    changed: Annotated[str | None, typer.Option("--policy", help=f"The changed process: {_WHAT}.")] = None,
    against: Annotated[str | None, typer.Option(help=f"The process to compare with: {_WHAT}; default: the present one.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the report there as JSON.")] = None,
    html_file: Annotated[Path | None, typer.Option("--html", help="Write the report there as a page that needs nothing else.")] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes; default: one for each core.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only so many incidents.")] = None,
) -> None:
    """Rehearse a changed process on recorded incidents, through the real workflow, and lay both side by side.

    What people did is taken from the recording. A working tree or a Python file is run as code: rehearse only what you trust.

    Examples:  holdfast rehearse --incidents last-quarter.jsonl.gz --policy ../changed --html report.html
               holdfast rehearse --from-record 2026-Q3 --policy 2027-01-01
    """
    from rich.console import Console

    from activities.house.commands.rehearsals import rehearsed, write
    from activities.house.commands.reports import check_targets
    from workflows.rehearsal.rehearsal_report import show

    check_targets(json_file, html_file)
    found = rehearsed(read_settings(), incidents, from_record, (against, changed), jobs or os.cpu_count() or 1, limit)
    show(found, Console())
    write(found, json_file, html_file)


def replay(
    file: Annotated[Path, typer.Argument(help="Recorded incidents, one JSON object a line; may end in .gz.")],
    policies: Annotated[Path | None, typer.Option(help="A Python file with a BOOK of policies; default: this desk's.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the report there as JSON.")] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes; default: one for each core.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only so many incidents.")] = None,
) -> None:
    """Drive recorded incidents through the real process on a virtual clock, and compare.

    Exit code 1 if a check failed.

    Example:  holdfast replay tests/replay/data/incidents-sample.jsonl.gz --policies docs/examples/recorded_desk.py
    """
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress

    from activities.house.commands.reports import check_targets, write_report
    from activities.house.refusals import UsageRefusedError
    from activities.policy_book import UnusableBookError
    from workflows.rehearsal.report import UnreadableFileError, failed, read_lines, replay_file, show

    check_targets(json_file)
    try:
        with Progress(*Progress.get_default_columns(), MofNCompleteColumn(), console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("Replaying", total=sum(1 for _ in read_lines(file, limit)))
            found = replay_file(file, policies, jobs or os.cpu_count() or 1, limit, lambda done: bar.advance(task, done))
    except (UnreadableFileError, UnusableBookError) as error:
        raise UsageRefusedError(str(error)) from None
    show(found, Console())
    if json_file is not None:
        write_report(json_file, json.dumps(found, indent=2) + "\n")
    if failed(found):
        raise typer.Exit(1)


def gate(
    histories: Annotated[
        list[Path] | None, typer.Argument(help="Exported histories, or folders of them; default: all that are open on the server.")
    ] = None,
    export: Annotated[
        Path | None, typer.Option(help="Keep each history as a file in this folder, encrypted where the server's is.")
    ] = None,
    readable: Annotated[bool, typer.Option("--readable", help="Keep them unencrypted: they hold what people wrote.")] = False,
    accept_changes: Annotated[
        bool, typer.Option("--accept-changes", help="Let incidents pass that would promise something else than they did.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Replay open incidents on the code of this tree, before it is deployed. Exit code 1 when it would stop any of them, or break what it promised.

    Examples:  TEMPORAL_ADDRESS=temporal:7233 holdfast gate    holdfast gate tests/replay/histories
    """
    from activities.house.commands.gate import passage

    found = passage(read_settings(), histories or (), export, is_readable=readable)
    typer.echo(json.dumps(found.as_dict(), indent=2) if as_json else found.told())
    raise typer.Exit(1 if found.stopped or (found.changed and not accept_changes) else 0)


def plan(
    edition: Annotated[str | None, typer.Option(help="Name of an edition; default: the one in force today.")] = None,
    against: Annotated[str | None, typer.Option(help="Mark what differs from this edition.")] = None,
    contacts: Annotated[bool, typer.Option("--contacts", help="With groups, leads, members and rotas of the directory.")] = False,
    html_file: Annotated[
        Path | None, typer.Option("--html", help="Write it there as a page that needs nothing else, to send and to print.")
    ] = None,
    markdown_file: Annotated[
        Path | None, typer.Option("--markdown", help="Write it there as Markdown; without a file it is shown.")
    ] = None,
) -> None:
    """Write the incident response plan that the rules amount to: roles, priorities, targets, escalation, letters, process, legal notes.

    Examples:  holdfast plan --html plan.html    holdfast plan --edition 2027-01-01 --against 2026-11-25 --markdown changes.md
    """
    from activities.house.commands.plan_desk import composed, write

    typer.echo(write(composed(read_settings(), edition, against, with_contacts=contacts), html_file, markdown_file))


@policy.command("list")
def policy_list(as_json: AsJson = False) -> None:
    """Show all editions: from when, which subjects changed on that day, and whether they are published.

    Example:  holdfast policy list
    """
    from activities.house.commands.policy_desk import editions, editions_told

    found = editions(read_settings())
    typer.echo(json.dumps(found, indent=2) if as_json else editions_told(found))


@policy.command("show")
def policy_show(
    subject: Annotated[str | None, typer.Argument(help="Only this subject, such as priority_matrix.")] = None,
    edition: Annotated[str | None, typer.Option(help="Name of an edition; default: the one in force today.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show what the rules of an edition say, line by line.

    Example:  holdfast policy show service_levels --edition 2026-01-01
    """
    from activities.house.commands.policy_desk import shown

    found = shown(read_settings(), subject, edition)
    typer.echo(json.dumps(found, indent=2) if as_json else "\n".join(f"{place}: {says}" for place, says in found.items()))


@policy.command("diff")
def policy_diff(
    first: Annotated[str, typer.Argument(help="Name of an edition.")],
    second: Annotated[str, typer.Argument(help="Name of another.")],
    as_json: AsJson = False,
) -> None:
    """Show what differs between two editions.

    Example:  holdfast policy diff 2026-01-01 2027-01-01
    """
    from activities.house.commands.policy_desk import differences, differences_told

    found = differences(read_settings(), first, second)
    typer.echo(json.dumps(found, indent=2) if as_json else differences_told(found))


@policy.command("publish")
def policy_publish() -> None:
    """Publish new editions of this working tree: check them, ask for their paragraph in CHANGES.md, lock them for ever.

    Example:  holdfast policy publish
    """
    from activities.house.commands.policy_desk import publish

    typer.echo(publish())


@policy.command("adopt")
def policy_adopt(
    edition: Annotated[str, typer.Option(help="The newer edition.")],
    incidents: Annotated[list[str], typer.Option(help="Number of an open incident; repeat for several; or: all.")],
    reason: Annotated[str | None, typer.Option(help="Why; it stands in each timeline.")] = None,
    person: Annotated[str | None, typer.Option("--as", metavar="PERSON", help="Id of the process owner who decides.")] = None,
    only_preview: Annotated[bool, typer.Option("--preview", help="Only show what would change.")] = False,
    is_sure: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    per_second: Annotated[int, typer.Option(min=1, max=200, help="At most so many incidents are told in a second.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Move open incidents to a newer edition: what would change is shown first. Exit code 1 when one of them was not moved.

    Examples:  holdfast policy adopt --edition 2027-01-01 --incidents INC-1042-9 --preview
               holdfast policy adopt --edition 2027-01-01 --incidents all --as pavel --reason "Agreed with works council"
    """
    from activities.house.commands.adoption_desk import adopt_all, adopted_told, chosen, previews, previews_as_json, previews_told, wish
    from activities.house.refusals import UsageRefusedError

    settings = read_settings()
    if not only_preview and not (reason and person):
        raise UsageRefusedError("Say why and who decides, with --reason and --as; or look first, with --preview.")
    wanted = wish(settings, edition, reason or "a look ahead", person)
    found = chosen(settings, edition, incidents)
    shown = previews(found, wanted)
    if only_preview:
        typer.echo(json.dumps(previews_as_json(shown), indent=2) if as_json else previews_told(shown, edition))
        return
    typer.echo(previews_told(shown, edition), err=True)
    if not is_sure:
        typer.confirm(f"Move {counted(len(found), 'incident')} to {edition}?", abort=True, err=True)
    done = adopt_all(settings, wanted, [facts.number for facts in found], per_second, _PATIENCE)
    typer.echo(json.dumps([each.as_dict() for each in done], indent=2) if as_json else adopted_told(done))
    raise typer.Exit(0 if all(each.result == "applied" for each in done) else 1)
