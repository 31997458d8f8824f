"""From report to closure over HTTP, on a real server with a real worker."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import httpx
from ulid import ULID

from activities.access.security_log import Seen, latest
from api.delivery import what_was_said
from tests.api.house import LONGEST, RunningDesk
from workflows.messages import Assign, Take


def test_a_report_is_readable_at_once(desk: RunningDesk) -> None:
    """Who reports gets 201, the place to read it, a number with a check digit, and the incident with its priority and group."""
    answer = desk.as_("carla").post("/api/v1/incidents", json={"title": "No network", "category": "network", "impact": 2, "urgency": 1})
    shown = answer.json()
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/api/v1/incidents/{shown['number']}"
    assert (shown["priority"], shown["group"], shown["status"]) == ("P2", "service-desk", "new")
    assert [event["kind"] for event in desk.read(shown["number"])["timeline"]] == ["reported", "categorised", "prioritised"]


def test_a_life_over_http(desk: RunningDesk) -> None:
    """Assign, acknowledge, escalate, hold, resume, resolve, confirm: each answered 200 with the version that shows its effect."""
    number = desk.report(category="network")
    steps = [
        ("asha", "assign", {"group": "service-desk", "person": "asha"}),
        ("asha", "acknowledge", {}),
        ("asha", "escalate", {"diagnosis": "The switch is dead.", "group": "network"}),
        ("noah", "take", {}),
        ("noah", "hold", {"reason": "vendor"}),
        ("noah", "resume", {}),
        ("noah", "resolve", {"code": "replaced", "notes": "New switch."}),
        ("carla", "confirm", {}),
    ]
    for person, command, message in steps:
        answer = desk.tell(number, command, person, **message)
        assert answer.status_code == 200, (command, answer.text)
        assert answer.json()["result"] == "applied"
        assert desk.read(number)["version"] >= answer.json()["version"]
    shown = desk.read(number)
    assert (shown["status"], shown["level"], shown["hop_count"], shown["person"]) == ("resolved", 2, 1, "noah")
    assert shown["confirmed_at"] is not None


def test_a_refusal_names_its_rule(desk: RunningDesk) -> None:
    """What the process refuses is 409 with rule, section and a sentence; it is kept on the timeline and changes nothing."""
    number = desk.report()
    answer = desk.tell(number, "confirm", "carla")
    problem = answer.json()
    assert answer.status_code == 409
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (problem["rule"], problem["section"], problem["status"]) == ("not-resolved", "S11", 409)
    assert "not resolved" in problem["detail"]
    assert [event["kind"] for event in desk.read(number)["timeline"]][-1] == "refused"
    assert desk.as_(None).get(problem["type"]).status_code == 200


def test_what_the_door_refuses_is_in_the_audit(desk: RunningDesk) -> None:
    """A command that its incident never hears of, because the role, the version or its end forbids it: who, of which incident, what and by which rule."""
    open_one, ended = desk.report(), desk.closed()
    assert desk.tell(open_one, "assign", "carla", group="network").status_code == 403
    stale = desk.as_("asha").post(f"/api/v1/incidents/{open_one}/take", json={}, headers={"If-Match": '"9999"'})
    assert stale.status_code == 412
    assert desk.tell(ended, "take").status_code == 409
    assert desk.run(_refusals(desk, {open_one, ended})) == {
        ("carla", f"incident {open_one}", "assign: not-permitted"),
        ("asha", f"incident {open_one}", "take: changed-meanwhile"),
        ("asha", f"incident {ended}", "take: closed-is-final"),
    }


async def _refusals(desk: RunningDesk, numbers: set[str]) -> set[tuple[str | None, str | None, str]]:
    lines = await latest(desk.engine, 100)
    ours = {f"incident {number}" for number in numbers}
    return {(each.actor, each.subject, each.detail) for each in lines if each.kind == Seen.COMMAND_REFUSED and each.subject in ours}


def test_the_same_command_twice_is_one_command(desk: RunningDesk) -> None:
    """The same id gives the same answer and one event; with another message, or from somebody else, it is 422."""
    number, headers = desk.report(), {"Command-Id": str(ULID())}
    path = f"/api/v1/incidents/{number}/note"
    first = desk.as_("asha").post(path, json={"text": "once"}, headers=headers)
    second = desk.as_("asha").post(path, json={"text": "once"}, headers=headers)
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json() == second.json()
    assert [event["kind"] for event in desk.read(number)["timeline"]].count("noted") == 1
    other = desk.as_("asha").post(path, json={"text": "twice"}, headers=headers)
    another = desk.as_("asha").post(f"/api/v1/incidents/{number}/acknowledge", headers=headers)
    for answer in (other, another):
        assert answer.status_code == 422
        assert answer.json()["type"].endswith("/problems/command-id-reused")


def test_ids_of_different_people_never_meet(desk: RunningDesk) -> None:
    """The same Command-Id of two people is two commands, each with its own outcome: nobody takes another's id away."""
    number, headers = desk.report(), {"Command-Id": str(ULID())}
    first = desk.as_("carla").post(f"/api/v1/incidents/{number}/message", json={"text": "mine"}, headers=headers)
    second = desk.as_("asha").post(f"/api/v1/incidents/{number}/take", headers=headers)
    assert (first.status_code, second.status_code) == (200, 200)
    told = [desk.as_(who).get(f"/api/v1/incidents/{number}/commands/{headers['Command-Id']}").json() for who in ("carla", "asha")]
    assert [outcome["command"] for outcome in told] == ["message", "take"]
    assert {outcome["command_id"] for outcome in told} == {headers["Command-Id"]}


