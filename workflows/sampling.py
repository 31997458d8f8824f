"""Whether anybody is asked how it went, and what the record is asked before (process.md S13): pure.

The lot is the incident's own; what one person has been asked about other incidents, only the record can see.
"""

from workflows.policies.book import Edition
from workflows.publication import Snapshot, Surveying
from workflows.vocabulary import DeadlineKind


def is_to_be_asked_about(facts: Snapshot, rules: Edition) -> bool:
    """Decided once, at closure: grave and reopened incidents always, others by lot. Cancelled ones and service requests never."""
    survey = rules.survey
    if facts.kind not in survey.kinds:
        return False
    return survey.always_asks(facts.priority, facts.major, facts.reopen_count) or survey.is_drawn(facts.number)


def question_to_the_record(facts: Snapshot, rules: Edition) -> Surveying | None:
    """May this person be asked, at that time, under these caps? None where no survey is planned."""
    at = next((deadline.at for deadline in facts.due if deadline.kind is DeadlineKind.SURVEY), None)
    if at is None:
        return None
    always_asked = rules.survey.always_asks(facts.priority, facts.major, facts.reopen_count)
    return Surveying(facts.affected, at, rules.survey.caps_on(always_asked=always_asked))
