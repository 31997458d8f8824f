"""Which letters an event causes, who is meant, and what they may say (process.md S14)."""

from workflows.policies.correspondence import Correspondence
from workflows.publication import Event, LetterFacts, LetterOwed, Snapshot
from workflows.vocabulary import Audience, DeadlineKind

CLOSING = frozenset({DeadlineKind.AUTOMATIC_CLOSURE, DeadlineKind.NO_ANSWER, DeadlineKind.UNDO_ENDS})


def letters_owed(facts: Snapshot, correspondence: Correspondence, cause: Event, text: str | None) -> list[LetterOwed]:
    """The letters the policy names for this event, with the facts as they are now. ``text`` is what was said."""
    return [
        LetterOwed(
            letter=letter,
            to=audience,
            cause=cause.seq,
            cycle=facts.cycle,
            at=cause.at,
            not_to=None if letter in correspondence.receipts else cause.actor,
            addressees=_meant_by(audience, facts),
            facts=_told(facts, text),
        )
        for letter, audience in correspondence.for_event(cause.kind)
    ]


def _meant_by(audience: Audience, facts: Snapshot) -> tuple[str, ...]:
    """The ids from which the directory finds the people: a caller; an assignee and the group behind them; a group."""
    named: dict[Audience, tuple[str | None, ...]] = {
        Audience.CALLER: (facts.affected,),
        Audience.ASSIGNEE: (facts.person, facts.group),
        Audience.GROUP: (facts.group,),
        Audience.GROUP_LEAD: (facts.group,),
        Audience.INCIDENT_MANAGER: (),
    }
    return tuple(each for each in named[audience] if each)


def _told(facts: Snapshot, text: str | None) -> LetterFacts:
    return LetterFacts(
        title=facts.title,
        status=facts.status,
        priority=facts.priority,
        text=text,
        solution=facts.resolution_notes,
        group=facts.group,
        follows=facts.follows,
        resolved_at=facts.resolved_at,
        closes_at=next((each.at for each in facts.due if each.kind in CLOSING), None),
        reminders=tuple(each.at for each in facts.due if each.kind not in CLOSING),
    )
