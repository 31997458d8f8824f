"""Reads the table of who meets what where, and asks a running desk the same (process.md S22)."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import delete, insert

from activities.access.accounts import Purpose, make_link
from activities.access.keys import issue_key, revoke_key
from activities.access.sessions import begin, end
from activities.database.tables import letters, rotas, services
from activities.incident_numbers import number_of
from api.examples import EXAMPLES
from tests.api.asked import survey_is_out
from tests.api.house import LONGEST, RunningDesk
from tests.files import TEXT
from workflows.messages import COMMANDS, Report

TABLE = Path(__file__).with_name("access_table.txt")
NOBODYS = number_of(987_654)
# After these the incident is not what it was: each is sent to an incident of its own, in this state.
_ENDS = {"confirm": "resolved", "reject": "resolved", "reopen": "resolved", "answer": "resolved", "cancel": "open"}


@dataclass(frozen=True)
class Line:
    """What each kind of caller is answered at one route about one object."""

    method: str
    route: str
    object: str
    expected: dict[str, str]

    def __str__(self) -> str:
        return f"{self.method:<5} {self.route:<49} {self.object:<8}" + " ".join(f"{each:<7}" for each in self.expected.values()).rstrip()


def read_table() -> tuple[tuple[str, ...], list[Line]]:
    """The kinds of callers, and all lines."""
    rows = [line.split() for line in TABLE.read_text(encoding="utf-8").splitlines() if line.strip() and not line.startswith("#")]
    callers = tuple(rows[0][3:])
    return callers, [Line(row[0], row[1], row[2], dict(zip(callers, row[3:], strict=True))) for row in rows[1:]]


def objects_of(route: str) -> tuple[str, ...]:
    """What a route can be asked about: things of two callers and none, a link of one of them or none, or nothing at all."""
    if "{token}" in route or "{code}" in route:
        return ("carla's" if "{token}" in route else "-", "none")
    if any(part in route for part in ("{group}", "{rota}", "{service}")):
        return ("-", "none")
    return ("carla's", "dora's", "none") if "{" in route.replace("{form}", "") else ("-",)


class World:
    """A desk with an incident of carla (with group network), one of dora, and none of nobody; and everybody who may ask about them."""

    def __init__(self, desk: RunningDesk, carlas: Mapping[str, Any] | None = None) -> None:
        """``carlas``: what else carla reports than a title."""
        self.desk = desk
        # Shared by all who ask: to make one takes longer than most questions.
        self._wire = httpx.HTTPTransport()
        self.numbers = {"carla's": self._report("carla", **carlas or {}), "dora's": self._report("dora"), "none": NOBODYS}
        self.commands = {whose: self._told(whose) for whose in ("carla's", "dora's")} | {"none": "no-such-command"}
        self.letters = {whose: self._letter(number) for whose, number in self.numbers.items() if whose != "none"} | {"none": "none:1"}
        self.files = {whose: self._added(whose) for whose in ("carla's", "dora's")} | {"none": "no-such-file"}
        desk.run(self._catalogue())
        self.asked = survey_is_out(desk, "carla")
        revoked = desk.run(issue_key(desk.engine, person="noah", label="lost"))
        desk.run(revoke_key(desk.engine, revoked.id))
        self.keys = desk.keys | {"ended": revoked.secret}

    def ask(self, line: Line, caller: str, *, with_key: bool = True, with_session: bool = True) -> httpx.Response:
        """The answer to this caller, who shows key and session at once where they have both."""
        path = self._path(line, caller)
        return self._client(caller, with_key=with_key, with_session=with_session).request(
            line.method, path, timeout=LONGEST, **self._sent(line)
        )

    def listen(self, path: str, caller: str) -> httpx.Response:
        """The answer to somebody who wants a feed, up to its first news."""
        with self._client(caller).stream("GET", path, headers={"Accept": "text/event-stream"}) as answer:
            first = next(answer.iter_bytes(), b"")
        return httpx.Response(answer.status_code, headers={"X-Was": str(dict(answer.headers))}, content=first)

    def _client(self, caller: str, *, with_key: bool = True, with_session: bool = True) -> httpx.Client:
        headers = {"Authorization": f"Bearer {self.keys[caller]}"} if caller in self.keys and with_key else {}
        token = self._session(caller) if with_session else None
        cookies = {"holdfast": token} if token else None
        headers |= {"Sec-Fetch-Site": "same-origin"}
        return httpx.Client(transport=self._wire, base_url=self.desk.base_url, headers=headers, cookies=cookies)

    def _session(self, caller: str) -> str | None:
        """New for each question: some questions end it."""
        if caller in ("nobody", "monitor"):
            return None
        token = self.desk.run(begin(self.desk.engine, "noah" if caller == "ended" else caller, "test", datetime.now(UTC)))
        if caller == "ended":
            self.desk.run(end(self.desk.engine, token))
        return token

    def _path(self, line: Line, caller: str) -> str:
        given: dict[str, Callable[[], str]] = {
            "{number}": lambda: self._number(line, caller),
            "{command_id}": lambda: self.commands[line.object],
            "{key:path}": lambda: self.letters[line.object],
            "{file}": lambda: self.files[line.object],
            "{person}": lambda: line.object.removesuffix("'s") if line.object != "none" else "nobody-at-all",
            "{key}": lambda: self._key(line.object),
            "{group}": lambda: "network" if line.object == "-" else "no-such-group",
            "{rota}": lambda: "network" if line.object == "-" else "no-such-rota",
            "{service}": lambda: "payroll" if line.object == "-" else "no-such-service",
            "{code}": lambda: "busy" if line.object == "-" else "no-such-problem",
            "{command}": lambda: "note",
            "{form}": lambda: (
                "csv?from=2026-11-01&to=2026-12-01"
                if line.route.startswith("/admin")
                else "jsonl?from=2026-11-01T00:00:00Z&to=2026-12-01T00:00:00Z"
            ),
            "{token}": lambda: self._token(line),
        }
        path = line.route
        for name, value in given.items():
            path = path.replace(name, value()) if name in path else path
        assert "{" not in path, f"{path}: say in World._path what stands for this part of the address"
        return path

    def _number(self, line: Line, caller: str) -> str:
        """An incident of its own for commands that change who may do what next, if sent by somebody who may; who takes one may reopen it."""
        command, person = line.route.rpartition("/")[2], line.object.removesuffix("'s")
        is_stopped = command != "reopen" and line.expected.get(caller, "")[:2] == "40" and line.expected.get(caller) != "409"
        if line.method == "GET" or line.object == "none" or command not in _ENDS or is_stopped:
            return self.numbers[line.object]
        number = self._report(person)
        if _ENDS[command] == "resolved":
            assert self.desk.tell(number, "resolve", code="fixed", notes="Changed the cable.").status_code == 200
        return number

    def _token(self, line: Line) -> str:
        if line.object == "none":
            return "no-such-token"
        person, desk = line.object.removesuffix("'s"), self.desk
        if line.route.startswith("/sign-in"):
            return desk.run(make_link(desk.engine, person, Purpose.SIGN_IN, datetime.now(UTC)))
        purpose = {"l": "answer", "s": "survey", "u": "no_surveys"}[line.route[1]]
        number = self.asked if purpose == "survey" else self.numbers[line.object]
        return desk.link(number, person, purpose=purpose).rpartition("/")[2]

    def _sent(self, line: Line) -> dict[str, Any]:
        if line.method != "POST":
            return {}
        if line.route.endswith("/files"):
            return {"files": {"file" if line.route.startswith("/api") else "files": ("jam.txt", TEXT)}}
        if line.route.startswith("/api/v1"):
            command = line.route.rpartition("/")[2]
            return {"json": EXAMPLES[COMMANDS[command]] if command in COMMANDS else EXAMPLES[Report]}
        form = {
            "/sign-in": {"name": f"nobody-{secrets.token_hex(4)}", "password": "not theirs at all"},
            "/sign-in/link/{token}": {"me": "yes"},
            "/account/password": {"present": "not theirs at all", "password": "x", "again": "x"},
            "/account/keys": {"keys": "on"},
            "/portal/report": {"title": "The door does not open", "topic": "hardware"},
            "/portal/incidents/{number}/message": {"text": "Any news?"},
            "/portal/incidents/{number}/answer": {"choice": "works"},
            "/console/report": {"title": "The door does not open", "who": "carla", "channel": "phone"},
            "/console/together": {"pick": self.numbers["carla's"] + "@1", "command": "take"},
            "/console/{number}/{command}": {"text": "Spare switch is in the store room.", "version": self._version(line.object)},
            "/outbox/{key:path}": {"count": "1"},
        }.get(line.route, {})
        return {"data": form}

    def _report(self, person: str, **more: Any) -> str:
        return self.desk.report(person, category="network" if person == "carla" else "printing", **more)

    async def _catalogue(self) -> None:
        """A rota and a service, which the people of tests.api.house do not bring along."""
        layer = {"people": ["asha"], "starts": "2026-01-05T09:00:00", "turn_days": 7}
        async with self.desk.engine.begin() as connection:
            await connection.execute(insert(rotas).values(id="network", definition={"zone": "UTC", "layers": [layer]}))
            await connection.execute(insert(services).values(id="payroll", name="Payroll", retired=False))

    def _key(self, whose: str) -> str:
        """A key of its own for each question: some revoke it."""
        return "key-none" if whose == "none" else self.desk.run(issue_key(self.desk.engine, person=whose.removesuffix("'s"))).id

    def _version(self, whose: str) -> str:
        return str(self.desk.read(self.numbers[whose])["version"]) if whose in self.letters and whose != "none" else "1"

    def _told(self, whose: str) -> str:
        person = whose.removesuffix("'s")
        answer = self.desk.tell(self.numbers[whose], "message", person, text="Any news?")
        assert answer.status_code == 200, answer.text
        return answer.headers["Command-Id"]

    def _added(self, whose: str) -> str:
        path, upload = f"/api/v1/incidents/{self.numbers[whose]}/files", {"file": ("jam.txt", TEXT)}
        answer = self.desk.as_(whose.removesuffix("'s")).post(path, files=upload)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])

    def _letter(self, number: str) -> str:
        now, key = datetime.now(UTC), f"{number}:9"
        line = {"key": key, "number": number, "letter": "received", "recipient": "carla", "cycle": 0, "cause": 1, "at": now, "facts": {}}
        state = {
            "state": "failed",
            "attempts": 1,
            "unknown_outcomes": 0,
            "next_attempt_at": now,
            "subject": "x",
            "text": "x",
            "html": "<p>x</p>",
        }

        async def write() -> None:
            async with self.desk.engine.begin() as connection:
                await connection.execute(delete(letters).where(letters.c.key == key))
                await connection.execute(insert(letters).values(line | state))

        self.desk.run(write())
        return key