def test_a_command_id_is_made_and_told(desk: RunningDesk) -> None:
    """Without a Command-Id one is made; every answer names it, also a refusal, and under it the outcome can be read."""
    number = desk.report()
    applied = desk.tell(number, "acknowledge")
    refused = desk.tell(number, "acknowledge")
    assert (applied.status_code, refused.status_code) == (200, 409)
    for answer, result in ((applied, "applied"), (refused, "refused")):
        told = desk.as_("asha").get(f"/api/v1/incidents/{number}/commands/{answer.headers['Command-Id']}")
        assert (told.status_code, told.json()["result"]) == (200, result)


def test_the_same_key_is_the_same_incident(desk: RunningDesk) -> None:
    """An Idempotency-Key gives the same incident however often it is sent; another report under it is 422; somebody else's key is theirs."""
    body, headers = {"title": "Door is stuck"}, {"Idempotency-Key": f"door-{ULID()}"}
    first = desk.as_("carla").post("/api/v1/incidents", json=body, headers=headers)
    second = desk.as_("carla").post("/api/v1/incidents", json=body, headers=headers)
    other = desk.as_("carla").post("/api/v1/incidents", json={"title": "Window is stuck"}, headers=headers)
    dora = desk.as_("dora").post("/api/v1/incidents", json=body, headers=headers)
    assert (first.status_code, second.status_code, other.status_code, dora.status_code) == (201, 201, 422, 201)
    assert first.json()["number"] == second.json()["number"] != dora.json()["number"]
    assert other.json()["type"].endswith("/problems/key-reused")


def test_the_same_key_after_the_end_starts_nothing(desk: RunningDesk) -> None:
    """A report sent again after its incident has ended shows that incident; no second process begins."""
    headers = {"Idempotency-Key": f"late-{ULID()}"}
    first = desk.as_("carla").post("/api/v1/incidents", json={"title": "Test"}, headers=headers).json()
    assert desk.tell(first["number"], "cancel", reason="test").status_code == 200
    again = desk.as_("carla").post("/api/v1/incidents", json={"title": "Test"}, headers=headers)
    assert (again.status_code, again.json()["number"], again.json()["status"]) == (201, first["number"], "cancelled")


