"""The first three steps of the process: log, categorise, prioritise (process.md S1 to S3)."""

from workflows.investigation import hand_to, propose_major
from workflows.messages import SYSTEM, Intake
from workflows.record import Cause, Incident
from workflows.vocabulary import EventKind


def log(incident: Incident, intake: Intake) -> None:
    """The report is on record, and the caller gets a receipt (S1)."""
    incident.change(EventKind.REPORTED, Cause(intake.reporter, intake.logged_at))


def categorise(incident: Incident, intake: Intake) -> None:
    """The category as reported, and the first-level group that serves the service or the category (S2, S5)."""
    category = intake.report.category
    group = incident.rules.assignment.group(category, level=1, service=intake.report.service)
    incident.change(
        EventKind.CATEGORISED,
        Cause(SYSTEM, intake.logged_at),
        category=category,
        subcategory=intake.report.subcategory,
        **hand_to(incident.facts, group, None),
    )


def prioritise(incident: Incident, intake: Intake) -> None:
    """Impact and urgency as reported, and what the matrix makes of them (S3)."""
    impact, urgency = intake.report.impact, intake.report.urgency
    cause = Cause(SYSTEM, intake.logged_at)
    priority = incident.rules.priority_matrix.priority(impact, urgency)
    incident.change(EventKind.PRIORITISED, cause, impact=impact, urgency=urgency, priority=priority)
    propose_major(incident, cause)
