"""A record in which somebody is everywhere, and what a sweep through all of it finds (process.md S21)."""

from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import Text, cast, select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.database.tables import (
    accounts,
    api_keys,
    events,
    files,
    groups,
    identities,
    incidents,
    intake,
    letters,
    link_requests,
    memberships,
    metadata,
    one_time_links,
    outcomes,
    people,
    preferences,
    rotas,
    rounds,
    security_events,
    services,
    sessions,
    surveys,
    throttles,
    turned_away,
)
from activities.erasure.histories import NotGoneError
from activities.files.kept_files import Upload, file_id, store
from activities.front_door import signature
from activities.records import Records
from tests.process.life import ASHA, TUESDAY, Life
from workflows.attachments import AttachFile
from workflows.messages import Actor, Approve, Cancel, Hold, Note, PublicMessage, Reject, Report, Resolve, Sent, Take
from workflows.publication import Published
from workflows.vocabulary import ActorKind, CancelReason, HoldReason, Role

# Whatever is about the person begins so, and nothing else does.
MARK = "zq"
CARLA = Actor(ActorKind.PERSON, f"{MARK}carla", (Role.CALLER,))
LINKED = Actor(ActorKind.LINK, CARLA.id, (Role.CALLER,))
DORA = Actor(ActorKind.PERSON, "dora", (Role.CALLER,))
HERS, OTHER, OPEN = "INC-1001-2", "INC-1002-0", "INC-1003-9"


@dataclass
class Memory:
    """Stands where Temporal would: which processes run, which histories are left, and whether it takes too long to delete them."""

    runs: set[str] = field(default_factory=set)
    left: set[str] = field(default_factory=set)
    is_slow: bool = False
    on_delete: Callable[[], Any] | None = None

    async def running(self, numbers: Collection[str]) -> frozenset[str]:
        """Of which of these the process still runs."""
        return frozenset(self.runs & set(numbers))

    async def delete(self, numbers: Collection[str], _patience: float, _say: Callable[[str], None]) -> None:
        """Takes them away."""
        assert not self.runs & set(numbers), "a process that runs was deleted"
        if self.on_delete:
            await self.on_delete()
        if self.is_slow:
            raise NotGoneError
        self.left -= set(numbers)


def hers(what: str) -> str:
    """Words of the person, to be looked for."""
    return f"{MARK}{what} said"


async def everywhere(engine: AsyncEngine, mark: str = MARK) -> set[str]:
    """Each table and column in which the mark stands, whatever its type."""
    found = set()
    async with engine.connect() as connection:
        for table in metadata.sorted_tables:
            for column in table.columns:
                shown = cast(column, Text)
                rows = (await connection.execute(select(shown))).scalars() if column.name != "content" else await _contents(connection)
                found |= {f"{table.name}.{column.name}" for value in rows if value is not None and mark.lower() in str(value).lower()}
    return found


async def _contents(connection: Any) -> list[str]:
    rows = (await connection.execute(text("SELECT content FROM file_parts"))).scalars()
    return [bytes(each).decode("utf-8", "replace") for each in rows]


async def counted(engine: AsyncEngine) -> dict[str, Any]:
    """Everything in the record, to be compared."""
    async with engine.connect() as connection:
        return {table.name: sorted(str(row) for row in await connection.execute(select(table))) for table in metadata.sorted_tables}


async def publish(engine: AsyncEngine, life: Life) -> None:
    """What happened is in the record, and the record has answered."""
    publication = life.incident.publication()
    await Records(engine).publish(publication)
    life.incident.published(Published(publication.up_to), life.now)


