"""The plan as a page of the product: for the people of the desk, each edition, differences marked (process.md S22)."""

from tests.api.house import RunningDesk


def test_the_desk_reads_the_plan_in_force(desk: RunningDesk) -> None:
    """With the directory's contacts, a choice of editions, and a link from every page of the desk."""
    asha = desk.signed_in("asha")
    shown = asha.get("/plan")
    assert shown.status_code == 200
    assert "Written from the rules of edition" in shown.text
    assert '<h2 id="contacts">' in shown.text
    assert 'href="/plan"' in asha.get("/console").text
    assert shown.headers["Referrer-Policy"] == "same-origin"


def test_editions_can_be_compared(desk: RunningDesk) -> None:
    """What differs from another edition is marked; one that does not exist is not found."""
    asha = desk.signed_in("asha")
    shown = asha.get("/plan", params={"edition": "2026-11-25", "against": "2026-01-01"})
    assert "Compared with edition 2026-01-01" in shown.text
    assert '<option value="2026-01-01" selected>' in shown.text
    assert [asha.get("/plan", params={name: "2025-01-01"}).status_code for name in ("edition", "against")] == [404, 404]


def test_callers_do_not_read_it(desk: RunningDesk) -> None:
    """It names people and how the desk works inside; whoever is not of the desk is refused, whoever is nobody is asked to sign in."""
    carla = desk.signed_in("carla")
    assert carla.get("/plan").status_code == 403
    assert 'href="/plan"' not in carla.get("/portal").text
    assert desk.as_(None).get("/plan", follow_redirects=False).status_code == 303
