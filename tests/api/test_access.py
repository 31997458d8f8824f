"""Keys, and what callers are not told (process.md S22); who is answered what at which route stands in access_table.txt."""

import base64

import pytest
from fastapi import APIRouter
from fastapi.routing import iter_route_contexts

import api.app
from activities.access.keys import issue_key, list_keys, revoke_key
from activities.settings import Settings
from api.app import create_app
from api.identity import UndeclaredAccessError, access_of
from tests.api.house import LINK_KEY, RunningDesk


@pytest.fixture(scope="module")
def number(desk: RunningDesk) -> str:
    """An incident of carla, with group network."""
    return desk.report(category="network", affected="carla")


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer hf_", "Bearer hf_x", "Basic abc", "Bearer \xff", "Digest hf_x"])
def test_without_a_valid_key_nobody_gets_in(desk: RunningDesk, number: str, authorization: str) -> None:
    """No key, a wrong one, another scheme: 401 on every route that asks, and it says how to show a key."""
    app = create_app(Settings(link_keys=(LINK_KEY,)))
    for route in iter_route_contexts(app.routes):
        access = access_of(route)
        if access is None or access.way.value not in ("key", "session, key or password") or route.path is None:
            continue
        path = (
            route.path.format(number=number, command_id="x", key="x", file="x", form="csv")
            if "{key:path}" not in route.path
            else "/outbox/x"
        )
        method = min(route.methods or ())
        answer = desk.as_(None).request(method, path, headers={"Authorization": authorization.encode("latin-1")} if authorization else {})
        assert answer.status_code == 401, (path, answer.text)
        assert answer.headers["WWW-Authenticate"].startswith(("Bearer", "Basic"))


def test_a_revoked_key_opens_nothing(desk: RunningDesk) -> None:
    """From the moment it is revoked."""
    issued = desk.run(issue_key(desk.engine, person="noah", label="old laptop"))
    headers = {"Authorization": f"Bearer {issued.secret}"}
    assert desk.as_(None).get("/api/v1/me", headers=headers).json()["id"] == "noah"
    assert desk.run(revoke_key(desk.engine, issued.id))
    assert not desk.run(revoke_key(desk.engine, issued.id))
    assert desk.as_(None).get("/api/v1/me", headers=headers).status_code == 401
    known = {record.id: record for record in desk.run(list_keys(desk.engine))}
    assert known[issued.id].revoked_at is not None
    assert known[issued.id].used_at is not None
    assert issued.secret not in str(known)


def test_pages_take_the_key_as_password(desk: RunningDesk) -> None:
    """A browser asks for a password on the Outbox; the API itself takes no passwords."""
    password = base64.b64encode(f"anything:{desk.keys['adam']}".encode()).decode()
    headers = {"Authorization": f"Basic {password}"}
    assert desk.as_(None).get("/outbox", headers=headers).status_code == 200
    assert desk.as_(None).get("/api/v1/me", headers=headers).status_code == 401


def test_only_agents_report_for_others(desk: RunningDesk) -> None:
    """An agent or a machine with that role reports for people the directory knows; callers report for themselves."""
    body = {"title": "No sound", "affected": "carla"}
    assert desk.as_("dora").post("/api/v1/incidents", json=body).status_code == 403
    assert desk.as_("carla").post("/api/v1/incidents", json=body).status_code == 201
    assert desk.as_("asha").post("/api/v1/incidents", json=body).json()["affected"] == "carla"
    assert desk.as_("monitor").post("/api/v1/incidents", json=body).json()["reporter"] == "monitor"
    unknown = desk.as_("asha").post("/api/v1/incidents", json=body | {"affected": "nobody"})
    assert (unknown.status_code, unknown.json()["errors"][0]["pointer"]) == (422, "/affected")


def test_work_notes_never_reach_callers(desk: RunningDesk) -> None:
    """What only the desk may read is nowhere in what a caller is shown, neither in facts nor in the timeline nor in lists."""
    number, secret = desk.report(category="network"), "hush-4711"
    assert desk.tell(number, "note", text=secret).status_code == 200
    assert desk.tell(number, "escalate", diagnosis=secret, group="network").status_code == 200
    assert desk.tell(number, "reprioritise", impact=1, urgency=2, reason=secret).status_code == 200
    assert desk.tell(number, "override_priority", "ines", priority="P1", reason=secret).status_code == 200
    assert desk.tell(number, "assign", group="network", person="noah").status_code == 200
    shown = desk.as_("carla").get(f"/api/v1/incidents/{number}").text
    listed = desk.as_("carla").get("/api/v1/incidents").text
    for hidden in (secret, "noah", "asha", "ines", "reassignment_count", "hop_count", '"level"', "edition", "priority_override"):
        assert hidden not in shown
        assert hidden not in listed
    assert secret in desk.as_("noah").get(f"/api/v1/incidents/{number}").text


def test_outcomes_are_for_sender_and_desk(desk: RunningDesk) -> None:
    """Who sent a command reads its outcome by its id, the desk by the id on the timeline; other callers cannot tell it from one that never was."""
    number = desk.report()
    told = desk.tell(number, "message", "carla", text="Any news?")
    path = f"/api/v1/incidents/{number}/commands/{told.headers['Command-Id']}"
    statuses = {person: desk.as_(person).get(path).status_code for person in ("carla", "asha", "dora")}
    assert statuses == {"carla": 200, "asha": 404, "dora": 404}
    inside = f"/api/v1/incidents/{number}/commands/{desk.read(number)['timeline'][-1]['command_id']}"
    assert [desk.as_(person).get(inside).status_code for person in ("asha", "dora")] == [200, 404]
    unknown = desk.as_("dora").get(path + "x")
    assert desk.as_("dora").get(path).json() == unknown.json()


def test_a_route_that_forgets_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """An application with a route that does not say who may call it does not start, and the error names the route."""
    router = APIRouter()

    @router.get("/secrets")
    async def secrets() -> None: ...

    monkeypatch.setattr(api.app, "ROUTERS", (*api.app.ROUTERS, router))
    with pytest.raises(UndeclaredAccessError, match="/secrets"):
        create_app(Settings(link_keys=(LINK_KEY,)))


def test_callers_cannot_ask_for_what_only_the_desk_sees(desk: RunningDesk) -> None:
    """A filter by a fact that is hidden from callers would tell it to them."""
    assert desk.as_("carla").get("/api/v1/incidents?person=asha").status_code == 422
    assert desk.as_("asha").get("/api/v1/incidents?person=asha").status_code == 200


def test_only_agents_are_given_work(desk: RunningDesk) -> None:
    """An incident is never assigned to somebody who is no agent: they would get its texts by mail."""
    answer = desk.tell(desk.report(), "assign", "asha", group="network", person="dora")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/person"


def test_callers_report_now_and_through_their_own_door(desk: RunningDesk) -> None:
    """Neither old rules nor a breach can be had by an old date, and nobody reports in the name of monitoring."""
    old = {"title": "Old", "reported_at": "2020-01-01T00:00:00Z"}
    answers = [desk.as_(who).post("/api/v1/incidents", json=old) for who in ("carla", "asha", "monitor")]
    assert [answer.status_code for answer in answers] == [422, 201, 201]
    assert desk.as_("carla").post("/api/v1/incidents", json={"title": "x", "channel": "monitoring"}).json()["channel"] == "api"
