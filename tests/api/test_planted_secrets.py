"""What somebody may not see is nowhere: not in an answer, a header, a letter, a hit or the log (process.md S21, S22)."""

import json
import logging
from collections.abc import Iterable, Iterator, MutableMapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update
from structlog.testing import capture_logs

from activities.access.accounts import set_password
from activities.database.tables import accounts, api_keys, letters, people
from activities.mail.mail_room import MailRoom
from tests.api.access_table import Line, World, read_table
from tests.api.house import LINK_KEY, RunningDesk, running_desk

CALLERS, LINES = read_table()
DESK = frozenset({"noah", "asha", "ines", "omar", "aude", "adam", "monitor"})
FIELDS = ("title", "description", "contact", "symptoms", "reference", "work_stopped", "people_affected", "can_wait", "configuration_item")
OTHERS_OF_CARLA = ("message", "answer", "name", "mail", "comment")
INSIDE = ("note", "diagnosis", "reason", "override", "agentname")
EVERYTHING = (*FIELDS, *OTHERS_OF_CARLA, *INSIDE)
PASSWORD = "zqpassword and a few words"


def planted(what: str) -> str:
    """A text with a word to search for, and a marker that nobody types and that therefore comes from the record alone."""
    return f"{word(what)} {marker(what)}"


def word(what: str) -> str:
    """To search for."""
    return f"zq{what.replace('_', '')}"


def marker(what: str) -> str:
    """To look out for."""
    return f"{word(what)}hidden"


@dataclass
class Seen:
    """Everything that came out of the desk, by who got it."""

    by: dict[str, list[tuple[str, str]]] = field(default_factory=dict)

    def note(self, caller: str, where: str, answer: httpx.Response) -> None:
        """Headers and body."""
        self.by.setdefault(caller, []).append((where, f"{dict(answer.headers)}\n{answer.text}"))

    def places_of(self, secret: str, caller: str) -> list[str]:
        """Where this caller met it."""
        return [where for where, text in self.by.get(caller, ()) if secret in text]


def _rows(desk: RunningDesk, query: Any) -> list[Any]:
    async def read() -> list[Any]:
        async with desk.engine.connect() as connection:
            return list((await connection.execute(query)).all())

    return desk.run(read())


def _plant(world: World) -> None:
    """The life of carla's incident, told by many, with work notes between; and the secrets of the door."""
    desk, number = world.desk, world.numbers["carla's"]

    async def names() -> None:
        async with desk.engine.begin() as connection:
            await connection.execute(
                update(people).where(people.c.id == "carla").values(name=marker("name"), email=f"{marker('mail')}@example.org")
            )
            await connection.execute(update(people).where(people.c.id.in_(("noah", "asha"))).values(name=marker("agentname")))

    desk.run(names())
    desk.run(set_password(desk.engine, "carla", PASSWORD))
    for command, by, said in (
        ("take", "asha", {}),
        ("note", "asha", {"text": planted("note")}),
        ("message", "carla", {"text": planted("message")}),
        ("message", "asha", {"text": planted("answer")}),
        ("reprioritise", "asha", {"impact": 1, "urgency": 2, "reason": planted("reason")}),
        ("override_priority", "ines", {"priority": "P1", "reason": planted("override")}),
        ("escalate", "asha", {"diagnosis": planted("diagnosis"), "group": "network"}),
        ("assign", "noah", {"group": "network", "person": "noah"}),
        ("hold", "noah", {"reason": "vendor"}),
        ("resolve", "noah", {"code": "fixed", "notes": "Changed the cable."}),
    ):
        answer = desk.tell(number, command, by, **said)
        assert answer.status_code == 200, (command, answer.text)
    assert desk.tell(world.asked, "rate", "carla", score=1, comment=planted("comment")).status_code == 200


class _Kept(logging.Handler):
    """What libraries write into their own logs."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keeps the line."""
        self.lines.append(record.getMessage())


@dataclass
class Swept:
    """What came out, the letters as written, and the log."""

    seen: Seen
    world: World
    letters: list[Any]
    own_log: list[MutableMapping[str, Any]]
    other_logs: list[str]

    def logged(self) -> str:
        """All of it as one text."""
        return "\n".join([*(json.dumps(entry, default=str) for entry in self.own_log), *self.other_logs])


