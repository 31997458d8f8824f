"""The chapters on who does what and who is told: roles, groups, closure, surveys, letters (process.md S2, S5, S11 to S14, S22)."""

from collections.abc import Iterator

from api.plan.contents import Section, rules, table
from api.plan.wording import ROLES, after_days, audience, event, in_order, lasting, letter, listed, words, working_days, yes
from workflows.clocks import BREACH
from workflows.files import in_words
from workflows.messages import NAMES
from workflows.policies.approval_rules import Approval, asked
from workflows.policies.book import Edition
from workflows.policies.roles import BEYOND_EDITIONS
from workflows.policies.survey_rules import Cap
from workflows.vocabulary import Audience, EventKind, LetterName, Role, Scope

_SCOPES = {Scope.OWN: "On their own incidents", Scope.OWN_GROUP: "On incidents of their group", Scope.ANY: "On every incident"}


def roles(edition: Edition) -> Section:
    """Who answers for what, and what each may do."""
    lines = []
    for role in Role:
        may: dict[Scope, list[str]] = {scope: [] for scope in Scope}
        for message, allowed in sorted(edition.permissions.by_message.items()):
            if role in allowed:
                may[allowed[role]].append(message)
        may[Scope.ANY] += [NAMES[kind] for kind, allowed in BEYOND_EDITIONS.items() if role in allowed]
        if edition.approvals.may_approve([role]):
            may[Scope.ANY].append("approve")
        lines.append((words(role), ROLES[role], *(listed(may[scope]) for scope in _SCOPES)))
    shown = table("", ("Role", "Responsibility", *_SCOPES.values()), lines)
    return Section("roles", "Roles and responsibilities", "What is not named here is refused, and the refusal is kept.", (shown,))


def groups(edition: Edition) -> Section:
    """Which service or category leads to which groups, and who is picked."""
    assigned = edition.assignment
    lines = [(category, in_order(parts), in_order(assigned.groups.get(category, ()))) for category, parts in assigned.categories.items()]
    lines += [(category, "", in_order(path)) for category, path in assigned.groups.items() if category not in assigned.categories]
    shown = table("", ("Category", "Sub-categories", "Groups, from the first level up"), lines)
    first = [(f"Service {service}", in_order(path)) for service, path in assigned.services.items()]
    picks = [(f"Within {group}", words(pick)) for group, pick in sorted(assigned.picks.items())]
    picked = rules(
        "",
        [
            *first,
            ("Everything else is served by", in_order(assigned.otherwise)),
            ("Who of a group is picked", "nobody, unless named here"),
            *picks,
        ],
    )
    return Section(
        "groups",
        "Categories and support groups",
        "The service, where groups are named for it, or else the category leads to the group of the first level; escalating hands the work to the next one.",
        (shown, picked),
    )


def files(edition: Edition) -> Section:
    """What an incident takes besides words."""
    allowed = edition.files
    said = rules(
        "",
        [
            ("One file may have", _size(allowed.largest)),
            ("Files of an incident at a time", str(allowed.most)),
            ("Together they may have", _size(allowed.total)),
            ("Kinds", in_order(allowed.kinds) if allowed.kinds else "none"),
        ],
    )
    about = (
        "Who may write to the caller may add files that both see; who may write work notes may add files for the desk alone, and remove any. "
        "A file must be what the end of its name says. Programs, scripts and web pages are never taken."
    )
    return Section("files", "Files", about, (said,))


def _size(amount: int) -> str:
    return f"{in_words(amount)} ({amount:,} bytes)"


def closure(edition: Edition) -> Section:
    """From the solution to the end."""
    closing, approvals = edition.closure, edition.approvals
    said = rules(
        "",
        [
            ("Days count in the calendar", closing.calendar),
            ("Reminders to say whether it works", after_days(closing.confirmation_reminders_after_days)),
            ("Closes by itself after", working_days(closing.automatic_closure_after_days)),
            ("“It works” and “still broken” can be taken back within", lasting(closing.undo_period)),
            ("“Still broken” can be taken back during a hold, too", yes(closing.undo_during_hold)),
            ("Reminders of a question", after_days(closing.question_reminders_after_days)),
            ("Counts as solved without an answer after", working_days(closing.no_answer_after_days)),
            ("Resolution code of an unanswered question", closing.no_answer_code),
            ("Resolution codes", in_order(closing.resolution_codes) if closing.resolution_codes else "any"),
        ],
    )
    lines = [_approval(number, each) for number, each in enumerate(approvals.before_closure, start=1)] or [
        ("Approvals", "nobody's is needed")
    ]
    approved = rules("Approvals before closure", [*lines, ("Reminders of an approval", after_days(approvals.reminders_after_days))])
    return Section(
        "closure",
        "Solution, confirmation and closure",
        "Whoever is affected says whether it works. Silence closes, on the dates that the first letter lists; closed is final.",
        (said, approved),
    )


