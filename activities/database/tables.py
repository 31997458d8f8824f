"""The tables of the record, for SQLite and PostgreSQL. Instants are stored as UTC; texts are personal data.

Written by activities only, except the front door's own: files as they come in, intake, numbers, api_keys, turned_away, preferences, and those of people who sign in (design
section 4).
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


# In these words in the index and in the query, or the index is of no use.
LOST = "state IN ('failed', 'unknown')"
# In place of a priority: letters of no incident, behind all others, and those that older builds plan, in the place of their incident.
NO_PRIORITY = "none"


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant; SQLite keeps no zone, so it is taken off on the way in and put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """UTC for PostgreSQL, naive UTC for SQLite. A naive instant is a bug and raises ValueError."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a zone")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 -- as SQLAlchemy calls it
        """Always aware UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _key(name: str, **options: Any) -> Column[str]:
    return Column(name, String(100), **options)


incidents = Table(
    "incidents",
    metadata,
    _key("number", primary_key=True),
    Column("version", Integer, nullable=False),
    _key("status", nullable=False),
    _key("kind", nullable=False),
    _key("priority", nullable=False),
    Column("title", String(200), nullable=False),
    _key("category"),
    _key("group"),
    _key("person"),
    _key("reporter", nullable=False),
    _key("affected", nullable=False),
    Column("reported_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("next_due_at", Instant),
    # the earliest promise that still stands or was missed (S6), for queues; none while clocks are paused or over
    Column("promised_by", Instant),
    # publication.Snapshot as JSON; the columns above are what lists filter and sort by
    Column("facts", JSON, nullable=False),
    # from then on no publication changes it: somebody was erased from it
    Column("sealed_at", Instant),
    Index(None, "changed_at", "number"),
    Index(None, "status", "group"),
    Index(None, "affected"),
    Index(None, "reporter"),
    Index(None, "status", "promised_by"),
    # queues of one state in the order in which they are shown, however many are in it; the last four tell without a look at the row what to leave out
    Index(
        "ix_incidents_in_line",
        "status",
        text("(promised_by IS NULL)"),
        "promised_by",
        text("changed_at DESC"),
        "number",
        "priority",
        "group",
        "category",
        "person",
    ),
    # how many were reported when, by everything that figures are broken down by (S23), without reading a row
    Index(None, "reported_at", "kind", "priority", "category", "group"),
)

events = Table(
    "events",
    metadata,
    _key("number", primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("planned_at", Instant),
    _key("kind", nullable=False),
    _key("actor_kind", nullable=False),
    _key("actor", nullable=False),
    _key("command_id"),
    Column("before", JSON, nullable=False),
    Column("after", JSON, nullable=False),
    _key("edition", nullable=False),
    Column("public", Boolean, nullable=False),
    # what happened in a period, in the order in which it happened, for auditors (S21)
    Index("ix_events_in_time", "at", "number", "seq"),
)

# What incidents can be found by (activities/search_index.py): entry 0 has the words of the facts, the others those said in the event of that
# sequence. The index over the words is the database's own, made by the migration. Words of people: whoever forgets a person forgets these too.
search_entries = Table(
    "search_entries",
    metadata,
    Column("id", Integer, primary_key=True),
    _key("number", nullable=False),
    Column("seq", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("public", Boolean, nullable=False),
    Column("words", Text, nullable=False),
    UniqueConstraint("number", "seq"),
)

outcomes = Table(
    "outcomes",
    metadata,
    _key("number", primary_key=True),
    _key("command_id", primary_key=True),
    _key("message", nullable=False),
    _key("result", nullable=False),
    Column("at", Instant, nullable=False),
    Column("version", Integer, nullable=False),
    _key("fingerprint", nullable=False),
    _key("rule"),
    Column("detail", Text),
)

# The mail ledger (S14). States: planned, handed_over, sent, kept (no relay configured), failed, unknown, in_digest (the row of its digest goes on).
letters = Table(
    "letters",
    metadata,
    Column("key", String(300), primary_key=True),
    _key("number", nullable=False),
    _key("letter", nullable=False),
    _key("recipient", nullable=False),
    Column("cycle", Integer, nullable=False),
    Column("cause", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    # publication.LetterFacts as JSON
    Column("facts", JSON, nullable=False),
    _key("state", nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("unknown_outcomes", Integer, nullable=False),
    Column("next_attempt_at", Instant, nullable=False),
    # that of its incident, while it waits
    _key("priority", nullable=False, server_default=NO_PRIORITY),
    _key("claim"),
    Column("claimed_at", Instant),
    Column("sent_at", Instant),
    Column("message_id", String(200)),
    Column("subject", String(300)),
    Column("text", Text),
    Column("html", Text),
    Column("smtp_reply", String(300)),
    # key of the digest this letter went into
    Column("digest", String(300)),
    # as they went over the wire, without working links
    Column("headers", Text),
    Column("envelope_sender", String(400)),
    # who asked for this delivery, where it is a second one
    _key("resent_by"),
    # whose turn it is, however many wait
    Index("ix_letters_in_line", "state", "priority", "next_attempt_at", "cause"),
    Index(None, "number"),
    Index(None, "recipient", "at"),
    Index(None, "digest"),
    # the newest first, as on the Outbox page
    Index(None, "at", "key"),
    # the few that did not arrive, for figures (S23); the others do not stand in it
    Index("ix_letters_lost", "state", "number", sqlite_where=text(LOST), postgresql_where=text(LOST)),
)

# Files of incidents (activities/files/kept_files.py); ``sent`` is what the incident is told, ``seq`` the event that took the file on. Bytes are in ``file_parts`` alone:
# whoever erases a file deletes those, and the name.
files = Table(
    "files",
    metadata,
    _key("id", primary_key=True),
    _key("number", nullable=False),
    _key("command_id", nullable=False),
    Column("name", String(120), nullable=False),
    _key("kind", nullable=False),
    Column("size", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("inside", Boolean, nullable=False),
    _key("actor_kind", nullable=False),
    _key("actor", nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("sent", JSON, nullable=False),
    _key("state", nullable=False),
    Column("seq", Integer),
    _key("scan", nullable=False),
    Column("attempts", Integer, nullable=False),
    # when its keeper has something to do about it; none: nothing
    Column("next_look_at", Instant),
    Index(None, "number"),
    Index(None, "next_look_at"),
)

file_parts = Table(
    "file_parts",
    metadata,
    _key("file", primary_key=True),
    Column("part", Integer, primary_key=True, autoincrement=False),
    Column("content", LargeBinary, nullable=False),
)

# What people do not want: surveys, or letters bundled into digests (S13, S14).
preferences = Table(
    "preferences",
    metadata,
    _key("person", primary_key=True),
    _key("declines", primary_key=True),
    Column("since", Instant, nullable=False),
)

# One survey an incident for ever (S13). Without ``asked_at`` it has its place and has not gone out; without ``score`` there is no answer.
surveys = Table(
    "surveys",
    metadata,
    _key("number", primary_key=True),
    Column("version", Integer, nullable=False),
    _key("person", nullable=False),
    _key("state", nullable=False),
    Column("planned_at", Instant, nullable=False),
    Column("asked_at", Instant),
    Column("answered_at", Instant),
    Column("score", Integer),
    Column("comment", Text),
    Index(None, "person", "asked_at"),
)

# What figures are made of (S23): one row for each incident that is over, service requests left out. Durations in seconds of working time, ``wall`` ones
# in seconds by the clock on the wall. Null: it did not happen, or nobody waited for it.
measures = Table(
    "measures",
    metadata,
    _key("number", primary_key=True),
    Column("version", Integer, nullable=False),
    # the day it was closed or cancelled on, UTC
    Column("over_on", Date, nullable=False),
    Column("is_cancelled", Boolean, nullable=False),
    _key("priority", nullable=False),
    _key("category"),
    _key("group"),
    Column("acknowledged", Integer),
    Column("responded", Integer),
    Column("resolved", Integer),
    Column("resolved_wall", Integer),
    # whether the clock was met; if missed, by how much
    Column("response_met", Boolean),
    Column("response_over", Integer),
    Column("resolution_met", Boolean),
    Column("resolution_over", Integer),
    Column("downgraded_after_breach", Integer, nullable=False),
    Column("at_first_contact", Boolean, nullable=False),
    Column("at_first_level", Boolean, nullable=False),
    Column("reassignments", Integer, nullable=False),
    Column("reopenings", Integer, nullable=False),
    Column("rejections", Integer, nullable=False),
    Column("is_confirmed", Boolean, nullable=False),
    # how many timers rang, and by how many milliseconds those were late that were a second late or more, as a list
    Column("timers", Integer, nullable=False),
    Column("late", JSON(none_as_null=True)),
    Column("letters", Integer, nullable=False),
    _key("survey"),
    Column("score", Integer),
    Index(None, "is_cancelled", "over_on", "priority", "category", "group"),
)

people = Table(
    "people",
    metadata,
    _key("id", primary_key=True),
    Column("name", String(200), nullable=False),
    Column("email", String(320)),
    _key("language", nullable=False),
    _key("zone", nullable=False),
    Column("roles", JSON, nullable=False),
    # away from then, or since ever where there is no beginning, until then
    Column("absent_from", Instant),
    Column("absent_until", Instant),
    # from then on neither a way in nor work nor letters; the row stays, old incidents name it
    Column("disabled_at", Instant),
)

groups = Table(
    "groups",
    metadata,
    _key("id", primary_key=True),
    Column("name", String(200), nullable=False),
    Column("level", Integer, nullable=False),
    _key("lead"),
    Column("email", String(320)),
)

memberships = Table(
    "memberships",
    metadata,
    _key("group", primary_key=True),
    _key("person", primary_key=True),
    Index(None, "person"),
)

# On-call rotas (S10); the definition is rota_entries.RotaEntry as JSON.
rotas = Table("rotas", metadata, _key("id", primary_key=True), Column("definition", JSON, nullable=False))

# What the desk looks after (S1); the owner is a group or a person. A retired one is no longer to be chosen, and keeps its name on old incidents.
services = Table(
    "services",
    metadata,
    _key("id", primary_key=True),
    Column("name", String(200), nullable=False),
    Column("description", String(1000)),
    _key("owner_group"),
    _key("owner_person"),
    _key("category"),
    Column("retired", Boolean, nullable=False),
)

# Whom each group that takes turns picked last (S5).
rounds = Table("rounds", metadata, _key("group", primary_key=True), _key("person", nullable=False))

# The front door's own tables.

numbers = Table(
    "numbers",
    metadata,
    _key("name", primary_key=True),
    Column("last", Integer, nullable=False),
)

intake = Table(
    "intake",
    metadata,
    _key("channel", primary_key=True),
    Column("key", String(200), primary_key=True),
    _key("number", nullable=False),
    _key("fingerprint", nullable=False),
    Column("accepted_at", Instant, nullable=False),
    Column("started_at", Instant),
    UniqueConstraint("number"),
)

api_keys = Table(
    "api_keys",
    metadata,
    _key("id", primary_key=True),
    _key("hash", nullable=False),
    _key("person"),
    _key("integration"),
    Column("roles", JSON, nullable=False),
    _key("label", nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    Column("used_at", Instant),
    # from then on it opens nothing; none: it has no end
    Column("ends_at", Instant),
    UniqueConstraint("hash"),
)

# Commands that came after the end: the workflow is gone, so the front door keeps the refusal itself (S4).
turned_away = Table(
    "turned_away",
    metadata,
    _key("number", primary_key=True),
    _key("command_id", primary_key=True),
    _key("message", nullable=False),
    _key("actor_kind", nullable=False),
    _key("actor", nullable=False),
    Column("at", Instant, nullable=False),
    _key("fingerprint", nullable=False),
    _key("rule", nullable=False),
)

# People who sign in (S22). Secrets are kept as hashes only.

accounts = Table(
    "accounts",
    metadata,
    _key("person", primary_key=True),
    Column("password_hash", String(300), nullable=False),
    Column("changed_at", Instant, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    _key("hash", primary_key=True),
    _key("person", nullable=False),
    _key("way", nullable=False),
    Column("began_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Index(None, "person"),
)

one_time_links = Table(
    "one_time_links",
    metadata,
    _key("hash", primary_key=True),
    _key("person", nullable=False),
    _key("purpose", nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("used_at", Instant),
    Index(None, "ends_at"),
)

# Sign-in links asked for and not yet sent. They are not letters about an incident: nothing of them is kept.
link_requests = Table(
    "link_requests",
    metadata,
    _key("id", primary_key=True),
    _key("person"),
    Column("asked_at", Instant, nullable=False),
    Column("next_attempt_at", Instant, nullable=False),
    Index(None, "next_attempt_at"),
)

# Who an identity provider means by its subject: kept at the first sign-in, so that an address changed there later opens nobody else's account.
identities = Table(
    "identities",
    metadata,
    Column("issuer", String(500), primary_key=True),
    Column("subject", String(255), primary_key=True),
    _key("person", nullable=False),
    Column("since", Instant, nullable=False),
    Index(None, "issuer", "person", unique=True),
)

# How often something was tried in a window of time: by account and by address.
throttles = Table(
    "throttles",
    metadata,
    Column("key", String(200), primary_key=True),
    Column("began_at", Instant, nullable=False),
    Column("count", Integer, nullable=False),
)

# The audit of signing in and of all changes to directory, catalogue and keys: append-only, but for people who are erased. ``person`` is who it is about, ``actor`` who did it,
# ``subject`` what was changed, such as "group network"; before and after hold what differs, never a secret. Words of people stand in them.
security_events = Table(
    "security_events",
    metadata,
    _key("id", primary_key=True),
    Column("at", Instant, nullable=False),
    _key("kind", nullable=False),
    _key("person"),
    _key("address"),
    Column("detail", String(200), nullable=False),
    _key("actor"),
    Column("subject", String(200)),
    Column("before", JSON(none_as_null=True)),
    Column("after", JSON(none_as_null=True)),
    Index(None, "at", "id"),
)

# Erasures that have not come to their end (activities/erasure). Without ``person`` the record is done with, and the database has still to let go of old bytes.
erasures = Table(
    "erasures",
    metadata,
    _key("pseudonym", primary_key=True),
    _key("person"),
    Column("began_at", Instant, nullable=False),
    # rows that were changed or taken away so far, by table
    Column("counts", JSON, nullable=False),
)
