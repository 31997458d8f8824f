"""A canned reply begins a message; what goes out is what the agent then sends (process.md S14)."""

import html
import re

from sqlalchemy import update

from activities.database.tables import people
from tests.api.house import RunningDesk


def _text(page: str) -> str:
    return html.unescape(re.search(r'<textarea [^>]*id="message-text"[^>]*>([^<]*)</textarea>', page)[1])  # type: ignore[index]


async def _speaks(desk: RunningDesk, person: str, language: str) -> None:
    async with desk.engine.begin() as connection:
        await connection.execute(update(people).where(people.c.id == person).values(language=language))


def test_a_reply_is_in_the_callers_language(desk: RunningDesk) -> None:
    """Offered by name, filled in with caller, number and agent, in the language of whoever is affected; nothing is sent by opening it."""
    number, asha = desk.report(category="network"), desk.signed_in("asha")
    before = desk.read(number)
    assert _text(asha.get(f"/console/{number}").text) == ""
    english = asha.get(f"/console/{number}", params={"reply": "on_it"}).text
    assert all(part in _text(english) for part in ("Dear Carla", number, "Asha"))
    assert 'id="message" open' in english
    desk.run(_speaks(desk, "carla", "tr"))
    try:
        turkish = asha.get(f"/console/{number}", params={"reply": "on_it"}).text
    finally:
        desk.run(_speaks(desk, "carla", "en"))
    assert "Sayın Carla" in _text(turkish)
    assert desk.read(number) == before


def test_a_reply_that_is_not_there_begins_nothing(desk: RunningDesk) -> None:
    """Whatever stands in the address, the page is the usual one."""
    number, asha = desk.report(category="network"), desk.signed_in("asha")
    for name in ("nothing", "../words", "<b>", "\x00", "x" * 5000):
        page = asha.get(f"/console/{number}", params={"reply": name})
        assert (page.status_code, _text(page.text)) == (200, "")