def _approval(number: int, approval: Approval) -> tuple[str, str]:
    which = [f"of the services {listed(approval.services)}"] if approval.services else []
    which += [f"of priority {listed(approval.priorities)}"] if approval.priorities else []
    return f"Approval {number}", f"{words(approval.role)}, for incidents {' and '.join(which) or 'of every kind'}"


def surveys(edition: Edition) -> Section:
    """Who is asked how it went."""
    survey = edition.survey
    said = rules(
        "",
        [
            ("About", listed(survey.kinds)),
            ("Share drawn by lot", f"{survey.percent:g} %, with the seed {survey.seed}"),
            ("Always asked about", listed(survey.always_asked)),
            ("Reopened ones always", yes(survey.reopened_is_always_asked)),
            ("Major ones always", yes(survey.major_is_always_asked)),
            ("Goes out, after closure", lasting(survey.delay)),
            ("Reminder after", f"{working_days(survey.reminder_after_days)} ({survey.calendar})"),
            ("Ends after", lasting(survey.expires_after)),
            ("Answers can be changed within", lasting(survey.change_of_mind)),
            ("A low score is at most", str(survey.low_score)),
            *((f"Cap {number}", _cap(cap)) for number, cap in enumerate(survey.caps, start=1)),
        ],
    )
    return Section("surveys", "Surveys", "One question after closure. No answer is no score.", (said,))


def _cap(cap: Cap) -> str:
    return f"at most {cap.most} to one person within {lasting(cap.within)}" + (", of those drawn by lot" if cap.spares_always_asked else "")


def communication(edition: Edition) -> Section:
    """Event, letter, reader."""
    columns = ("When", "Letter", "Goes to")
    in_their_order = sorted(edition.correspondence.letters.items(), key=lambda each: list(EventKind).index(each[0]))
    letters = [(event(kind), letter(name), audience(to)) for kind, named in in_their_order for name, to in named]
    tables = (
        table("Letters of the process", columns, letters),
        table("Alarms and questions", columns, _alarms(edition)),
        rules(
            "",
            [
                ("Goes also to whoever caused it", listed(edition.correspondence.receipts)),
                ("Everything else", "nobody is told about their own action"),
            ],
        ),
    )
    return Section(
        "communication",
        "Communication plan",
        "Letters say what happens next and when, in the reader's language and zone. Several within ten minutes become one, except about P1.",
        tables,
    )


def _alarms(edition: Edition) -> Iterator[tuple[str, ...]]:
    for percent, told in sorted(edition.service_levels.tells.items()):
        name = LetterName.BREACH if percent == BREACH else LetterName.THRESHOLD
        for to in told:
            yield f"{percent} % of a promised time is used", letter(name), audience(to)
    for ladder in edition.escalation.ladders:
        for step in ladder.steps:
            yield f"nobody has taken it up after {lasting(step.after)} ({ladder.name})", letter(step.letter), audience(step.to, step.who)
    yield (
        "nobody on a ladder was reached",
        letter(LetterName.ESCALATION),
        audience(Audience.FALLBACK_OWNER, edition.escalation.fallback_owner),
    )
    for count, to in sorted(edition.escalation.reopening.items()):
        yield f"it is reopened, number {count}", letter(LetterName.ESCALATION), audience(to)
    for name, to in edition.correspondence.low_score:
        yield f"a survey says {edition.survey.low_score} or less", letter(name), audience(to)
    for name, to in edition.correspondence.undelivered:
        yield "the caller cannot be sent a question or a solution", letter(name), audience(to)
    for each in edition.approvals.before_closure:
        yield f"an approval is needed: {words(each.role)}", letter(LetterName.APPROVAL_WANTED), audience(asked(each.role))
