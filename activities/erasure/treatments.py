"""What an erasure does with each column of the record, each fact, and each word of an event: whatever stands in no map fails a test (process.md S21).

An incident is *theirs* if the person is affected by it; of all others only their id goes. A letter is theirs also if it went to them.
"""

from collections.abc import Mapping
from enum import StrEnum


class Treatment(StrEnum):
    """What becomes of a value."""

    # tells nothing about anybody, or is what figures are made of
    STAYS = "stays"
    # the id becomes the pseudonym, wherever it is exactly that; sentences say by whom
    PERSON = "person"
    SENTENCES = "sentences"
    # of theirs: words become the mark, or nothing where nothing needs to stand
    WORDS = "words"
    NOTHING = "nothing"
    EMPTY = "empty"
    # ids of their commands are made of theirs, and are replaced
    COMMAND = "command"
    # a key that the id is a part of
    KEY = "key"
    # plain values with maps of their own, below
    FACTS = "facts"
    CHANGES = "changes"
    LETTER = "letter"
    AUDITED = "audited"
    # what becomes of it is more than one value can say; written out in code, and in docs/erasure.md
    BY_HAND = "by hand"


_S, _P, _N, _E, _C = Treatment.STAYS, Treatment.PERSON, Treatment.NOTHING, Treatment.EMPTY, Treatment.COMMAND

# Rows of incidents, by number.
OF_INCIDENTS: Mapping[str, Mapping[str, Treatment]] = {
    "incidents": {
        **dict.fromkeys(("number", "version", "status", "kind", "priority", "category", "group", "reported_at", "changed_at"), _S),
        **dict.fromkeys(("next_due_at", "promised_by"), _S),
        **dict.fromkeys(("person", "reporter", "affected"), _P),
        "title": Treatment.WORDS,
        "facts": Treatment.FACTS,
        "sealed_at": Treatment.BY_HAND,
    },
    "events": {
        **dict.fromkeys(("number", "seq", "at", "planned_at", "kind", "actor_kind", "edition", "public"), _S),
        "actor": _P,
        "command_id": _C,
        "before": Treatment.CHANGES,
        "after": Treatment.CHANGES,
    },
    "outcomes": {
        **dict.fromkeys(("number", "message", "result", "at", "version", "rule"), _S),
        "command_id": _C,
        "fingerprint": _E,
        "detail": _N,
    },
    "turned_away": {
        **dict.fromkeys(("number", "message", "actor_kind", "at", "rule"), _S),
        "actor": _P,
        "command_id": _C,
        "fingerprint": _E,
    },
    "surveys": {
        **dict.fromkeys(("number", "version", "state", "planned_at", "asked_at", "answered_at", "score"), _S),
        "person": _P,
        "comment": Treatment.WORDS,
    },
    "files": {
        **dict.fromkeys(("id", "number", "kind", "size", "inside", "actor_kind", "received_at", "seq", "scan", "attempts"), _S),
        "actor": _P,
        "command_id": _C,
        "name": _E,
        "digest": _E,
        **dict.fromkeys(("sent", "state", "next_look_at"), Treatment.BY_HAND),
    },
    "intake": {
        **dict.fromkeys(("channel", "number", "accepted_at"), _S),
        "key": Treatment.KEY,
        "fingerprint": _E,
        "started_at": Treatment.BY_HAND,
    },
}

LETTERS: Mapping[str, Treatment] = {
    **dict.fromkeys(("number", "letter", "cycle", "cause", "at", "attempts", "unknown_outcomes", "next_attempt_at", "priority"), _S),
    **dict.fromkeys(("sent_at",), _S),
    "key": Treatment.KEY,
    "digest": Treatment.KEY,
    "recipient": _P,
    "resent_by": _P,
    "facts": Treatment.LETTER,
    **dict.fromkeys(("subject", "text", "html", "headers", "envelope_sender", "smtp_reply"), _N),
    **dict.fromkeys(("message_id", "state", "claim", "claimed_at"), Treatment.BY_HAND),
}

# Lines of the audit: their address, and what was noted about them.
AUDIT: Mapping[str, Treatment] = {
    **dict.fromkeys(("id", "at", "kind"), _S),
    **dict.fromkeys(("person", "actor"), _P),
    "subject": Treatment.KEY,
    **dict.fromkeys(("address", "detail"), Treatment.BY_HAND),
    "before": Treatment.AUDITED,
    "after": Treatment.AUDITED,
}

# Whole rows of one person, by the column that names the person.
ROWS_OF_A_PERSON: Mapping[str, str] = {
    "people": "id",
    "accounts": "person",
    "sessions": "person",
    "one_time_links": "person",
    "link_requests": "person",
    "identities": "person",
    "preferences": "person",
    "memberships": "person",
    "api_keys": "person",
    "rounds": "person",
}
# Where somebody is named, and nobody can be.
NAMED: Mapping[str, str] = {"groups": "lead", "services": "owner_person"}
# Written out in code: rows that go or are made anew, and those with the person in the middle.
BY_HAND = frozenset({"search_entries", "file_parts", "rotas", "throttles", "erasures"})
# Nothing of a person in them.
UNTOUCHED = frozenset({"measures", "numbers"})

# publication.Snapshot, field by field; also what changes in events.
FACTS: Mapping[str, Treatment] = {
    **dict.fromkeys(
        ("title", "description", "symptoms", "contact", "reference", "configuration_item", "people_affected", "work_stopped", "can_wait"),
        Treatment.WORDS,
    ),
    **dict.fromkeys(("question", "resolution_notes", "comment"), Treatment.WORDS),
    **dict.fromkeys(("reporter", "affected", "person", "approved_by", "resolved_by", "clocks"), _P),
    **dict.fromkeys(
        (
            *("number", "edition", "kind", "channel", "reported_at", "logged_at", "version", "changed_at", "status", "occurred_at"),
            *("follows", "category", "subcategory", "service", "impact", "urgency", "priority", "priority_override", "major", "group"),
            *("level", "was_assigned", "reassignment_count", "hop_count", "acknowledged_at", "hold_reason", "held_at", "cycle"),
            *("resolved_at", "resolution_code", "confirmed_at", "confirmation_undeliverable", "rejected_at", "reopen_count"),
            *("closed_at", "closed_by", "cancel_reason", "due", "climb", "downgraded_after_breach", "survey", "surveyed_at"),
            *("rated_at", "score", "approval_awaited", "approved_as", "files"),
        ),
        _S,
    ),
}
# What events say beside that. Whatever is in neither counts as words.
SAID: Mapping[str, Treatment] = {
    **dict.fromkeys(
        (
            *("ordinal", "message", "rule", "section", "clock", "percent", "late_seconds", "passed_at_switch", "budget_seconds"),
            *("elapsed_seconds", "remaining_seconds", "ladder", "round", "step", "why", "to", "letter", "cause", "called"),
            *("file", "file_size", "file_kind", "may_have_arrived"),
        ),
        _S,
    ),
    **dict.fromkeys(("recipient", "who"), _P),
    "because": Treatment.SENTENCES,
    **dict.fromkeys(("text", "reason", "problem", "file_digest"), Treatment.WORDS),
}
# publication.LetterFacts, field by field.
LETTER_FACTS: Mapping[str, Treatment] = {
    **dict.fromkeys(("title", "text", "solution"), Treatment.WORDS),
    "alerts": _P,
    **dict.fromkeys(
        ("status", "priority", "group", "follows", "resolved_at", "closes_at", "reminders", "late_seconds", "score"),
        _S,
    ),
}
