"""Lives of incidents as data: who says what after how long. Played on the engine and on a real server, and recorded as histories."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.desk import EDITION
from tests.process.life import ASHA, CARLA, INES, PAVEL
from tests.replay.approving_desk import BOOK as APPROVING
from workflows.attachments import AttachFile, QuarantineFile, RemoveFile
from workflows.house_messages import AdoptEdition, HandOver, ReportUndeliverable
from workflows.messages import (
    SYSTEM,
    Acknowledge,
    Actor,
    Amend,
    Approve,
    Assign,
    Cancel,
    Confirm,
    Escalate,
    Hold,
    Message,
    Note,
    OverridePriority,
    PublicMessage,
    Rate,
    Reject,
    Reopen,
    Report,
    Reprioritise,
    Resolve,
    Resume,
    Take,
)
from workflows.policies.book import Book
from workflows.publication import Publication, Published, Surveyed, Unreached
from workflows.vocabulary import Audience, CancelReason, HoldReason, Impact, LetterName, Priority, Urgency, Withheld

REPORT = Report("Printer on floor 3 is jammed", category="printing", impact=Impact.SIGNIFICANT, urgency=Urgency.MEDIUM)
FIXED = Resolve("fixed", "Took the paper out.")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


Words = Message | Callable[[datetime], Message]


@dataclass(frozen=True)
class Said:
    """Messages delivered together, after so much time. A function makes its message from the instant of the report.

    From the beginning of that time until the next one begins, the directory names nobody for the audiences that are ``away``, and the record lets nobody be
    asked how it went where ``withheld`` says why.
    """

    after: timedelta
    messages: tuple[tuple[Actor, Words], ...]
    away: frozenset[Audience] = frozenset()
    withheld: Withheld | None = None

    def answers(self, publication: Publication) -> Published:
        """What the record and the directory answer at that time."""
        missed = tuple(Unreached(owed.letter, owed.to, owed.cause) for owed in publication.letters if owed.to in self.away)
        surveyed = Surveyed(publication.surveying, self.withheld) if publication.surveying else None
        return Published(publication.up_to, missed, surveyed=surveyed)


def said(after: timedelta, *words: tuple[Actor, Words], **answered: Any) -> Said:
    """Messages delivered together, after so much time."""
    return Said(after, words, **answered)


def spoken(words: Words, reported_at: datetime) -> Message:
    """What is said by an incident that was reported at that instant."""
    return words(reported_at) if callable(words) else words


LADDER = frozenset({Audience.GROUP, Audience.ON_CALL, Audience.GROUP_LEAD, Audience.INCIDENT_MANAGER})

SCENARIOS: dict[str, tuple[Said, ...]] = {
    "message-by-message": (
        said(MINUTE, (ASHA, Assign("service-desk", "asha"))),
        said(MINUTE, (ASHA, Acknowledge())),
        said(MINUTE, (ASHA, FIXED)),
        said(MINUTE, (CARLA, Confirm(1))),
    ),
    "all-at-once": (said(MINUTE, (ASHA, Take()), (ASHA, FIXED), (CARLA, Reject("no", 1)), (ASHA, FIXED), (CARLA, Confirm(2))),),
    "held": (
        said(MINUTE, (ASHA, Hold(HoldReason.CALLER, "Which printer?"))),
        said(3 * DAY, (CARLA, PublicMessage("The left one."))),
        said(MINUTE, (ASHA, Hold(HoldReason.VENDOR))),
        said(MINUTE, (ASHA, Hold(HoldReason.PROBLEM))),
        said(MINUTE, (ASHA, Resume())),
        said(MINUTE, (ASHA, FIXED)),
        said(MINUTE, (CARLA, Confirm())),
    ),
    "reopened": (
        said(MINUTE, (ASHA, FIXED)),
        said(MINUTE, (CARLA, Confirm(1))),
        said(MINUTE, (CARLA, Reject("Jammed again.", 1))),
        said(MINUTE, (CARLA, Confirm(1))),
        said(MINUTE, (CARLA, Reject("No, it is.", 1))),
        said(DAY, (ASHA, FIXED)),
        said(DAY, (INES, Reopen("The caller phoned."))),
        said(MINUTE, (ASHA, FIXED)),
        said(MINUTE, (CARLA, Confirm(3))),
    ),
    "cancelled": (said(MINUTE, (ASHA, Note("same as the other one"))), said(MINUTE, (ASHA, Cancel(CancelReason.DUPLICATE)))),
    "silence": (said(MINUTE, (ASHA, FIXED)),),
    "surveyed": (
        said(MINUTE, (ASHA, FIXED)),
        said(MINUTE, (CARLA, Reopen("Jammed again."))),
        said(MINUTE, (ASHA, FIXED)),
        said(MINUTE, (CARLA, Confirm(2))),
        said(2 * HOUR, (CARLA, Rate(2, "It took two visits.")), (ASHA, Note("noted too late"))),
        said(HOUR, (CARLA, Rate(4))),
    ),
    "adopted": (
        said(MINUTE, (ASHA, FIXED)),
        said(2 * DAY, (PAVEL, AdoptEdition("2026-11-25", "Everybody is asked."))),
        said(MINUTE, (CARLA, Reject("Jammed again.", 1))),
        said(MINUTE, (ASHA, FIXED)),
        said(MINUTE, (CARLA, Confirm(2))),
    ),
    "taken-up-a-level": (
        said(MINUTE, (ASHA, Take("network", 2))),
        said(MINUTE, (ASHA, Escalate("Not the network."))),
        said(MINUTE, (ASHA, Escalate("Somebody with a screwdriver.", "hardware", 3))),
        said(MINUTE, (ASHA, FIXED)),
        said(MINUTE, (CARLA, Confirm())),
    ),
    "files": (
        said(MINUTE, (ASHA, Hold(HoldReason.CALLER, "What does it show?"))),
        said(DAY, (CARLA, AttachFile("a1" * 16, 48_213, "png", "b2" * 32))),
        said(
            MINUTE, (ASHA, AttachFile("a2" * 16, 1_000, "log", "b3" * 32, inside=True)), (CARLA, AttachFile("a3" * 16, 7, "zip", "b4" * 32))
        ),
        said(MINUTE, (SYSTEM, QuarantineFile("a3" * 16))),
        said(MINUTE, (ASHA, RemoveFile("a1" * 16, "It shows a password."))),
        said(MINUTE, (ASHA, FIXED)),
        said(MINUTE, (CARLA, Confirm())),
    ),
    "refused": (
        said(MINUTE, (CARLA, Confirm())),
        said(MINUTE, (ASHA, Hold(HoldReason.CALLER))),
        said(MINUTE, (ASHA, OverridePriority(Priority.P1, "not mine to say"))),
        said(MINUTE, (INES, OverridePriority(Priority.P1, "board meets"))),
        said(MINUTE, (ASHA, Reprioritise(Impact.LIMITED, Urgency.LOW, "one printer"))),
        said(MINUTE, (ASHA, Amend(category="hardware"))),
        said(MINUTE, (ASHA, Escalate("Fuser unit."))),
        said(MINUTE, (ASHA, FIXED)),
    ),
    # Past everybody to the fallback owner; up another ladder into its second round, past nobody on call; again when the desk falls silent.
    "called": (
        said(MINUTE, (ASHA, Reprioritise(Impact.SIGNIFICANT, Urgency.HIGH, "The only one on this floor."))),
        said(22 * MINUTE, (ASHA, Reprioritise(Impact.WIDESPREAD, Urgency.HIGH, "All of them.")), away=LADDER),
        said(53 * MINUTE, (ASHA, Acknowledge()), away=frozenset({Audience.ON_CALL})),
        said(67 * MINUTE, (ASHA, Acknowledge())),
        said(MINUTE, (ASHA, FIXED)),
        said(MINUTE, (CARLA, Confirm()), withheld=Withheld.CAP),
    ),
    "unanswered": (
        said(MINUTE, (ASHA, PublicMessage("I come by tomorrow."))),
        said(MINUTE, (ASHA, lambda reported_at: Hold(HoldReason.SCHEDULED, until=reported_at + DAY))),
        said(2 * DAY, (ASHA, Hold(HoldReason.CALLER, "Which printer?"))),
        said(
            11 * DAY,
            (SYSTEM, ReportUndeliverable(LetterName.RESOLVED, 1, "carla", asks_for_confirmation=True)),
            (CARLA, Rate(9)),
            (SYSTEM, HandOver()),
        ),
        said(10 * DAY, (CARLA, Reject("The left one.")), (ASHA, FIXED), (CARLA, Confirm())),
    ),
    # Silence leads to the question, and who agrees does so while the caller can still take "it works" back.
    "approved": (said(MINUTE, (ASHA, FIXED)), said(14 * DAY, (CARLA, Confirm()), (INES, Approve("Seen it print.")))),
}
# The policies each was reported under; the reopened one and the grave one are asked about without a lot.
REPORTED_UNDER = dict.fromkeys(SCENARIOS, EDITION) | {"surveyed": "2026-11-25", "called": "2026-11-25"}
# Lives on a desk with a book of its own.
DESKS: dict[str, Book] = {"approved": APPROVING}
# Long enough for every date an incident can still have.
TO_THE_END = timedelta(days=40)
