"""What console and portal say about one incident that its reader must know before acting (process.md S5, S11, S14)."""

import re
from datetime import UTC, datetime, timedelta
from html import escape
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.database.tables import letters, people
from api.pressing import Lack, message_of
from emails.links import Link, Signer
from tests.api.house import LINK_KEY, fill_directory
from tests.api.readers import counted, publish, signed_in
from tests.process.life import ASHA, CARLA, Life
from workflows.house_messages import ReportUndeliverable
from workflows.messages import SYSTEM, Confirm, Hold, Note, PublicMessage, Report, Resolve, Take
from workflows.vocabulary import EventKind, HoldReason, Impact, Urgency


async def test_an_undelivered_question_is_said(on_file: AsyncEngine) -> None:
    """Whoever looks at a resolved incident learns that its caller was never asked, and where to mend it; nobody does once the caller has answered."""
    await fill_directory(on_file)
    life = Life(number="INC-1001-9")
    life.says(ASHA, Take())
    life.says(ASHA, Resolve("fixed", "The cable was loose."))
    await publish(on_file, life)
    async with signed_in(on_file, "asha") as browser:
        warning, page = "may not have been asked whether it works", f"/console/{life.facts.number}"
        assert warning not in (await browser.get(page)).text
        life.says(SYSTEM, ReportUndeliverable("resolved", 1, "carla", asks_for_confirmation=True))
        await publish(on_file, life)
        told = (await browser.get(page)).text
        assert warning in told
        assert f"/outbox?number={life.facts.number}" in told
        life.says(CARLA, Confirm(1))
        await publish(on_file, life)
        assert warning not in (await browser.get(page)).text


async def _becomes(database: AsyncEngine, letter: str, state: str) -> str:
    """What became of this letter to carla, without a sender; its key."""
    mine = (letters.c.letter == letter, letters.c.recipient == "carla")
    async with database.begin() as connection:
        await connection.execute(update(letters).where(*mine).values(state=state))
        return str((await connection.execute(select(letters.c.key).where(*mine))).scalar_one())


async def test_letters_stand_under_what_caused_them(database: AsyncEngine) -> None:
    """What, to whom by name, how it stands and when, for the desk alone; with the way to it for those who may read it."""
    await fill_directory(database)
    life = Life(number="INC-1001-9")
    life.says(ASHA, Take())
    life.says(ASHA, Hold(HoldReason.CALLER, "Which printer?"))
    held = life.events(EventKind.HELD)[0].seq
    await publish(database, life)
    key = await _becomes(database, "question", "kept")
    async with signed_in(database, "asha") as browser:
        page = (await browser.get(f"/console/{life.facts.number}")).text
        before = (await browser.get(f"/console/{life.facts.number}?before={held}")).text
    line = re.sub(r"<[^>]+>", "", page.partition(f'href="/outbox/{quote(key)}"')[2].partition("</li>")[0])
    assert re.search(r"question to Carla: kept \w{3} \d", line)
    assert quote(key) not in before
    assert "received" in before.partition('id="timeline"')[2]
    async with signed_in(database, "aude") as browser:
        page = (await browser.get(f"/console/{life.facts.number}")).text
    assert ("<i>question</i> to Carla" in page, "/outbox" in page) == (True, False)
    async with signed_in(database, "carla") as browser:
        assert "Letter <i>" not in (await browser.get(f"/portal/incidents/{life.facts.number}")).text


