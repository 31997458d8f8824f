"""Unsubscribing from surveys and digests (RFC 8058, process.md S13, S14): looking changes nothing, one press of a mail program is enough."""

import httpx
import pytest

from activities.mail.preferences import wants_no_digests, wants_no_surveys
from emails.links import NO_DIGESTS, NO_SURVEYS
from tests.api.house import RunningDesk

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def _path(desk: RunningDesk, purpose: str, person: str = "dora") -> str:
    return desk.link("", person, 0, purpose)


def _declined(desk: RunningDesk, person: str = "dora") -> tuple[bool, bool]:
    async def ask() -> tuple[bool, bool]:
        async with desk.engine.connect() as connection:
            return await wants_no_surveys(connection, person), await wants_no_digests(connection, person)

    return desk.run(ask())


def _post(desk: RunningDesk, path: str, data: dict[str, str], **headers: str) -> httpx.Response:
    return desk.as_(None).post(path, data=data, headers=headers)


@pytest.mark.parametrize(("purpose", "declined"), [(NO_SURVEYS, (True, False)), (NO_DIGESTS, (False, True))])
def test_one_press_is_enough_and_can_be_taken_back(desk: RunningDesk, purpose: str, declined: tuple[bool, bool]) -> None:
    """The POST of a mail program, without cookie, key or redirect, declines this and nothing else, also twice; the page takes it back."""
    path = _path(desk, purpose)
    for _ in range(2):
        assert _post(desk, path, ONE_CLICK).status_code == 200
        assert _declined(desk) == declined
    answer = _post(desk, path, {"choice": "want"})
    assert (answer.status_code, 'role="status"' in answer.text) == (200, True)
    assert _declined(desk) == (False, False)
    assert _post(desk, path, {"choice": "stop"}).status_code == 200
    assert _declined(desk) == declined
    _post(desk, path, {"choice": "want"})


def test_looking_and_empty_forms_change_nothing(desk: RunningDesk) -> None:
    """GET and HEAD show the present state with nothing chosen; a form without a choice says what is missing."""
    path = _path(desk, NO_SURVEYS)
    shown, head = desk.as_(None).get(path), desk.as_(None).head(path)
    assert (shown.status_code, head.status_code) == (200, 200)
    assert "checked" not in shown.text
    assert "noindex" in shown.headers["X-Robots-Tag"]
    for data in ({}, {"choice": ""}, {"choice": "both"}, {"List-Unsubscribe": "yes"}):
        answer = _post(desk, path, data)
        assert (answer.status_code, 'role="alert"' in answer.text) == (422, True)
    assert _declined(desk) == (False, False)


def test_a_link_for_one_thing_is_no_link_for_another(desk: RunningDesk) -> None:
    """A link to an answer unsubscribes nobody, one to unsubscribe answers nothing, and none that does not hold does either."""
    number = desk.resolved()
    answer, stop = desk.link(number), _path(desk, NO_DIGESTS)
    for path in (answer.replace("/l/", "/u/"), stop.replace("/u/", "/l/"), stop[:-1], desk.link("", "dora", 0, NO_DIGESTS, days=-1)):
        assert _post(desk, path, ONE_CLICK | {"choice": "stop"}).status_code == 404
    assert _declined(desk) == (False, False)


def test_another_site_cannot_unsubscribe_in_a_browser(desk: RunningDesk) -> None:
    """A form that another site sends changes nothing."""
    assert _post(desk, _path(desk, NO_DIGESTS), ONE_CLICK, **{"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert _declined(desk) == (False, False)
