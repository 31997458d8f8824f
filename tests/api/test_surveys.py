"""The page of a survey (process.md S13, S15): looking and pressing changes nothing, saying that it shall count does."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from pydantic import TypeAdapter
from sqlalchemy import select, update

from activities.database.tables import incidents, people, surveys, turned_away
from activities.incident_numbers import number_of
from emails.links import SURVEY
from tests.api.asked import survey_is_out
from tests.api.house import RunningDesk
from workflows.publication import Deadline, Snapshot
from workflows.vocabulary import DeadlineKind, SurveyState


def _form(page: httpx.Response) -> dict[str, str]:
    """What a browser would send if somebody only pressed the button: chosen answers, hidden values, texts."""
    chosen = re.findall(r'<input class="form-check-input" type="radio" name="(\w+)" value="(\w+)" checked>', page.text)
    hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]+)">', page.text)
    return {"comment": "", **dict(chosen), **dict(hidden)}


def _rate(desk: RunningDesk, path: str, score: int, comment: str = "", **more: str) -> httpx.Response:
    form = _form(desk.as_(None).get(path)) | {"score": str(score), "comment": comment, "meant": "counts"} | more
    return desk.as_(None).post(path, data=form)


def _score(desk: RunningDesk, number: str) -> tuple[str, int | None, str | None]:
    shown = desk.read(number)
    return shown["survey"], shown["score"], shown["comment"]


def test_looking_changes_nothing(desk: RunningDesk) -> None:
    """GET and HEAD with each mark show the page with that mark chosen, and nothing is stored; whether it counts is chosen for nobody."""
    number = survey_is_out(desk)
    path, before = desk.link(number, purpose=SURVEY), desk.read(number)
    for score in range(1, 6):
        assert desk.as_(None).head(f"{path}?score={score}").status_code == 200
        shown = desk.as_(None).get(f"{path}?score={score}")
        assert _form(shown)["score"] == str(score)
        assert "meant" not in _form(shown)
    for odd in ("", "?score=0", "?score=6", "?score=%C2%B2", "?score=1&score=x"):
        assert "score" not in _form(desk.as_(None).get(path + odd))
    assert "noindex" in shown.headers["X-Robots-Tag"]
    assert (shown.headers["Referrer-Policy"], shown.headers["Cache-Control"]) == ("no-referrer", "no-store")
    assert desk.read(number) == before


def test_a_robot_that_presses_the_button_stores_nothing(desk: RunningDesk) -> None:
    """The form with its defaults, from every link of the letter, with and without a text: the page comes again and says what is missing."""
    number = survey_is_out(desk)
    path, before = desk.link(number, purpose=SURVEY), desk.read(number)
    for score in range(1, 6):
        form = _form(desk.as_(None).get(f"{path}?score={score}"))
        for extra in ({}, {"comment": "scanned"}):
            answer = desk.as_(None).post(path, data=form | extra)
            assert answer.status_code == 422
            assert 'role="alert"' in answer.text
    assert "Nothing was stored" in _rate(desk, path, 5, meant="only_looking").text
    assert desk.read(number) == before


def test_an_answer_is_stored_once_and_can_be_changed(desk: RunningDesk) -> None:
    """The mark and the comment stand on the incident; pressing twice shows the present state; the later answer counts (S13)."""
    number = survey_is_out(desk)
    path = desk.link(number, purpose=SURVEY)
    form = _form(desk.as_(None).get(f"{path}?score=4")) | {"comment": "Quick\r\nand\x00 kind", "meant": "counts"}
    pages = [desk.as_(None).post(path, data=form) for _ in range(2)]
    assert [page.status_code for page in pages] == [200, 200]
    assert "Your answer: 4 of 5, good." in pages[1].text
    assert _score(desk, number) == ("answered", 4, "Quick\nand kind")
    assert "This answer changed nothing" in _rate(desk, path, 4, "Quick\nand kind").text
    assert "Thank you" in _rate(desk, path, 2).text
    assert _score(desk, number) == ("answered", 2, None)
    told = [(event["kind"], event["actor_kind"], event["actor"]) for event in desk.read(number)["timeline"] if "rated" in event["kind"]]
    assert told == [("rated", "link", "carla"), ("rerated", "link", "carla")]
    assert desk.run(_row(desk, number)) == ("answered", 2, None)


async def _row(desk: RunningDesk, number: str) -> tuple[str, int | None, str | None]:
    async with desk.engine.connect() as connection:
        row = (await connection.execute(select(surveys).where(surveys.c.number == number))).one()
    return row.state, row.score, row.comment


def test_callers_and_reporters_do_not_see_it_on_the_incident(desk: RunningDesk) -> None:
    """The desk sees the score; what callers see of an incident has none of it, and no event of the survey (S22)."""
    number = survey_is_out(desk)
    assert _rate(desk, desk.link(number, purpose=SURVEY), 1, "Rude.").status_code == 200
    shown = desk.read(number, "carla")
    assert not {"survey", "score", "comment"} & shown.keys()
    assert "Rude." not in str(shown)


def test_what_is_missing_is_said(desk: RunningDesk) -> None:
    """Without a mark, with an unknown one, or with too long a comment nothing is stored, and what was typed is still there."""
    number = survey_is_out(desk)
    path = desk.link(number, purpose=SURVEY)
    for fields in ({"score": ""}, {"score": "6"}, {"score": "5", "comment": "x" * 10_001}):
        answer = desk.as_(None).post(path, data={"meant": "counts", "comment": "my words", "nonce": "n"} | fields)
        assert answer.status_code == 422
        assert fields.get("comment", "my words") in answer.text
    assert _score(desk, number) == ("asked", None, None)


def test_closed_is_still_final(desk: RunningDesk) -> None:
    """While the survey is out every other command is refused as after any closure (S12)."""
    number = survey_is_out(desk)
    for command, by, body in (("note", "asha", {"text": "x"}), ("reopen", "carla", {"reason": "x"}), ("confirm", "carla", {})):
        refused = desk.tell(number, command, by, **body)
        assert (refused.status_code, refused.json()["rule"]) == (409, "closed-is-final")


def test_the_caller_can_answer_through_the_api(desk: RunningDesk) -> None:
    """POST rate by the one who was asked; nobody else, no other number, and not where nobody was asked."""
    number = survey_is_out(desk)
    assert desk.tell(number, "rate", "asha", score=5).status_code == 403
    assert desk.tell(number, "rate", "dora", score=5).status_code == 404
    assert [desk.tell(number, "rate", "carla", score=wrong).status_code for wrong in (0, 6, True, "5", 4.5)] == [422] * 5
    assert desk.tell(number, "rate", "carla", score=5, comment="Fine.").status_code == 200
    assert _score(desk, number) == ("answered", 5, "Fine.")
    never = desk.resolved()
    assert desk.tell(never, "rate", "carla", score=5).json()["rule"] == "no-survey"


def test_after_the_end_it_is_over(desk: RunningDesk) -> None:
    """Time is up in the record and no process runs: the page says so and has no button; an old page pressed now changes nothing (S13)."""
    number = survey_is_out(desk)
    path = desk.link(number, purpose=SURVEY)
    form = _form(desk.as_(None).get(path)) | {"score": "5", "meant": "counts"}
    desk.run(_end(desk, number))
    shown = desk.as_(None).get(path)
    assert "The time to answer is over" in shown.text
    assert "<form" not in shown.text
    pressed = desk.as_(None).post(path, data=form)
    assert (pressed.status_code, "This answer changed nothing" in pressed.text) == (200, True)
    refused = desk.tell(number, "rate", "carla", score=5)
    assert (refused.status_code, refused.json()["rule"]) == (409, "no-survey")
    assert desk.run(_turned_away(desk, number)) == {"rate"}


async def _end(desk: RunningDesk, number: str) -> None:
    """As if fourteen days had passed: the process ends, and the record shows the end."""
    await desk.client.get_workflow_handle(number).terminate()
    await _show(desk, number, lambda facts: replace(facts, survey=SurveyState.EXPIRED, due=(), version=facts.version + 1))


async def _show(desk: RunningDesk, number: str, change: Callable[[Snapshot], Snapshot]) -> None:
    """The record shows the incident changed so, whatever its process knows."""
    facts = TypeAdapter(Snapshot)
    async with desk.engine.begin() as connection:
        known = (await connection.execute(select(incidents.c.facts).where(incidents.c.number == number))).scalar_one()
        changed = facts.dump_python(change(facts.validate_python(known)), mode="json")
        await connection.execute(update(incidents).where(incidents.c.number == number).values(facts=changed))


async def _turned_away(desk: RunningDesk, number: str) -> set[str]:
    async with desk.engine.connect() as connection:
        return set((await connection.execute(select(turned_away.c.message).where(turned_away.c.number == number))).scalars())


def test_an_answer_stands_after_a_day(desk: RunningDesk) -> None:
    """After the time for a change of mind the page shows the answer and nothing to press (S13)."""
    number = survey_is_out(desk)
    path = desk.link(number, purpose=SURVEY)
    assert _rate(desk, path, 3, "So so.").status_code == 200
    passed = Deadline(DeadlineKind.SURVEY_ENDS, datetime.now(UTC) - timedelta(seconds=1))
    desk.run(_show(desk, number, lambda facts: replace(facts, due=(passed,), version=facts.version + 1)))
    shown = desk.as_(None).get(f"{path}?score=1").text
    assert "Your answer: 3 of 5" in shown
    assert "no longer be changed" in shown
    assert "So so." in shown
    assert "<form" not in shown


def test_links_that_do_not_hold_look_the_same(desk: RunningDesk) -> None:
    """Unknown, tampered, expired, of another purpose, person or incident, or where nobody was asked: one page, one status, GET or POST."""
    number = survey_is_out(desk)
    good = desk.link(number, purpose=SURVEY)
    paths = [
        "/s/x",
        good[:-1],
        good[:-5] + ("A" if good[-5] != "A" else "B") + good[-4:],
        desk.link(number, purpose=SURVEY, days=-1),
        desk.link(number, purpose=SURVEY, person="dora"),
        desk.link(number).replace("/l/", "/s/"),
        good.replace("/s/", "/l/"),
        desk.link(number_of(987654), purpose=SURVEY),
        desk.link(desk.resolved(), purpose=SURVEY),
    ]
    form = {"score": "5", "meant": "counts", "comment": "", "nonce": "n"}
    pages = [desk.as_(None).get(path) for path in paths] + [desk.as_(None).post(path, data=form) for path in paths]
    assert {page.status_code for page in pages} == {404}
    assert len({page.text for page in pages}) == 1
    assert _score(desk, number) == ("asked", None, None)


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://elsewhere.example"}])
def test_a_form_of_another_site_is_refused(desk: RunningDesk, headers: dict[str, str]) -> None:
    """A page elsewhere cannot answer in somebody's name."""
    number = survey_is_out(desk)
    form = {"score": "5", "meant": "counts", "comment": "", "nonce": "n"}
    assert desk.as_(None).post(desk.link(number, purpose=SURVEY), data=form, headers=headers).status_code == 403
    assert _score(desk, number) == ("asked", None, None)


def test_a_turkish_reader_reads_turkish(desk: RunningDesk) -> None:
    """The page follows the language of the person the letter was for."""
    number = survey_is_out(desk, "dora")
    desk.run(_reads(desk, "dora", "tr"))
    shown = desk.as_(None).get(desk.link(number, "dora", purpose=SURVEY))
    desk.run(_reads(desk, "dora", "en"))
    assert '<html lang="tr">' in shown.text
    assert "Nasıl geçti?" in shown.text
    assert not re.search(r"How|answer|Service desk", re.sub(r"<[^>]+>", "", shown.text))


async def _reads(desk: RunningDesk, person: str, language: str) -> None:
    async with desk.engine.begin() as connection:
        await connection.execute(update(people).where(people.c.id == person).values(language=language))
