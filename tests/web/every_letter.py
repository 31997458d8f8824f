"""Every letter of the desk in both languages, as a relay gets it: owed through the record, written and sent by the real mail room."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from html.parser import HTMLParser

from aiosmtpd.controller import Controller
from pydantic import TypeAdapter
from sqlalchemy import select, update

from activities.database.tables import incidents, letters, people
from activities.mail.mail_room import MailRoom
from activities.records import Records
from emails.letters import HAS_ANSWER_LINK, HAS_SURVEY_LINK
from tests.activities.post_office import Post, send_all
from tests.api.asked import survey_is_out
from tests.api.house import RunningDesk
from tests.emails.test_languages import FULL
from tests.ports import free_port
from workflows.publication import LetterOwed, Publication, Snapshot
from workflows.vocabulary import Audience, LetterName, Priority

READERS = {"carla": "en", "dora": "tr"}
SIGN_IN = "sign_in"
# Letters about an incident that is over; all others are about one that is resolved and waits for an answer.
_AFTER_CLOSURE = HAS_SURVEY_LINK | {LetterName.CLOSED, LetterName.LOW_SCORE}
_IN_THE_DIGEST = (*HAS_ANSWER_LINK, *HAS_SURVEY_LINK, LetterName.RECEIVED, LetterName.PROGRESS)
_ADDRESS = re.compile(r"https?://[^\s<>\"']+")
_CAUSES = 900


@dataclass(frozen=True)
class Mailed:
    """A letter as its reader got it."""

    name: str
    language: str
    message: EmailMessage

    @property
    def addresses(self) -> set[str]:
        """Whatever in it leads somewhere or loads something: in both parts, and in the header that mail programs make a button of."""
        page = _Addresses()
        page.feed(self.part("html"))
        header = str(self.message.get("List-Unsubscribe", ""))
        return {*page.found, *_ADDRESS.findall(self.part("plain")), *_ADDRESS.findall(header)}

    def part(self, kind: str) -> str:
        """The text of its ``plain`` or ``html`` part."""
        body = self.message.get_body((kind,))
        assert body is not None
        return str(body.get_content())


class _Addresses(HTMLParser):
    """Reads a page as scanners do: whatever in it leads somewhere or loads something."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 -- the same for every tag
        """Notes what its attributes name."""
        self.found += [value for name, value in attrs if value and name in {"href", "src", "action", "formaction", "background"}]

    def handle_data(self, data: str) -> None:
        """Notes what mail programs make a link of."""
        self.found += _ADDRESS.findall(data)


def every_letter(desk: RunningDesk) -> list[Mailed]:
    """What the relay got. The desk then has, for each reader, an incident that waits for their answer and one whose survey is out."""
    desk.run(read_in(desk, READERS))
    for person in READERS:
        desk.run(_owe(desk, person, desk.resolved(person), survey_is_out(desk, person)))
        assert desk.as_(None).post("/sign-in", data={"name": person, "how": "link"}).status_code == 200
    with _relay() as post:
        to_post = {"smtp_host": "127.0.0.1", "smtp_port": post.port, "smtp_security": "none"}
        room = MailRoom(desk.engine, desk.settings.model_copy(update=to_post), desk.client)
        desk.run(send_all(desk.engine, room))
    names = desk.run(_names(desk))
    return [_mailed(BytesParser(policy=policy.default).parsebytes(wire), names) for wire in post.accepted]


@contextmanager
def _relay() -> Iterator[Post]:
    post = Post(port=free_port())
    controller = Controller(post, hostname="127.0.0.1", port=post.port)
    controller.start()
    yield post
    controller.stop()


async def read_in(desk: RunningDesk, languages: Mapping[str, str]) -> None:
    """The directory says that these people read in these languages."""
    async with desk.engine.begin() as connection:
        for person, language in languages.items():
            await connection.execute(update(people).where(people.c.id == person).values(language=language))


async def _owe(desk: RunningDesk, person: str, resolved: str, closed: str) -> None:
    """Each letter alone, as P1 is, and then so many at once that they become a digest."""
    singly = [(name, Priority.P1) for name in LetterName]
    for cause, (name, priority) in enumerate([*singly, *((name, Priority.P3) for name in _IN_THE_DIGEST)], start=_CAUSES):
        facts = await _facts(desk, closed if name in _AFTER_CLOSURE else resolved)
        told = replace(FULL, title=facts.title, priority=priority)
        owed = LetterOwed(name, Audience.CALLER, cause, facts.cycle, datetime.now(UTC), None, (person,), told)
        await Records(desk.engine).publish(Publication(facts, facts.version, (), (), (owed,)))


async def _facts(desk: RunningDesk, number: str) -> Snapshot:
    async with desk.engine.connect() as connection:
        known = (await connection.execute(select(incidents.c.facts).where(incidents.c.number == number))).scalar_one()
    return TypeAdapter(Snapshot).validate_python(known)


async def _names(desk: RunningDesk) -> dict[str, str]:
    """The name of each letter by its Message-ID."""
    async with desk.engine.connect() as connection:
        sent = select(letters.c.message_id, letters.c.letter).where(letters.c.message_id.is_not(None))
        return {row.message_id: row.letter for row in await connection.execute(sent)}


def _mailed(message: EmailMessage, names: Mapping[str, str]) -> Mailed:
    return Mailed(names.get(message["Message-ID"], SIGN_IN), READERS[message["To"].addresses[0].username], message)
