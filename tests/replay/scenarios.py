"""Lives of incidents as data: who says what after how long. Played on the engine and on a real server, and recorded as histories."""

from dataclasses import dataclass
from datetime import timedelta

from tests.desk import EDITION
from tests.process.life import ASHA, CARLA, INES, PAVEL
from workflows.attachments import AttachFile, QuarantineFile, RemoveFile
from workflows.house_messages import AdoptEdition
from workflows.messages import (
    SYSTEM,
    Acknowledge,
    Actor,
    Amend,
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
from workflows.vocabulary import CancelReason, HoldReason, Impact, Priority, Urgency

REPORT = Report("Printer on floor 3 is jammed", category="printing", impact=Impact.SIGNIFICANT, urgency=Urgency.MEDIUM)
FIXED = Resolve("fixed", "Took the paper out.")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class Said:
    """Messages delivered together, after so much time."""

    after: timedelta
    messages: tuple[tuple[Actor, Message], ...]


def said(after: timedelta, *messages: tuple[Actor, Message]) -> Said:
    """Messages delivered together, after so much time."""
    return Said(after, messages)


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
}
# The policies each was reported under; the reopened one is asked about without a lot.
REPORTED_UNDER = dict.fromkeys(SCENARIOS, EDITION) | {"surveyed": "2026-11-25"}
# Long enough for every date an incident can still have.
TO_THE_END = timedelta(days=40)
