"""Every page behind a link in a letter, in each state in which somebody can see it (process.md S11 to S15)."""

from collections.abc import Callable, Mapping

from playwright.sync_api import Page

from emails.links import NO_DIGESTS, NO_SURVEYS, SURVEY
from tests.api.asked import survey_is_out
from tests.api.house import RunningDesk

# Who reads in which language, with the locale of their browser.
READERS = {"en": ("carla", "en-GB"), "tr": ("dora", "tr-TR")}
Opening = Callable[[Page, RunningDesk, str], None]


def _send(page: Page, *chosen: str) -> None:
    for value in chosen:
        page.locator(f'input[value="{value}"]').check()
    with page.expect_navigation():
        page.locator("form [type=submit]").click()


def _question(page: Page, desk: RunningDesk, person: str) -> None:
    page.goto(desk.base_url + desk.link(desk.resolved(person), person))


def _question_without_answer(page: Page, desk: RunningDesk, person: str) -> None:
    _question(page, desk, person)
    _send(page)


def _works(page: Page, desk: RunningDesk, person: str) -> None:
    _question(page, desk, person)
    _send(page, "works")


def _broken(page: Page, desk: RunningDesk, person: str) -> None:
    _question(page, desk, person)
    page.locator("textarea").fill("It smokes.")
    _send(page, "broken")


def _taken_back(page: Page, desk: RunningDesk, person: str) -> None:
    _broken(page, desk, person)
    _send(page, "works")


def _closed(page: Page, desk: RunningDesk, person: str) -> None:
    page.goto(desk.base_url + desk.link(survey_is_out(desk, person), person))


def _earlier(page: Page, desk: RunningDesk, person: str) -> None:
    number = desk.resolved(person)
    assert desk.tell(number, "reopen", reason="Found more.").status_code == 200
    page.goto(desk.base_url + desk.link(number, person))


def _neutral(page: Page, desk: RunningDesk, _: str) -> None:
    page.goto(f"{desk.base_url}/l/x")


def _foreign(page: Page, desk: RunningDesk, person: str) -> None:
    link = desk.base_url + desk.link(desk.resolved(person), person)
    page.set_content(f'<form method="post" action="{link}"><button type="submit">Win a prize</button></form>')
    _send(page)


def _survey(page: Page, desk: RunningDesk, person: str) -> None:
    page.goto(desk.base_url + desk.link(survey_is_out(desk, person), person, purpose=SURVEY))


def _survey_with_mark(page: Page, desk: RunningDesk, person: str) -> None:
    _survey(page, desk, person)
    page.goto(f"{page.url}?score=2")


def _survey_without_yes(page: Page, desk: RunningDesk, person: str) -> None:
    _survey_with_mark(page, desk, person)
    _send(page)


def _rated(page: Page, desk: RunningDesk, person: str) -> None:
    _survey_with_mark(page, desk, person)
    page.locator("textarea").fill("Back within the hour.")
    _send(page, "counts")


def _subscription(purpose: str, *presses: tuple[str, ...]) -> Opening:
    def opening(page: Page, desk: RunningDesk, person: str) -> None:
        page.goto(desk.base_url + desk.link("", person, 0, purpose))
        for chosen in presses:
            _send(page, *chosen)

    return opening


# Each ends with the page in view; surveys are wanted again at the end, because other tests ask.
LINK_PAGES: Mapping[str, Opening] = {
    "question": _question,
    "question without an answer": _question_without_answer,
    "it works": _works,
    "still broken": _broken,
    "taken back": _taken_back,
    "closed": _closed,
    "earlier solution": _earlier,
    "neutral": _neutral,
    "foreign": _foreign,
    "survey": _survey,
    "survey with a mark": _survey_with_mark,
    "survey without a yes": _survey_without_yes,
    "rated": _rated,
    "no surveys": _subscription(NO_SURVEYS),
    "no surveys without a choice": _subscription(NO_SURVEYS, ()),
    "no surveys, noted": _subscription(NO_SURVEYS, ("stop",), ("want",)),
    "no digests": _subscription(NO_DIGESTS, ("want",)),
    "no digests, noted": _subscription(NO_DIGESTS, ("stop",)),
}