def test_closed_is_final(desk: RunningDesk) -> None:
    """A command that comes after the end is 409 closed-is-final, kept once under its id, and can be looked up."""
    number, headers = desk.closed(), {"Command-Id": str(ULID())}
    path = f"/api/v1/incidents/{number}/note"
    answers = [desk.as_("asha").post(path, json={"text": "late"}, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [409, 409]
    assert {answer.json()["rule"] for answer in answers} == {"closed-is-final"}
    told = desk.as_("asha").get(f"/api/v1/incidents/{number}/commands/{headers['Command-Id']}").json()
    assert (told["result"], told["rule"], told["section"]) == ("refused", "closed-is-final", "S12")


def test_lists_filter_and_turn_pages(desk: RunningDesk) -> None:
    """Filters narrow, pages follow one another by the Link header without repeating or missing an incident, and callers get their own."""
    numbers = {desk.report("dora", category="telephony") for _ in range(5)}
    path, seen = "/api/v1/incidents?category=telephony&limit=2&order=oldest", []
    while path:
        answer = desk.as_("asha").get(path)
        assert answer.status_code == 200
        seen += [each["number"] for each in answer.json()["items"]]
        path = answer.links.get("next", {}).get("url", "")
    assert set(seen) == numbers
    assert len(seen) == len(set(seen))
    assert desk.as_("carla").get("/api/v1/incidents?category=telephony").json()["items"] == []
    assert desk.as_("asha").get("/api/v1/incidents?category=telephony&status=closed").json()["items"] == []
    assert len(desk.as_("dora").get("/api/v1/incidents?category=telephony&status=new&status=closed").json()["items"]) == 5


def test_levels_come_from_the_directory(desk: RunningDesk) -> None:
    """A group brings its level; a level in the body is refused, and so are groups and people nobody knows."""
    number = desk.report()
    assert desk.tell(number, "assign", group="network").status_code == 200
    assert desk.read(number)["level"] == 2
    for message in ({"group": "network", "level": 3}, {"group": "nowhere"}, {"group": "network", "person": "nobody"}):
        answer = desk.tell(number, "assign", **message)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] in ("/level", "/group", "/person")


def test_whoever_takes_it_brings_the_level_of_their_group(desk: RunningDesk) -> None:
    """An agent of the second level who takes an incident of the service desk has it at the second level; nobody names a level themselves."""
    number = desk.report()
    assert desk.tell(number, "take", "noah", level=1).status_code == 422
    assert desk.tell(number, "take", "noah").status_code == 200
    shown = desk.read(number)
    assert (shown["group"], shown["level"]) == ("network", 2)
    assert desk.tell(number, "take", "asha", group="service-desk").status_code == 200
    assert desk.read(number)["level"] == 1


def test_a_person_is_of_the_group_that_gets_it(desk: RunningDesk) -> None:
    """Who is not of the group is refused by name, and so is a person without a group; nothing changes (S5)."""
    number = desk.report()
    before = desk.read(number)
    stranger = desk.tell(number, "assign", group="network", person="asha").json()["errors"][0]
    assert stranger["pointer"] == "/person"
    assert stranger["detail"].startswith("Asha is not in the group Network")
    assert desk.tell(number, "assign", person="noah").json()["errors"][0]["pointer"] == "/group"
    assert desk.read(number) == before


def test_a_hold_says_nothing_in_vain(desk: RunningDesk) -> None:
    """A time without a schedule and a question to nobody are refused beside their field, and a schedule needs a time to come; nothing changes, and what was typed is kept (S4)."""
    number, past, soon = desk.report(), "2026-01-01T09:00:00Z", (datetime.now(UTC) + timedelta(days=2)).isoformat()
    before = desk.read(number)
    for message, field in (
        ({"reason": "caller", "question": "Which one?", "until": past}, "/until"),
        ({"reason": "caller", "question": "Which one?", "until": soon}, "/until"),
        ({"reason": "vendor", "until": soon}, "/until"),
        ({"reason": "vendor", "question": "Which one?"}, "/question"),
        ({"reason": "scheduled", "until": soon, "question": "Which one?"}, "/question"),
    ):
        answer = desk.tell(number, "hold", **message)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, field), message
    form = {"reason": "vendor", "question": "Which <one>?", "version": str(before["version"]), "nonce": "n"}
    page = desk.signed_in("asha").post(f"/console/{number}/hold", data=form)
    assert (page.status_code, "write to the caller" in page.text, "Which &lt;one&gt;?" in page.text) == (422, True, True)
    assert desk.read(number) == before
    assert desk.tell(number, "hold", reason="scheduled", until=past).json()["rule"] == "end-needed"
    assert desk.tell(number, "hold", reason="scheduled", until=soon).status_code == 200


def test_the_console_offers_the_people_of_each_group(desk: RunningDesk) -> None:
    """One choice names group and person, so nobody can choose a stranger; one sent by hand is refused with the names, for one and for several."""
    number, browser = desk.report(), desk.signed_in("asha")
    page = browser.get(f"/console/{number}").text
    offered = re.findall(r'<option value="([^"]*)"', page.partition('id="assign-group"')[2].partition("</select>")[0])
    assert offered == ["", "service-desk", "service-desk/asha", "applications", "network", "network/noah"]
    form = {"version": str(desk.read(number)["version"]), "nonce": "n"}
    refused = browser.post(f"/console/{number}/assign", data=form | {"group": "network/asha"})
    assert (refused.status_code, "Asha is not in the group Network" in refused.text) == (422, True)
    pick = f"{number}@{form['version']}"
    together = browser.post("/console/together", data={"pick": pick, "command": "assign", "nonce": "m", "assign-group": "network/asha"})
    assert "Asha is not in the group Network" in together.text
    assert browser.post(f"/console/{number}/assign", data=form | {"group": "network/noah"}).status_code == 303
    shown = desk.read(number)
    assert (shown["group"], shown["person"], shown["level"]) == ("network", "noah", 2)


