"""Pages behind links speak the reader's language (process.md S15)."""

import re
from collections.abc import Iterator
from string import Formatter

import pytest
from sqlalchemy import update

from activities.database.tables import people
from api.sentences import sentences_in, spoken
from emails.languages import languages
from emails.links import NO_DIGESTS
from tests.api.house import RunningDesk
from tests.api.test_links import _press


def _facts(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


def test_pages_speak_every_language_of_the_letters() -> None:
    """Who gets a letter in a language finds the page behind its link in the same one."""
    assert spoken() == languages()


@pytest.mark.parametrize("language", spoken())
def test_a_language_is_complete(language: str) -> None:
    """Every sentence that English has, with the same facts in it."""
    theirs, ours = sentences_in(language).known, sentences_in("en").known
    assert theirs.keys() == ours.keys()
    assert {name: _facts(said) for name, said in theirs.items()} == {name: _facts(said) for name, said in ours.items()}
    assert all(isinstance(said, str) and said for said in theirs.values())


@pytest.fixture
def in_turkish(desk: RunningDesk) -> Iterator[RunningDesk]:
    """The desk, with Carla reading Turkish in Istanbul until the end of the test."""

    async def read(language: str, zone: str) -> None:
        async with desk.engine.begin() as connection:
            await connection.execute(update(people).where(people.c.id == "carla").values(language=language, zone=zone))

    desk.run(read("tr", "Europe/Istanbul"))
    yield desk
    desk.run(read("en", "Europe/Paris"))


def test_the_page_speaks_turkish(in_turkish: RunningDesk) -> None:
    """Question, what is missing, thanks with the time of closure, in the language and zone of the reader; no English is left."""
    number = in_turkish.resolved()
    path = in_turkish.link(number)
    pages = [in_turkish.as_(None).get(path).text, _press(in_turkish, path, None).text, _press(in_turkish, path, "works").text]
    for shown, said in zip(pages, ("Şimdi çalışıyor mu?", "Yanıtlardan birini seçin", "Çalıştığı kaydedildi"), strict=True):
        assert '<html lang="tr">' in shown
        assert said in shown
        assert not re.search(r"Service desk|Solution|Send|works<", shown)
    assert "(Europe/Istanbul)" in pages[2]
    assert "Her e-posta tek başına" in in_turkish.as_(None).get(in_turkish.link("", "carla", 0, NO_DIGESTS)).text


@pytest.mark.parametrize(
    ("wish", "language"),
    [("tr", "tr"), ("tr-TR,tr;q=0.9,en;q=0.8", "tr"), ("de, en;q=0.5, tr;q=0.7", "tr"), ("de", "en"), ("", "en"), ("\u00ff;;q=x,,*", "en")],
)
def test_a_link_that_does_not_hold_follows_the_browser(desk: RunningDesk, wish: str, language: str) -> None:
    """Nobody knows who reads it, so the browser's wish decides; nonsense gives English."""
    shown = desk.as_(None).get("/l/x", headers={"Accept-Language": wish.encode("latin-1")})
    assert (shown.status_code, f'<html lang="{language}">' in shown.text) == (404, True)
