"""All pages behind links keep the link to its reader, by the same headers whatever happens on them (process.md S15)."""

from collections.abc import Callable, Mapping

import httpx
import pytest

from api.doorway.requests import CONTENT_POLICY
from emails.links import NO_DIGESTS, NO_SURVEYS, SURVEY
from tests.api.asked import survey_is_out
from tests.api.house import RunningDesk

KEPT_TO_THEIR_READER = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Type": "text/html; charset=utf-8",
}
# Where each link leads, what is chosen there, and what is not understood there.
LINKS: Mapping[str, tuple[Callable[[RunningDesk], str], dict[str, str]]] = {
    "answer": (lambda desk: desk.link(desk.resolved()), {"choice": "works"}),
    "after closure": (lambda desk: desk.link(survey_is_out(desk)), {"choice": "broken", "text": "It smokes."}),
    "survey": (lambda desk: desk.link(survey_is_out(desk), purpose=SURVEY), {"score": "4", "meant": "counts"}),
    "mark of a survey": (lambda desk: desk.link(survey_is_out(desk), purpose=SURVEY) + "?score=4", {"score": "4", "meant": "counts"}),
    "no surveys": (lambda desk: desk.link("", "aude", 0, NO_SURVEYS), {"choice": "want"}),
    "no digests": (lambda desk: desk.link("", "aude", 0, NO_DIGESTS), {"List-Unsubscribe": "One-Click"}),
    "answer that does not hold": (lambda _: "/l/x", {}),
    "survey that does not hold": (lambda _: "/s/x", {}),
    "subscription that does not hold": (lambda _: "/u/x", {}),
    "expired": (lambda desk: desk.link("", "aude", 0, NO_DIGESTS, days=-1), {}),
}


@pytest.mark.parametrize("which", LINKS)
def test_every_answer_of_a_link_page_has_the_same_headers(desk: RunningDesk, which: str) -> None:
    """Looked at, sent as it is, sent from elsewhere, sent broken, and answered: never stored, never named to others, never found, and no cookie."""
    path, chosen = LINKS[which][0](desk), LINKS[which][1]
    browser = desk.as_(None)
    answers: list[httpx.Response] = [
        browser.head(path),
        browser.get(path),
        browser.post(path),
        browser.post(path, data=chosen, headers={"Sec-Fetch-Site": "cross-site"}),
        browser.post(path, content=b"no boundary", headers={"Content-Type": "multipart/form-data"}),
        browser.post(path, data=chosen),
    ]
    holds = "not hold" not in which and which != "expired"
    assert [answer.status_code for answer in answers] == ([200, 200, 422, 403, 400, 200] if holds else [404, 404, 404, 403, 404, 404])
    for answer in answers:
        assert {name: answer.headers.get(name) for name in KEPT_TO_THEIR_READER} == KEPT_TO_THEIR_READER
        assert "Set-Cookie" not in answer.headers
