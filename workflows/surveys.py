"""Step 8: how it went (process.md S13). The record says closed all the while; nothing else can happen to the incident."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from workflows.lifecycle import Refusal, Rule
from workflows.messages import SYSTEM, Rate
from workflows.publication import Deadline, Surveyed
from workflows.record import Cause, Incident
from workflows.sampling import is_to_be_asked_about
from workflows.vocabulary import DeadlineKind, EventKind, LetterName, SurveyState

_CAN_BE_RATED = (SurveyState.ASKED, SurveyState.ANSWERED)


def at_closure(incident: Incident, closed_at: datetime) -> dict[str, Any]:
    """The facts of the survey when the incident closes: a date, or nothing at all."""
    if not is_to_be_asked_about(incident.facts, incident.rules):
        return {"due": ()}
    return {"survey": SurveyState.DRAWN, "due": (Deadline(DeadlineKind.SURVEY, closed_at + incident.rules.survey.delay),)}


def take_admission(incident: Incident, surveyed: Surveyed | None, now: datetime) -> None:
    """What the record answered: the person may be asked, or is not asked, in the open."""
    if surveyed is None or not incident.waits_for_admission:
        return
    if surveyed.why_not is None:
        incident.may_be_asked_about = True
    else:
        said = {"why": surveyed.why_not.value}
        incident.change(EventKind.SURVEY_WITHHELD, Cause(SYSTEM, now), said=said, survey=SurveyState.WITHHELD, due=())


def ask(incident: Incident, _: Deadline, cause: Cause) -> None:
    """The question goes out; reminder and end count from now."""
    rules = incident.rules.survey
    calendar, due = incident.rules.calendars[rules.calendar], [Deadline(DeadlineKind.SURVEY_EXPIRES, cause.at + rules.expires_after)]
    if rules.reminder_after_days is not None:
        reminded_at = calendar.add(cause.at, calendar.days(rules.reminder_after_days))
        due.insert(0, Deadline(DeadlineKind.SURVEY_REMINDER, reminded_at, 1))
    incident.change(EventKind.SURVEY_ASKED, cause, survey=SurveyState.ASKED, surveyed_at=cause.at, due=tuple(due))


def remind(incident: Incident, deadline: Deadline, cause: Cause) -> None:
    """Once, to somebody who has not answered."""
    due = incident.keep_due(lambda each: each != deadline)
    incident.change(EventKind.SURVEY_REMINDED, cause, said={"ordinal": deadline.ordinal}, due=due)


def expire(incident: Incident, _: Deadline, cause: Cause) -> None:
    """No answer is no score."""
    incident.change(EventKind.SURVEY_ENDED, cause, survey=SurveyState.EXPIRED, due=())


def end(incident: Incident, _: Deadline, cause: Cause) -> None:
    """The answer stands."""
    incident.change(EventKind.SURVEY_ENDED, cause, due=())


def rate(incident: Incident, message: Rate, cause: Cause) -> Refusal | None:
    """The answer of the person who was asked; within the time for a change of mind the later one counts."""
    facts = incident.facts
    if facts.survey not in _CAN_BE_RATED or not facts.due or cause.at >= max(deadline.at for deadline in facts.due):
        return Refusal(Rule.NO_SURVEY)
    if cause.actor.id != facts.affected:
        return Refusal(Rule.NOT_PERMITTED)
    answer: dict[str, Any] = {"score": message.score, "comment": message.comment}
    if facts.rated_at is not None:
        if (facts.score, facts.comment) == (message.score, message.comment):
            return Refusal(Rule.NOTHING_CHANGES)
        incident.change(EventKind.RERATED, cause, **answer)
        return None
    ends = Deadline(DeadlineKind.SURVEY_ENDS, cause.at + incident.rules.survey.change_of_mind)
    incident.change(EventKind.RATED, cause, survey=SurveyState.ANSWERED, rated_at=cause.at, due=(ends,), **answer)
    return None


def undelivered(incident: Incident, letter: str) -> dict[str, Any]:
    """A question that never arrived is not waited for, and does not count as unanswered."""
    if incident.facts.survey is not SurveyState.ASKED or letter != LetterName.SURVEY:
        return {}
    return {"survey": SurveyState.UNDELIVERED, "due": ()}


EFFECTS: dict[DeadlineKind, Callable[[Incident, Deadline, Cause], None]] = {
    DeadlineKind.SURVEY: ask,
    DeadlineKind.SURVEY_REMINDER: remind,
    DeadlineKind.SURVEY_EXPIRES: expire,
    DeadlineKind.SURVEY_ENDS: end,
}