def test_a_machine_a_little_ahead_reports_now(desk: RunningDesk) -> None:
    """A clock that is seconds ahead is forgiven; a report from the future is 422."""
    soon, later = (datetime.now(UTC) + timedelta(seconds=seconds) for seconds in (20, 600))
    shown = desk.read(desk.report(reported_at=soon.isoformat()))
    assert shown["reported_at"] <= shown["logged_at"]
    answer = desk.as_("carla").post("/api/v1/incidents", json={"title": "x", "reported_at": later.isoformat()})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/reported_at")


def test_an_answer_on_the_portal_is_about_the_solution_that_was_shown(desk: RunningDesk) -> None:
    """Whoever says "it works" to a page of before does not confirm the solution that came meanwhile; the page is shown anew and can be answered."""
    number = desk.resolved()
    place = f"/portal/incidents/{number}"
    carla = desk.signed_in("carla")
    seen = carla.get(place).text
    assert desk.tell(number, "reopen", reason="It is the other printer").status_code == 200
    assert desk.tell(number, "resolve", code="fixed", notes="The other printer has paper.").status_code == 200
    form = dict(re.findall(r'type="hidden" name="(cycle|nonce)" value="([^"]+)"', seen.partition("/answer")[2]))
    refused = carla.post(f"{place}/answer", data=form | {"choice": "works"})
    assert refused.status_code == 409
    assert "The other printer has paper." in refused.text
    assert desk.read(number)["confirmed_at"] is None
    form = dict(re.findall(r'type="hidden" name="(cycle|nonce)" value="([^"]+)"', refused.text.partition("/answer")[2]))
    assert carla.post(f"{place}/answer", data=form | {"choice": "works"}).status_code == 303
    assert desk.read(number)["confirmed_at"] is not None


def test_a_command_sent_again_after_an_upgrade_is_known() -> None:
    """What the front door fills in today and did not yesterday is no part of what was said: the same command has the same words for ever."""
    assert what_was_said(Take()) == what_was_said(Take(level=2)) == b'{"group":null}'
    assert what_was_said(Assign("network", "noah", 2)) == b'{"group":"network","person":"noah","level":2}'


def test_many_at_once_are_one(desk: RunningDesk) -> None:
    """The same command sent by eight at once takes effect once and all are told so; the same report by eight at once is one incident."""
    number, once = desk.report(), {"Command-Id": str(ULID()), "Idempotency-Key": str(ULID())}

    def send(what: tuple[str, dict[str, str]]) -> httpx.Response:
        return httpx.post(
            desk.base_url + what[0],
            json=what[1],
            headers=once | {"Authorization": f"Bearer {desk.keys['asha']}"},
            trust_env=False,
            timeout=LONGEST,
        )

    with ThreadPoolExecutor(8) as crowd:
        told = list(crowd.map(send, [(f"/api/v1/incidents/{number}/note", {"text": "x"})] * 8))
        reported = list(crowd.map(send, [("/api/v1/incidents", {"title": "x"})] * 8))
    assert {answer.status_code for answer in told} == {200}
    assert len({answer.text for answer in told}) == 1
    assert [event["kind"] for event in desk.read(number)["timeline"]].count("noted") == 1
    assert {answer.status_code for answer in reported} == {201}
    assert len({answer.json()["number"] for answer in reported}) == 1


def test_contradicting_commands_get_different_answers(desk: RunningDesk) -> None:
    """Two who take different ways at once are both answered: one is applied, the other refused, and the record shows the one."""
    number = desk.report()
    with ThreadPoolExecutor(2) as crowd:
        answers = list(crowd.map(lambda reason: desk.tell(number, "cancel", reason=reason), ["test", "duplicate"]))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert desk.read(number)["status"] == "cancelled"


def test_an_unknown_category_is_refused_at_the_door(desk: RunningDesk) -> None:
    """A mistyped category is 422 with the list of the desk's categories; so is a sub-category of another one (S2)."""
    for wrong, pointer, names in [
        ({"category": "printng"}, "/category", "printing"),
        ({"category": "printing", "subcategory": "phishing"}, "/subcategory", "scanner"),
    ]:
        answer = desk.as_("carla").post("/api/v1/incidents", json={"title": "Printer", **wrong})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == pointer
        assert names in answer.text