@pytest.mark.parametrize("state", ["failed", "unknown"])
async def test_whom_the_last_letter_did_not_reach_is_said(on_file: AsyncEngine, state: str) -> None:
    """As long as the incident is open, whatever its state, until a later letter reaches them; then, and at the end, nothing is said."""
    await fill_directory(on_file)
    life = Life(number="INC-1001-9")
    life.says(ASHA, Take())
    await publish(on_file, life)
    await _becomes(on_file, "received", "sent")
    async with signed_in(on_file, "asha") as browser:

        async def warns() -> bool:
            await publish(on_file, life)
            return "Not everybody has what the desk wrote last." in (await browser.get(f"/console/{life.facts.number}")).text

        assert not await warns()
        life.says(ASHA, Hold(HoldReason.CALLER, "Which printer?"))
        assert not await warns()
        await _becomes(on_file, "question", state)
        assert await warns()
        life.says(CARLA, PublicMessage("The red one."))
        assert life.facts.status == "in_progress"
        assert await warns()
        life.says(ASHA, PublicMessage("Thank you."))
        await publish(on_file, life)
        await _becomes(on_file, "progress", "sent")
        assert not await warns()
        life.says(ASHA, Resolve("fixed", "The cable was loose."))
        await publish(on_file, life)
        await _becomes(on_file, "resolved", state)
        assert await warns()
        life.passes(timedelta(days=30))
        assert life.facts.status == "closed"
        assert not await warns()


async def test_as_many_queries_for_many_letters(database: AsyncEngine) -> None:
    """However many letters an incident has, its page asks the database equally often."""
    await fill_directory(database)
    life, asked = Life(number="INC-1001-9"), []
    for _ in range(2):
        await publish(database, life)
        async with signed_in(database, "asha") as browser:
            with counted(database) as statements:
                page = (await browser.get(f"/console/{life.facts.number}")).text
        asked.append(len([each for each in statements if "SELECT" in each]))
        for each in range(20):
            life.says(ASHA, PublicMessage(f"Step {each} is done."))
    assert page.count("<i>") >= 20
    assert asked[0] == asked[1] <= 14


async def test_who_has_answered_is_not_asked_again(on_file: AsyncEngine) -> None:
    """Until it closes, list and page of the portal say that it works, and no longer that an answer is waited for."""
    await fill_directory(on_file)
    life = Life(number="INC-1001-9")
    life.says(ASHA, Take())
    life.says(ASHA, Resolve("fixed", "The cable was loose."))
    life.says(CARLA, Confirm(1))
    await publish(on_file, life)
    async with signed_in(on_file, "carla") as browser:
        pages = [(await browser.get(path)).text for path in ("/portal", f"/portal/incidents/{life.facts.number}")]
    for page in pages:
        assert "Solved, and it works" in page
        assert "state-you" not in page
    assert "Please say whether it works" not in pages[1]


@pytest.mark.parametrize(("language", "says"), [("en", "We asked and had no answer:"), ("tr", "Sorduk, yanıt alamadık:")])
async def test_no_answer_is_said_in_the_language_of_the_reader(on_file: AsyncEngine, language: str, says: str) -> None:
    """Where a question had no answer, portal and the page behind the letter say so in the caller's words, as solution and on the timeline."""
    await fill_directory(on_file)
    async with on_file.begin() as connection:
        await connection.execute(update(people).where(people.c.id == "carla").values(language=language))
    life = Life(number="INC-1001-9")
    life.says(ASHA, Hold(HoldReason.CALLER, "Which printer?"))
    life.passes(timedelta(days=8))
    await publish(on_file, life)
    link = Signer((LINK_KEY,), "", 30).sign(Link("answer", "INC-1001-9", 1, "carla", datetime.now(UTC) + timedelta(days=1)))
    async with signed_in(on_file, "carla") as browser:
        portal, answer = [(await browser.get(path)).text for path in ("/portal/incidents/INC-1001-9", link)]
    assert (portal.count(f"{says} Which printer?"), answer.count(f"{says} Which printer?")) == (2, 1)
    assert language == "en" or "We asked" not in portal + answer


async def test_an_assignment_begins_with_whoever_has_it(on_file: AsyncEngine) -> None:
    """Whoever only presses the button neither sends the incident back to the dispatcher nor takes it from its person."""
    await fill_directory(on_file)
    life = Life(number="INC-1001-9")
    life.says(ASHA, Take())
    await publish(on_file, life)
    async with signed_in(on_file, "asha") as browser:
        page = (await browser.get(f"/console/{life.facts.number}")).text
    assert f'<option value="{life.facts.group}/asha" selected>' in page.partition('id="assign-group"')[2].partition("</select>")[0]