def _elsewhere(world: World) -> list[str]:
    """Addresses that the table does not have: searches, filters, stretches, and pages that repeat what was asked."""
    number = world.numbers["carla's"]
    narrowed = ("limit=200", "status=in_progress", "order=changed", "group=network", "person=noah", "cursor=zq")
    return [
        *(f"{place}?q={word(each)}" for each in EVERYTHING for place in ("/api/v1/incidents", "/console")),
        *(f"/api/v1/incidents?{each}" for each in narrowed),
        *(
            f"{place}/{number}?before={before}"
            for before in (1, 3, 5, 100)
            for place in ("/api/v1/incidents", "/portal/incidents", "/console")
        ),
        f"/api/v1/incidents/{world.asked}",
        f"/console/{world.asked}",
        f"/portal/incidents/{world.asked}",
        f"/outbox?number={number}",
        "/outbox?person=carla",
        "/figures?by=category",
        "/figures.csv?by=group",
        "/sign-in?next=/portal/incidents/" + number,
        "/nowhere",
    ]


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Swept]:
    """A desk of its own, planted, and asked everything by everybody; then the letters it owed are written."""
    kept = _Kept()
    logging.getLogger().addHandler(kept)
    with capture_logs() as own_log, running_desk(tmp_path_factory.mktemp("desk")) as desk:
        world, seen = World(desk, {each: planted(each) for each in FIELDS}), Seen()
        _plant(world)
        for caller in CALLERS:
            _ask_everything(world, caller, seen)
        room = MailRoom(desk.engine, desk.settings, desk.client)
        while desk.run(room.send_next()):
            pass
        written = _rows(
            desk, select(letters.c.recipient, letters.c.letter, letters.c.subject, letters.c.text, letters.c.html, letters.c.headers)
        )
        yield Swept(seen, world, written, own_log, kept.lines)
    logging.getLogger().removeHandler(kept)


def _ask_everything(world: World, caller: str, seen: Seen) -> None:
    is_of_desk = caller in DESK
    for line in LINES:
        is_link_of_carla = "{token}" in line.route and line.object == "carla's" and caller != "carla"
        # Links are for whoever has them; and what the desk may send is another test's matter.
        if not is_link_of_carla and (line.method == "GET" or not is_of_desk):
            seen.note(caller, str(line), world.ask(line, caller))
    for address in _elsewhere(world):
        seen.note(caller, address, world.ask(Line("GET", address, "-", {}), caller))
    number = world.numbers["carla's"]
    for address in ("/console/live", f"/console/{number}/live"):
        seen.note(caller, f"{address} as a feed", world.listen(address, caller))


def _met(seen: Seen, secrets: Iterable[str], callers: Iterable[str]) -> dict[str, list[str]]:
    return {f"{secret} by {caller}": found for secret in secrets for caller in callers if (found := seen.places_of(secret, caller))}


def test_what_is_for_the_desk_reaches_no_caller(swept: Swept) -> None:
    """Work notes, diagnoses, reasons, names of agents: in no answer to a caller, of the incident of others or of their own, nor to anybody unknown."""
    assert _met(swept.seen, map(marker, INSIDE), ("carla", "dora", "nobody", "ended")) == {}


def test_what_is_of_one_caller_reaches_no_other(swept: Swept) -> None:
    """Whatever carla wrote or is called, in whatever field: dora, strangers and holders of dead keys meet none of it."""
    assert _met(swept.seen, map(marker, (*FIELDS, *OTHERS_OF_CARLA)), ("dora", "nobody", "ended")) == {}


def test_who_may_see_does(swept: Swept) -> None:
    """The sweep would find them: each of these is seen by the desk, and what carla wrote by carla."""
    missed = [what for what in EVERYTHING if not swept.seen.places_of(marker(what), "noah")]
    missed += [what for what in (*FIELDS, "message", "answer", "name") if not swept.seen.places_of(marker(what), "carla")]
    assert missed == []
    feeds = [where for where, text in swept.seen.by["noah"] if "as a feed" in where and "text/event-stream" in text]
    assert len(feeds) == 2


def test_secrets_of_the_door_reach_nobody(swept: Swept) -> None:
    """Keys, their hashes, passwords, hashes of passwords and the key of links are in no answer, whoever asks; nor in letters or the log."""
    desk = swept.world.desk
    secrets = [*swept.world.keys.values(), PASSWORD, LINK_KEY.get_secret_value(), "$argon2"]
    secrets += [row.hash for row in _rows(desk, select(api_keys.c.hash))]
    secrets += [row.password_hash for row in _rows(desk, select(accounts.c.password_hash))]
    assert len(secrets) > 20
    assert _met(swept.seen, secrets, CALLERS) == {}
    written, logged = str(swept.letters), swept.logged()
    assert [secret for secret in secrets if secret in written or secret in logged] == []


def test_letters_tell_each_reader_their_own(swept: Swept) -> None:
    """No letter to a caller holds what is for the desk, none to dora what is carla's; those to carla do hold hers, those to the desk the rest."""
    to = {who: " ".join(str(row) for row in swept.letters if row.recipient == who) for who in {row.recipient for row in swept.letters}}
    assert {"carla", "dora", "noah"} <= to.keys()
    assert all(row.text for row in swept.letters)
    assert [what for what in INSIDE if marker(what) in to["carla"] + to["dora"]] == []
    assert [what for what in (*FIELDS, *OTHERS_OF_CARLA) if marker(what) in to["dora"]] == []
    assert [what for what in ("title", "name", "answer") if marker(what) not in to["carla"]] == []
    assert [what for what in INSIDE if marker(what) in to["noah"]] != []


def test_the_log_holds_nobodys_words(swept: Swept) -> None:
    """Neither texts nor names nor addresses, of the incident or of what was searched for; requests stand in it all the same."""
    logged = swept.logged()
    assert "/api/v1/incidents/{number}" in logged
    assert [what for what in EVERYTHING if word(what) in logged] == []
