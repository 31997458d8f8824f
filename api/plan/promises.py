"""The chapters on what is promised and what happens when it is not kept: priorities, service levels, calendars, escalation (process.md S3, S5 to S10)."""

from collections.abc import Iterator

from api.plan.contents import Section, Table, rules, table
from api.plan.wording import audience, days, in_order, lasting, letter, listed, open_hours, promised, words, yes
from workflows.calendars import Calendar, Weekday
from workflows.clocks import BREACH
from workflows.policies.book import Edition
from workflows.policies.escalation_ladders import Ladder, Step
from workflows.policies.service_levels import PriorityChange, Reopening
from workflows.vocabulary import ClockKind, Impact, Priority, Urgency

_CLOCKS = {
    ClockKind.RESPONSE: "First response",
    ClockKind.RESOLUTION: "Solution",
    ClockKind.INTERNAL: "Work of a group",
    ClockKind.SUPPLIER: "Work of a supplier",
}
_NEW_PRIORITY = {
    PriorityChange.RETROACTIVE: "the new time counts from the report, with the same pauses",
    PriorityChange.CARRY: "the time used so far is taken over as it was counted",
    PriorityChange.RESTART: "the new time counts from the change",
}
_REOPENED = {Reopening.RESUME: "goes on where it stood", Reopening.RESTART: "begins anew"}


def priorities(edition: Edition) -> Section:
    """Impact and urgency give the priority."""
    matrix = edition.priority_matrix
    columns = ("Impact", *(f"Urgency {each.value}, {words(each.name.lower())}" for each in Urgency))
    names = {each.value: f"{each.value}, {words(each.name.lower())}" for each in Impact}
    cells = table("", columns, ((names.get(impact, str(impact)), *row) for impact, row in sorted(matrix.cells.items())))
    return Section(
        "priorities",
        "Priorities",
        "Impact and urgency give the priority. Nobody types a priority in; an incident manager can set one beside the matrix, with a reason.",
        (cells, rules("", [("Until somebody has assessed both", matrix.unassessed)])),
    )


def service_levels(edition: Edition) -> Section:
    """What is promised, what stops the clock, who is warned."""
    levels = edition.service_levels
    targets = table(
        "Targets",
        ("Priority", "First response", "Solution"),
        ((each, promised(levels.response.get(each)), promised(levels.resolution.get(each))) for each in Priority),
    )
    told = table(
        "Warnings",
        ("Share of the time used", "Is told to"),
        (
            ("missed" if percent == BREACH else f"{percent} %", in_order(audience(each) for each in levels.tells[percent]))
            for percent in levels.thresholds
        ),
    )
    return Section(
        "service-levels", "Service levels", "Two clocks run from the report on, side by side.", (targets, told, _clock_rules(edition))
    )


def _clock_rules(edition: Edition) -> Table:
    levels = edition.service_levels
    said = [(f"Holds that stop: {_CLOCKS[kind].lower()}", listed(levels.pauses.get(kind, ()))) for kind in ClockKind]
    said += [
        ("A new priority", _NEW_PRIORITY[levels.priority_change]),
        ("After a reopening the clock of the solution", _REOPENED[levels.reopening]),
        ("The solution counts until closure", yes(levels.resolution_ends_at_closure)),
        ("Time that a group or supplier holds it is measured in the calendar", levels.holders_calendar or "not measured"),
        ("Groups that are suppliers", listed(levels.suppliers)),
        ("Target of a supplier", promised(levels.supplier)),
    ]
    said += [(f"Target of a group of level {level}", promised(target)) for level, target in sorted(levels.internal.items())]
    return rules("Clocks", said)


def calendars(edition: Edition) -> Section:
    """When the desk works."""
    tables = tuple(_calendar(name, each) for name, each in sorted(edition.calendars.by_name.items()))
    return Section("calendars", "Working time", "Targets and reminders count in these calendars; pauses are measured in them too.", tables)


def _calendar(name: str, calendar: Calendar) -> Table:
    said = [
        ("Name and zone", f"{calendar.name}, {calendar.zone}"),
        *((weekday.name.capitalize(), open_hours(calendar.week.get(weekday, ()))) for weekday in Weekday),
        ("A working day is", lasting(calendar.working_day)),
        ("Closed on", days(calendar.holidays)),
    ]
    said += [(f"On {day.isoformat()}", open_hours(spans)) for day, spans in sorted(calendar.special_days.items())]
    return rules(f"Calendar: {name}", said)


def escalation(edition: Edition) -> Section:
    """Who is called when nobody takes care."""
    escalation_rules = edition.escalation
    tables = [table for ladder in escalation_rules.ladders for table in _ladder(ladder)]
    on_hold = "always" if escalation_rules.hold_is_an_answer else "once somebody has acknowledged"
    reopened = [(f"Reopening number {count}", audience(to)) for count, to in sorted(escalation_rules.reopening.items())]
    fallback = ("Fallback owner, told when nobody else is reached", escalation_rules.fallback_owner)
    last = rules("In the end", [fallback, ("A hold keeps a ladder quiet", on_hold), *reopened])
    return Section(
        "escalation",
        "Escalation",
        "A ladder is climbed while nobody has acknowledged. Who is away or cannot be reached is passed over at once; an acknowledgement stops it; no "
        "escalation ends in silence. Handing the work up a level is another matter: see the support groups.",
        (*tables, last),
    )


def _ladder(ladder: Ladder) -> Iterator[Table]:
    name = f"Ladder “{ladder.name}”, for {listed(ladder.priorities)}"
    yield table(name, ("Who is called", "After", "Letter", "Only"), (_step(step) for step in ladder.steps))
    yield rules(
        f"Ladder “{ladder.name}”: repeats",
        [
            ("Rounds", str(ladder.rounds)),
            ("Between rounds", lasting(ladder.repeat_after)),
            ("Begins again after silence of", lasting(ladder.silence_after_acknowledgement)),
        ],
    )


def _step(step: Step) -> tuple[str, ...]:
    only = [f"during {step.only_during}"] if step.only_during else []
    only += [f"for {listed(step.only_for)}"] if step.only_for else []
    return audience(step.to, step.who), lasting(step.after), letter(step.letter), ", ".join(only) or "always"