async def _parts(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def _attach(engine: AsyncEngine, life: Life, who: Actor, command: str, name: str, *, inside: bool = False) -> None:
    number, content = life.facts.number, hers("bytes").encode()
    message = AttachFile(file_id(number, command), len(content), "txt", f"{MARK}digest".encode().hex()[:64].ljust(64, "0"), inside)
    sent = Sent(command, who, TUESDAY, message, f"{MARK}print")
    await store(engine, Upload(number, name, sent, False), _parts(content), TUESDAY)
    life.says(who, message, command)
    await publish(engine, life)


async def fill(engine: AsyncEngine) -> None:
    """Directory, one incident of the person, one of somebody else in which they had a say, one of somebody else that still runs."""
    await _fill_directory(engine)
    await _fill_hers(engine)
    other = Life(Report("Router is down", category="network"), reporter=DORA, number=OTHER)
    await publish(engine, other)
    for each in (Take(), PublicMessage("We look at it"), Note("An agent's note stays"), Resolve("fixed", "Restarted it")):
        other.says(Actor(ActorKind.PERSON, CARLA.id, (Role.AGENT,), ("service-desk",)), each, _command(f"other-{type(each).__name__}"))
        await publish(engine, other)
    other.passes(timedelta(days=30))
    await publish(engine, other)
    still = Life(Report("Slow network", category="network"), reporter=DORA, number=OPEN)
    still.says(Actor(ActorKind.PERSON, CARLA.id, (Role.AGENT,), ("service-desk",)), Note("Seen this before"), _command("open"))
    await publish(engine, still)
    await _fill_rest(engine)


def _command(name: str) -> str:
    return f"{MARK}{name}~{signature(ActorKind.PERSON, CARLA.id)}"


async def _fill_hers(engine: AsyncEngine) -> None:
    fields = (
        "title",
        "description",
        "contact",
        "symptoms",
        "reference",
        "configuration_item",
        "people_affected",
        "work_stopped",
        "can_wait",
    )
    life = Life(Report(**{each: hers(each) for each in fields}), reporter=CARLA, number=HERS)  # type: ignore[arg-type]
    await publish(engine, life)
    await _attach(engine, life, CARLA, _command("file"), f"{MARK}secret.txt")
    for who, message in (
        (ASHA, Take()),
        (ASHA, Note(hers("note"))),
        (CARLA, PublicMessage(hers("message"))),
        (ASHA, Hold(HoldReason.CALLER, question=hers("question"))),
        (CARLA, PublicMessage(hers("answer"))),
        (ASHA, Resolve("fixed", hers("notes"))),
        (LINKED, Reject(hers("rejection"))),
        (CARLA, Approve()),
        (ASHA, Resolve("fixed", hers("again"))),
    ):
        life.says(who, message, _command(f"hers-{life.facts.version}") if who.id == CARLA.id else f"agent-{life.facts.version}")
        await publish(engine, life)
    life.passes(timedelta(days=30))
    await publish(engine, life)
    async with engine.begin() as connection:
        await connection.execute(update(files).values(digest=f"{MARK}digest"))
        await connection.execute(
            update(outcomes).where(outcomes.c.number == HERS).values(fingerprint=f"{MARK}print", detail=hers("detail"))
        )
        known = (await connection.execute(select(incidents.c.facts).where(incidents.c.number == HERS))).scalar_one()
        await connection.execute(update(incidents).where(incidents.c.number == HERS).values(facts=known | {"comment": hers("comment")}))
        rated = {
            "number": HERS,
            "seq": 900,
            "at": life.now,
            "kind": "rated",
            "actor_kind": "link",
            "actor": CARLA.id,
            "command_id": f"link:{MARK}1",
        }
        said: dict[str, Any] = {
            "before": {"comment": hers("before")},
            "after": {"comment": hers("comment"), "score": 2, "new_words": hers("new")},
        }
        await connection.execute(events.insert().values(rated | said | {"edition": known["edition"], "public": True}))
        survey = {
            "number": HERS,
            "version": 900,
            "person": CARLA.id,
            "state": "answered",
            "planned_at": life.now,
            "score": 2,
            "comment": hers("comment"),
        }
        await connection.execute(surveys.insert().values(survey))
        rendered = {name: hers(name) for name in ("subject", "text", "html", "headers", "envelope_sender", "smtp_reply")}
        await connection.execute(update(letters).where(letters.c.number == HERS).values(rendered | {"state": "sent", "sent_at": life.now}))
        late = {
            "number": HERS,
            "command_id": _command("late"),
            "message": "message",
            "actor_kind": "person",
            "actor": CARLA.id,
            "at": life.now,
        }
        await connection.execute(turned_away.insert().values(late | {"fingerprint": f"{MARK}print", "rule": "closed_is_final"}))
        digest = {
            "key": "digest:asha:1",
            "number": "",
            "letter": "digest",
            "recipient": "asha",
            "facts": {},
            "state": "sent",
            "digest": None,
        }
        to_her = {"key": f"digest:{CARLA.id}:1", "recipient": CARLA.id, "message_id": f"<{MARK}@desk>", "resent_by": CARLA.id}
        plain = {"cycle": 0, "cause": 1, "at": life.now, "attempts": 1, "unknown_outcomes": 0, "next_attempt_at": life.now}
        await connection.execute(
            letters.insert(), [digest | plain | rendered | {"message_id": None, "resent_by": None}, digest | plain | rendered | to_her]
        )
        for who in ("asha", CARLA.id):
            await connection.execute(
                update(letters).where(letters.c.number == HERS, letters.c.recipient == who).values(digest=f"digest:{who}:1")
            )


async def _fill_directory(engine: AsyncEngine) -> None:
    named = {"language": "en", "zone": "UTC", "absent_from": None, "absent_until": None}
    async with engine.begin() as connection:
        for person in (CARLA.id, "dora", "asha"):
            line = {
                "id": person,
                "name": f"{person} name",
                "email": f"{person}@example.org",
                "roles": ["caller", "agent"],
                "disabled_at": None,
            }
            await connection.execute(people.insert().values(line | named))
        await connection.execute(groups.insert().values(id="service-desk", name="Desk", level=1, lead=CARLA.id, email=None))
        await connection.execute(memberships.insert(), [{"group": "service-desk", "person": each} for each in (CARLA.id, "asha")])


async def _fill_rest(engine: AsyncEngine) -> None:
    who, now = {"person": CARLA.id}, TUESDAY
    layer = {"people": ["asha"], "starts": "2026-01-05T09:00:00", "turn_days": 7}
    left = update(people).where(people.c.id == CARLA.id).values(disabled_at=now)
    over = {"person": CARLA.id, "from": "2026-01-05T09:00:00+00:00", "to": "2026-01-06T09:00:00+00:00"}
    noted = {"at": now, "kind": "person_changed", "address": f"{MARK}address", "detail": hers("detail"), "actor": None, "subject": None}
    noted |= {"before": None, "after": None, "person": None}
    async with engine.begin() as connection:
        await connection.execute(left)
        await connection.execute(accounts.insert().values(who | {"password_hash": f"{MARK}hash", "changed_at": now}))
        await connection.execute(
            sessions.insert().values(who | {"hash": f"{MARK}1", "way": MARK, "began_at": now, "seen_at": now, "ends_at": now})
        )
        await connection.execute(
            one_time_links.insert().values(who | {"hash": f"{MARK}1", "purpose": MARK, "ends_at": now, "used_at": now})
        )
        await connection.execute(link_requests.insert().values(who | {"id": f"{MARK}1", "asked_at": now, "next_attempt_at": now}))
        await connection.execute(identities.insert().values(who | {"issuer": f"https://{MARK}", "subject": f"{MARK}1", "since": now}))
        await connection.execute(preferences.insert().values(who | {"declines": f"{MARK}1", "since": now}))
        await connection.execute(rounds.insert().values(who | {"group": "service-desk"}))
        key = {"id": f"{MARK}1", "hash": f"{MARK}1", "integration": None, "roles": [MARK], "label": hers("label"), "created_at": now}
        await connection.execute(api_keys.insert().values(who | key))
        await connection.execute(throttles.insert().values(key=f"password {CARLA.id}", began_at=now, count=3))
        await connection.execute(services.insert().values(id="mail", name="Mail", owner_person=CARLA.id, retired=False))
        await connection.execute(rotas.insert().values(id="major", definition={"zone": "UTC", "layers": [layer], "overrides": [over]}))
        fingerprint = f"{MARK}print"
        taken = {"channel": "api", "accepted_at": now, "fingerprint": fingerprint}
        await connection.execute(
            intake.insert(),
            [
                taken | {"key": f"person/{CARLA.id}/{MARK}-key", "number": HERS, "started_at": None},
                taken | {"key": "person/dora/key", "number": OTHER, "started_at": now, "fingerprint": "of-dora"},
            ],
        )
        member = {"before": {"members": [CARLA.id, "asha"], "lead": CARLA.id}, "after": {"members": ["asha"], "lead": None}}
        mine = {
            "subject": f"person {CARLA.id}",
            "person": CARLA.id,
            "before": {"name": hers("name")},
            "after": {"name": hers("name"), "roles": [MARK]},
        }
        her_hand = {"actor": CARLA.id, "subject": "rota major", "detail": "", "after": {"layers": [{"people": [CARLA.id]}]}}
        of_others = {"address": "192.0.2.7", "detail": "", "actor": "adam"}
        lines = [
            mine,
            of_others | {"subject": "group service-desk"} | member,
            her_hand,
            of_others | {"subject": "service mail", "after": {"owner_person": CARLA.id}},
        ]
        await connection.execute(security_events.insert(), [noted | each | {"id": f"line-{place}"} for place, each in enumerate(lines)])


def cancelled(number: str) -> Life:
    """An incident of the person that is over."""
    life = Life(Report(hers("title")), reporter=CARLA, number=number)
    life.says(CARLA, Cancel(CancelReason.TEST), _command("cancel"))
    return life