async def test_clocks_are_called_by_the_names_of_their_groups(on_file: AsyncEngine) -> None:
    """People read the name of a group, not its id."""
    await fill_directory(on_file)
    life = Life(number="INC-1001-9")
    await publish(on_file, life)
    async with signed_in(on_file, "asha") as browser:
        page = (await browser.get(f"/console/{life.facts.number}")).text
    assert "Internal of Service-Desk: running" in page


async def test_clocks_tell_the_time_of_their_reader(on_file: AsyncEngine) -> None:
    """The page says in which zone its times are: those of the clocks, which count in another, are as well."""
    await fill_directory(on_file)
    life = Life(Report("Tills are down", impact=Impact.WIDESPREAD, urgency=Urgency.HIGH), number="INC-1001-9")
    await publish(on_file, life)
    due = next(clock.due_at for clock in life.facts.clocks if clock.due_at)
    async with on_file.begin() as connection:
        await connection.execute(update(people).where(people.c.id == "asha").values(zone="Asia/Kathmandu"))
    async with signed_in(on_file, "asha") as browser:
        page = (await browser.get(f"/console/{life.facts.number}")).text
    assert f"is due {due.astimezone(ZoneInfo('Asia/Kathmandu')):%Y-%m-%d %H:%M}" in page


async def test_all_that_was_reported_is_read(on_file: AsyncEngine) -> None:
    """Since when, and who else has it, stand among what was reported, for caller and desk."""
    await fill_directory(on_file)
    report = Report("No network", people_affected="The whole floor", occurred_at=datetime(2026, 1, 5, 7, 30, tzinfo=UTC))
    life = Life(number="INC-1001-9", report=report)
    await publish(on_file, life)
    for person, room in (("carla", "portal/incidents"), ("asha", "console")):
        async with signed_in(on_file, person) as browser:
            page = (await browser.get(f"/{room}/{life.facts.number}")).text
        assert "The whole floor" in page
        assert "<dt>Since" in page


def test_what_is_empty_is_asked_for_in_words() -> None:
    """A form that was sent empty says what to fill in, and where."""
    assert message_of(Note, {}) == Lack("text", "Fill in the text. Nothing was sent yet.")


@pytest.mark.parametrize(
    ("command", "form", "field", "says"),
    [
        ("amend", {"title": "  ", "category": ""}, "amend-title", "Fill in what was wrong, here or below"),
        (
            "amend",
            {"title": "x" * 201, "description": "It <b>smokes</b>."},
            "amend-title",
            "Title: string should have at most 200 characters",
        ),
        ("resolve", {"code": "fixed"}, "resolve-notes", "Fill in the notes. Nothing was sent yet."),
        ("hold", {"reason": "vendor", "question": "It <b>smokes</b>."}, "hold-question", "write to the caller. Nothing was changed."),
        ("assign", {"group": "network/asha"}, "assign-group", "Asha is not in the group Network"),
    ],
)
async def test_what_is_wrong_stands_beside_its_field(
    on_file: AsyncEngine, command: str, form: dict[str, str], field: str, says: str
) -> None:
    """What keeps a command of the console from being sent is said at its field, also to those who hear the page, and what was typed is kept."""
    await fill_directory(on_file)
    life = Life(number="INC-1001-9")
    await publish(on_file, life)
    async with signed_in(on_file, "asha") as browser:
        browser.headers["Sec-Fetch-Site"] = "same-origin"
        data = form | {"version": str(life.facts.version), "nonce": "n"}
        answer = await browser.post(f"/console/{life.facts.number}/{command}", data=data)
    assert answer.status_code == 422
    beside = answer.text.partition(f'id="{field}-wrong">')[2].partition("</p>")[0]
    assert says in beside
    assert re.search(rf'id="{field}" aria-invalid="true" aria-describedby="{field}-wrong"', answer.text)
    assert all(escape(value) in answer.text for value in form.values() if value.strip())
    assert command != "assign" or '<option value="network/asha" selected>' in answer.text
