"""One true example for each body, shown in OpenAPI and sent by tests."""

from collections.abc import Mapping
from typing import Any

from workflows.attachments import RemoveFile
from workflows.messages import (
    Acknowledge,
    Amend,
    Approve,
    Assign,
    Cancel,
    Confirm,
    Escalate,
    Hold,
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

NUMBER = "INC-1042-9"
COMMAND_ID = "01JD8Q2V7Y3T5K9M4N6P8R1S2W"
AT = "2026-03-02T09:15:00Z"

EXAMPLES: Mapping[type, dict[str, Any]] = {
    Report: {
        "title": "No network on the third floor",
        "description": "Since this morning no computer on the third floor has a connection. Telephones work.",
        "category": "network",
        "impact": 2,
        "urgency": 1,
    },
    Acknowledge: {},
    Assign: {"group": "network"},
    Take: {},
    Escalate: {"diagnosis": "The switch in room 3.14 does not answer; a reboot changed nothing.", "group": "network"},
    Amend: {"category": "network", "title": "Switch in room 3.14 does not answer"},
    Reprioritise: {"impact": 1, "urgency": 1, "reason": "The second floor is affected too."},
    OverridePriority: {"priority": "P1", "reason": "Pay day: nobody may be without a connection."},
    Hold: {"reason": "caller", "question": "Which lights are on at the box under your desk?"},
    Resume: {},
    Note: {"text": "Spare switch is in the store room."},
    PublicMessage: {"text": "A technician is on the way."},
    Resolve: {"code": "replaced", "notes": "The switch was replaced; all computers are connected again."},
    Confirm: {},
    Reject: {"reason": "My computer still shows no connection."},
    Reopen: {"reason": "The new switch fails in the same way."},
    Approve: {"notes": "Seen in the protocol of the last test."},
    Cancel: {"reason": "duplicate", "notes": "Already reported by the neighbours."},
    RemoveFile: {"file": "9f2c4a7be15d4c8093aa6b1de0f35c72", "reason": "It shows the data of somebody else."},
    Rate: {"score": 5, "comment": "Back on line within the hour."},
}

FILE: dict[str, Any] = {
    "id": "9f2c4a7be15d4c8093aa6b1de0f35c72",
    "number": NUMBER,
    "name": "error message.png",
    "size": 48213,
    "media_type": "image/png",
    "digest": "b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c",
    "inside": False,
    "added_at": AT,
    "added_by": "carla",
    "state": "available",
    "is_scanned": True,
}

OUTCOME: dict[str, Any] = {
    "command_id": COMMAND_ID,
    "number": NUMBER,
    "command": "resolve",
    "result": "applied",
    "at": AT,
    "version": 9,
    "rule": None,
    "section": None,
    "detail": None,
}

EVENT: dict[str, Any] = {
    "incident": NUMBER,
    "seq": 9,
    "at": "2026-03-02T09:15:00.250000Z",
    "kind": "resolved",
    "actor_kind": "person",
    "actor": "asha",
    "command_id": COMMAND_ID,
    "before": {"status": "in_progress", "resolution_code": None},
    "after": {"status": "resolved", "resolution_code": "replaced"},
    "edition": "2026-01-01",
    "planned_at": None,
    "late_seconds": None,
    "public": True,
}
