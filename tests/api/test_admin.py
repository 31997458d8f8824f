"""Pages of administration: who gets in, what each does, and that everything is seen in an audit that nobody can change (process.md S21, S22)."""

import csv
import io
import json
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi.routing import iter_route_contexts
from sqlalchemy import event, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.access.accounts import set_password
from activities.access.keys import issue_key
from activities.access.security_log import COMMAND_LINE, Hand
from activities.database.tables import api_keys, groups, people, rotas, security_events, sessions
from activities.directory.changes import keep_service
from activities.directory.entries import ServiceEntry
from activities.settings import Settings
from api.app import create_app
from api.identity import ADMINISTER, SEE_AUDIT, SEE_CATEGORIES, SEE_TRAIL, STAFF, Way, access_of
from tests.api.house import LINK_KEY, PEOPLE, fill_directory
from tests.api.readers import signed_in
from workflows.vocabulary import Role

PASSWORD = "blue whale, green lamp"
ROTA = 'zone = "UTC"\n[[layers]]\npeople = ["asha"]\nstarts = 2026-01-05T09:00:00\nturn_days = 7\n'
DAYS = {"from": "2026-11-01", "to": "2026-11-30"}
PERSON = {"name": "Cleo", "email": "cleo@example.org", "language": "en", "zone": "UTC", "roles": "agent"}


@pytest.fixture
async def record(database: AsyncEngine) -> AsyncEngine:
    """The people of the test desk, with a service, on each database."""
    await fill_directory(database)
    await keep_service(database, "mail", ServiceEntry(name="Mail", category="e-mail"), None, COMMAND_LINE)
    return database


@pytest.fixture
async def admin(record: AsyncEngine) -> AsyncIterator[httpx.AsyncClient]:
    """The administrator's browser."""
    async with signed_in(record, "adam") as browser:
        yield browser


async def _audit(record: AsyncEngine) -> list[dict[str, Any]]:
    """What was done by somebody, oldest first; not what was denied to them."""
    is_done = security_events.c.actor.is_not(None) & (security_events.c.kind != "access_denied")
    query = select(security_events).where(is_done).order_by(security_events.c.id)
    async with record.connect() as connection:
        return [dict(row) for row in (await connection.execute(query)).mappings()]


def _mark(page: httpx.Response) -> str:
    found = re.search(r'name="mark" value="(\w+)"', page.text)
    assert found, page.text
    return found[1]


def _paths() -> list[tuple[str, str, frozenset[Role]]]:
    """Every route of administration and of one's account that this module is about, with whom it lets in."""
    found = []
    for route in iter_route_contexts(create_app(Settings(link_keys=(LINK_KEY,))).routes):
        if (route.path or "").startswith(("/admin", "/account/api-keys", "/account/absences")):
            access = access_of(route)
            assert access is not None
            assert access.way is Way.BY_SESSION
            found += [(method, route.path or "", access.roles) for method in sorted((route.methods or set()) - {"HEAD"})]
    return found


ROUTES = _paths()


def test_each_route_says_what_the_rules_say() -> None:
    """Administrators change; auditors read both audits and nothing else here; process owners see what happened, and their categories; accounts are everybody's own."""
    others = dict.fromkeys(("/admin/audit", "/admin/audit.csv"), SEE_AUDIT)
    others |= {"/admin/events.{form}": SEE_TRAIL, "/admin/categories": SEE_CATEGORIES}
    for _, path, roles in ROUTES:
        if path.startswith("/account/api-keys"):
            assert roles == frozenset()
        elif path.startswith("/account/absences"):
            assert roles == STAFF
        else:
            assert roles == others.get(path, ADMINISTER), path
    assert len(ROUTES) > 40


async def test_who_gets_in(record: AsyncEngine) -> None:
    """Each route and each role, and nobody: in, 403, or to the door; nothing is changed by who may not."""
    async with AsyncExitStack() as stack:
        browsers = {person: await stack.enter_async_context(signed_in(record, person)) for person in (*PEOPLE, None)}
        # What adam changes first would end sessions: the others go first, he only reads.
        for method, path, roles in ROUTES:
            where = path.format(person="asha", group="network", rota="none", service="mail", key="key-none", form="csv")
            for person, browser in browsers.items():
                may = person is not None and (not roles or not roles.isdisjoint(PEOPLE[person][0]))
                if may and method == "POST":
                    continue
                answer = await browser.request(method, where, params=DAYS)
                expected = {200, 303, 404} if may else {403} if person else {303, 401}
                assert answer.status_code in expected, (person, method, where, answer.status_code)
                if person is None and answer.status_code == 303:
                    assert answer.headers["Location"].startswith("/sign-in")
        assert {line["kind"] for line in await _audit(record)} <= {"directory_exported", "audit_exported", "events_exported"}


async def test_forms_of_other_sites_change_nothing(admin: httpx.AsyncClient, record: AsyncEngine) -> None:
    """With the administrator's cookie, from another site: 403 on every form."""
    for method, path, _ in ROUTES:
        if method == "POST":
            where = path.format(person="asha", group="network", rota="none", service="mail", key="key-none", form="csv")
            answer = await admin.post(where, data=PERSON, headers={"Sec-Fetch-Site": "cross-site"})
            assert answer.status_code == 403, where
    assert await _audit(record) == []


@pytest.mark.parametrize("key", ["nobody", "a%00b", "%2e%2e", "<script>", "x" * 200, "' OR 1=1 --", "monitor"])
async def test_ids_that_are_none(admin: httpx.AsyncClient, key: str) -> None:
    """Unknown ones, made up ones, and those of integrations, which are no people: 404 everywhere."""
    for method, path, _ in ROUTES:
        if "{" in path and path.startswith("/admin"):
            where = re.sub(r"\{\w+\}", key, path)
            answer = await admin.request(
                method, where, data=PERSON | {"mark": "x", "sure": "yes", "definition": ROTA} if method == "POST" else None
            )
            assert answer.status_code in (404, 422), where
            assert answer.status_code == 404 or "/overrides" in where or method == "POST", where


async def test_people_are_found(admin: httpx.AsyncClient, record: AsyncEngine) -> None:
    """By words in name, id and address, by role, a page at a time, each once; signs of the database are signs like others."""
    async with record.begin() as connection:
        many = [{"id": f"p{n:03}", "name": f"Percy {n % 7} %_", "language": "en", "zone": "UTC", "roles": ["caller"]} for n in range(120)]
        await connection.execute(people.insert(), many)
    seen: list[str] = []
    where = "/admin/people?q=percy"
    while where:
        page = await admin.get(where)
        seen += re.findall(r'href="/admin/people/(p\d+)"', page.text)
        following = re.search(r'href="([^"]+after=[^"]+)">More', page.text)
        where = following[1].replace("&amp;", "&") if following else ""
    assert len(seen) == 120
    assert len(set(seen)) == 120
    found = {what: re.findall(r'href="/admin/people/(\w+)"', (await admin.get(f"/admin/people?{what}")).text) for what in ("q=%25_", "q=aude@EXAMPLE", "role=admin", "q=nobody", "role=king")}  # fmt: skip
    assert len(found["q=%25_"]) == 50
    assert (found["q=aude@EXAMPLE"], found["role=admin"], found["q=nobody"]) == (["aude"], ["adam"], [])
    assert (await admin.get("/admin/people?after=made-up")).status_code == 422


async def test_a_person_from_adding_to_leaving(admin: httpx.AsyncClient, record: AsyncEngine) -> None:
    """Added, changed, away, let in, signed out, disabled, enabled; each a line in the audit by who did it, from where, in this order."""
    assert (await admin.post("/admin/add/person", data=PERSON | {"id": "cleo", "groups": "network"})).headers[
        "Location"
    ] == "/admin/people/cleo?done=added"
    page = await admin.get("/admin/people/cleo?done=added")
    changed = PERSON | {"name": "Cleopatra", "roles": ["agent", "caller"], "mark": _mark(page)}
    assert (await admin.post("/admin/people/cleo", data=changed)).headers["Location"].endswith("done=saved")
    until = (datetime.now(UTC) + timedelta(days=3)).strftime("%Y-%m-%dT%H:%M")
    assert (await admin.post("/admin/people/cleo/absence", data={"until": until})).status_code == 303
    made = await admin.post("/admin/people/cleo/link")
    token = re.search(r"/sign-in/link/([\w-]+)", made.text)
    assert token
    assert token[1] not in (await admin.get("/admin/people/cleo")).text
    assert (await admin.post("/admin/people/cleo/sign-out")).status_code == 303
    assert (await admin.get(f"/sign-in/link/{token[1]}")).status_code == 404
    assert (await admin.post("/admin/people/cleo/disable")).status_code == 422
    assert (await admin.post("/admin/people/cleo/disable", data={"sure": "yes"})).status_code == 303
    assert (await admin.post("/admin/people/cleo/link")).status_code == 409
    assert (await admin.post("/admin/people/cleo/enable")).status_code == 303
    lines = await _audit(record)
    assert [line["kind"] for line in lines] == ["person_added", "person_changed", "absence_changed", "link_made", "sessions_ended", "person_disabled", "person_enabled"]  # fmt: skip
    assert {(line["actor"], line["person"], line["address"]) for line in lines} == {("adam", "cleo", "127.0.0.1")}
    assert lines[1]["before"] == {"name": "Cleo", "roles": ["agent"], "groups": ["network"]}
    assert lines[1]["after"] == {"name": "Cleopatra", "roles": ["agent", "caller"], "groups": []}
    assert token[1] not in str(lines)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"id": "a/b"}, "An id has letters"),
        ({"id": ""}, "An id has letters"),
        ({"id": "asha"}, "Somebody has this id"),
        ({"id": "monitor"}, "An integration has a key"),
        ({"name": " "}, "Give a name"),
        ({"email": "a b"}, "not an e-mail address"),
        ({"email": "ASHA@example.org"}, "asha has this address"),
        ({"zone": "Mars/Olympus"}, "Give an IANA time zone"),
        ({"roles": "king"}, "roles"),
        ({"groups": "nowhere"}, "does not know nowhere"),
        ({"language": "english"}, "two lowercase letters"),
    ],
)
async def test_what_is_wrong_is_said_beside_what_was_typed(
    admin: httpx.AsyncClient, record: AsyncEngine, wrong: dict[str, str], says: str
) -> None:
    """Nothing is saved; the page says what is expected and keeps the rest."""
    answer = await admin.post("/admin/add/person", data=PERSON | {"id": "cleo"} | wrong)
    assert answer.status_code == 422
    assert says in answer.text
    assert "cleo@example.org" in answer.text or "email" in wrong
    assert await _audit(record) == []


async def test_who_is_overtaken_is_told(admin: httpx.AsyncClient, record: AsyncEngine) -> None:
    """The second form is not saved: what was typed is kept, what the record says now stands above; sent again, it is saved."""
    where = "/admin/people/asha"
    mark = _mark(await admin.get(where))
    first, second = (PERSON | {"name": name, "email": "asha@example.org", "mark": mark} for name in ("Asha R.", "Asha S."))
    assert (await admin.post(where, data=first)).status_code == 303
    overtaken = await admin.post(where, data=second)
    assert overtaken.status_code == 412
    assert "Somebody changed this in the meantime" in overtaken.text
    assert "Name is now: Asha R." in overtaken.text
    assert 'value="Asha S."' in overtaken.text
    assert (await admin.post(where, data=second | {"mark": _mark(overtaken)})).status_code == 303
    assert [line["after"]["name"] for line in await _audit(record)] == ["Asha R.", "Asha S."]


async def test_the_last_administrator_stays(admin: httpx.AsyncClient, record: AsyncEngine) -> None:
    """Neither their role nor they themselves go away, by form or by file; the session goes on."""
    where = "/admin/people/adam"
    own = {"name": "Adam", "email": "adam@example.org", "language": "en", "zone": "Europe/Paris", "mark": _mark(await admin.get(where))}
    for answer in (await admin.post(where, data=own | {"roles": "caller"}), await admin.post(f"{where}/disable", data={"sure": "yes"})):
        assert answer.status_code == 409
        assert "Give somebody else the role first" in answer.text
    text = '[people.adam]\nname = "Adam"\nroles = ["caller"]\n[groups]'
    count = re.search(r'name="count" value="(\d+)"', (await admin.post("/admin/exchange", data={"file": text})).text)
    assert count
    assert (await admin.post("/admin/exchange/import", data={"file": text, "count": count[1]})).status_code == 409
    assert (await admin.get("/admin/people")).status_code == 200
    assert await _audit(record) == []


async def test_groups_by_form(admin: httpx.AsyncClient, record: AsyncEngine) -> None:
    """Added, members by id or address, taken out by a tick less; unknown ones are named."""
    new = {"id": "vendors", "name": "Vendors", "level": "3", "more": "asha, NOAH@example.org"}
    assert (await admin.post("/admin/add/group", data=new)).status_code == 303
    page = await admin.get("/admin/groups/vendors")
    kept = {"name": "Vendors", "level": "3", "lead": "noah", "members": "noah", "mark": _mark(page)}
    unknown = await admin.post("/admin/groups/vendors", data=kept | {"more": "zoe, monitor"})
    assert unknown.status_code == 422
    assert "zoe, monitor" in unknown.text
    assert (await admin.post("/admin/groups/vendors", data=kept)).status_code == 303
    assert (await admin.post("/admin/groups/vendors", data=kept | {"name": "Others"})).status_code == 412
    assert [(line["kind"], line["subject"]) for line in await _audit(record)] == [
        ("group_added", "group vendors"),
        ("group_changed", "group vendors"),
    ]
    assert (await _audit(record))[1]["after"] == {"lead": "noah", "members": ["noah"]}
    for wrong in ({"level": "12"}, {"name": ""}, {"lead": "nobody"}, {"id": "x" * 95}):
        assert (await admin.post("/admin/add/group", data=new | {"id": "other"} | wrong)).status_code == 422


async def test_rotas_by_form(admin: httpx.AsyncClient, record: AsyncEngine) -> None:
    """Defined as text with its faults named; somebody steps in for a while in the rota's own zone, and back."""
    for text, says in ((ROTA.replace("7", "0"), "turn_days"), ("zone", "not TOML"), (ROTA + "[[overrides]]\n", "form of their own"), (ROTA.replace("asha", "zoe"), "zoe")):  # fmt: skip
        answer = await admin.post("/admin/add/rota", data={"id": "nights", "definition": text})
        assert answer.status_code == 422
        assert says in answer.text
    assert (await admin.post("/admin/add/rota", data={"id": "nights", "definition": ROTA})).status_code == 303
    where = "/admin/rotas/nights"
    begins = datetime.now(UTC) + timedelta(hours=2)
    form = {"person": "noah", "from": begins.strftime("%Y-%m-%dT%H:%M"), "to": (begins + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M")}
    for wrong in ({"person": ""}, {"from": ""}, {"to": form["from"]}, {"from": "x"}, {"person": "zoe"}, {"to": "9999-12-31T23:59"}):
        assert (await admin.post(f"{where}/overrides", data=form | wrong)).status_code == 422
    assert (await admin.post(f"{where}/overrides", data=form)).status_code == 303
    page = await admin.get(where)
    assert page.text.count("Noah") >= 2
    mark = re.search(r'removal"[^>]*><input type="hidden" name="mark" value="(\w+)"', page.text)
    assert mark
    changed = {"definition": ROTA.replace("7", "14"), "mark": re.findall(r'name="mark" value="(\w+)"', page.text)[-1]}
    assert (await admin.post(where, data=changed)).status_code == 303
    assert (await admin.post(where, data=changed | {"definition": ROTA})).status_code == 412
    assert "Noah" in (await admin.get(where)).text
    assert (await admin.post(f"{where}/overrides/removal", data={"mark": mark[1]})).status_code == 303
    assert [line["kind"] for line in await _audit(record)] == ["rota_added"] + ["rota_changed"] * 3


async def test_services_by_form(admin: httpx.AsyncClient, record: AsyncEngine) -> None:
    """Added with an owner, retired, and shown so."""
    new = {"id": "vpn", "name": "Remote access", "owner": "group/network", "category": "network"}
    assert (await admin.post("/admin/add/service", data=new)).status_code == 303
    page = await admin.get("/admin/services/vpn")
    assert (
        await admin.post("/admin/services/vpn", data=new | {"owner": "person/noah", "retired": "yes", "mark": _mark(page)})
    ).status_code == 303
    assert (await _audit(record))[1]["after"] == {"owner_group": None, "owner_person": "noah", "retired": True}
    assert "Retired" in (await admin.get("/admin/services")).text
    for wrong in ({"owner": "group/nowhere"}, {"owner": "person/nobody"}, {"name": ""}, {"id": "mail"}, {"id": ""}):
        assert (await admin.post("/admin/add/service", data=new | {"id": "x"} | wrong)).status_code == 422


async def test_keys_of_integrations(admin: httpx.AsyncClient, record: AsyncEngine) -> None:
    """Made with roles, shown once, once for each form; closed; never with the name of a person, never without a role."""
    form = {"integration": "probe", "label": "Probe", "roles": "agent", "ends": "30", "nonce": "n1"}
    made = await admin.post("/admin/keys", data=form)
    secret = re.search(r"hf_[\w-]{43}", made.text)
    assert secret
    assert (await admin.post("/admin/keys", data=form)).status_code == 409
    assert secret[0] not in (await admin.get("/admin/keys")).text
    headers = {"Authorization": f"Bearer {secret[0]}"}
    assert (await admin.get("/api/v1/me", headers=headers)).json() | {"name": ""} == {
        "kind": "integration",
        "id": "probe",
        "name": "",
        "roles": ["agent"],
        "groups": [],
    }
    for wrong in ({"integration": "asha"}, {"integration": ""}, {"integration": "a b"}, {"roles": ""}, {"roles": "king"}):
        assert (await admin.post("/admin/keys", data=form | {"nonce": "n2"} | wrong)).status_code == 422
    page = await admin.get("/admin/keys?owner=probe")
    key = re.search(r"/admin/keys/(key-\w+)/revocation", page.text)
    assert key
    assert (await admin.post(f"/admin/keys/{key[1]}/revocation")).status_code == 303
    assert (await admin.post(f"/admin/keys/{key[1]}/revocation")).status_code == 404
    assert (await admin.get("/api/v1/me", headers=headers)).status_code == 401
    assert "Closed" in (await admin.get("/admin/keys?owner=probe&closed=yes")).text
    lines = await _audit(record)
    assert [line["kind"] for line in lines] == ["key_made", "key_revoked"]
    assert secret[0] not in str(lines)


@pytest.mark.parametrize("person", ["asha", "carla"])
async def test_keys_of_ones_own(record: AsyncEngine, person: str) -> None:
    """Staff and callers make, see and close their own, with the password if they have one; those of others are not there."""
    other = await issue_key(record, person="noah", label="noahs laptop")
    async with signed_in(record, person) as browser:
        assert (await browser.post("/account/api-keys", data={"label": "mine", "nonce": "a"})).status_code == 200
        await set_password(record, person, PASSWORD)
        for wrong in ({}, {"password": "wrong password"}):
            assert (await browser.post("/account/api-keys", data={"label": "x", "nonce": "b"} | wrong)).status_code == 422
        made = await browser.post("/account/api-keys", data={"label": "laptop", "ends": "90", "nonce": "b", "password": PASSWORD})
        secret = re.search(r"hf_[\w-]{43}", made.text)
        assert secret
        headers = {"Authorization": f"Bearer {secret[0]}"}
        assert (await browser.get("/api/v1/me", headers=headers)).json()["id"] == person
        page = await browser.get("/account/api-keys")
        assert secret[0] not in page.text
        assert "noahs laptop" not in page.text
        assert (await browser.post(f"/account/api-keys/{other.id}/revocation")).status_code == 404
        mine = re.findall(r"api-keys/(key-\w+)/revocation", page.text)
        assert (await browser.post(f"/account/api-keys/{mine[0]}/revocation")).status_code == 303
        assert (await browser.get("/api/v1/me", headers=headers)).status_code == 401
    async with signed_in(record, None) as machine:
        key = await issue_key(record, person=person)
        answer = await machine.post("/account/api-keys", data={"label": "x"}, headers={"Authorization": f"Bearer {key.secret}"})
        assert answer.status_code == 401


async def test_who_has_no_password_needs_a_fresh_session_for_a_key(record: AsyncEngine) -> None:
    """An open browser is not enough: after a quarter of an hour people sign in anew."""
    async with signed_in(record, "asha") as browser:
        async with record.begin() as connection:
            await connection.execute(update(sessions).values(began_at=datetime.now(UTC) - timedelta(minutes=16)))
        assert (await browser.post("/account/api-keys", data={"label": "x"})).status_code == 409
    async with record.connect() as connection:
        assert len((await connection.execute(select(api_keys.c.id).where(api_keys.c.person == "asha"))).all()) == 1


async def test_nobody_has_keys_without_end(record: AsyncEngine) -> None:
    """Twenty in force are enough for one person."""
    for _ in range(19):
        await issue_key(record, person="asha")
    async with signed_in(record, "asha") as browser:
        assert (await browser.post("/account/api-keys", data={"label": "x"})).status_code == 409


async def test_absences_of_ones_own_and_of_the_group(record: AsyncEngine) -> None:
    """People note their own, a lead those of the members; of anybody else it is answered as of nobody; callers have none."""
    async with record.begin() as connection:
        await connection.execute(groups.update().where(groups.c.id == "network").values(lead="ines"))
    until = {"until": (datetime.now(UTC) + timedelta(days=3)).strftime("%Y-%m-%dT%H:%M")}
    async with signed_in(record, "ines") as lead, signed_in(record, "noah") as noah, signed_in(record, "carla") as carla:
        assert "Noah" in (await lead.get("/account/absences")).text
        assert (await lead.post("/account/absences/noah", data=until)).status_code == 303
        assert (await noah.post("/account/absences/noah", data={"there": "yes"})).status_code == 303
        assert (await noah.post("/account/absences/noah", data=until)).status_code == 303
        for browser, person in ((lead, "asha"), (noah, "ines"), (noah, "nobody"), (noah, "a%00")):
            assert (await browser.post(f"/account/absences/{person}", data=until)).status_code == 404
        for wrong in (
            {},
            {"until": "x"},
            {"until": "2020-01-01T00:00"},
            {"since": until["until"], "until": until["until"]},
            {"until": "0001-01-01T00:00"},
        ):
            assert (await noah.post("/account/absences/noah", data=wrong)).status_code == 422
        assert (await carla.post("/account/absences/carla", data=until)).status_code == 403
    assert [(line["actor"], line["person"]) for line in await _audit(record)] == [("ines", "noah"), ("noah", "noah"), ("noah", "noah")]


SMALL = '[people.adam]\nname = "Adam"\nemail = "adam@example.org"\nroles = ["admin"]\n[people.zoe]\nname = "Zoe"\n[groups]\n'


async def test_out_and_in_again(admin: httpx.AsyncClient, record: AsyncEngine) -> None:
    """The file that comes out goes in without a change; another one is shown first and applied as shown; a look that is too old is refused."""
    exported = (await admin.get("/admin/directory.toml")).text
    assert "Nothing: the directory already says" in (await admin.post("/admin/exchange", data={"file": exported})).text
    preview = await admin.post("/admin/exchange", data={"file": SMALL})
    assert "person zoe" in preview.text
    assert "zone: Europe/Paris → UTC" in preview.text
    assert "Kept although not in the file" in preview.text
    count = re.search(r'name="count" value="(\d+)"', preview.text)
    assert count
    await issue_key(record, integration="meanwhile", roles=(Role.AGENT,), by=Hand("adam", "x"))
    late = await admin.post("/admin/exchange/import", data={"file": SMALL, "count": count[1]})
    assert late.status_code == 412
    assert "look again" in late.text
    count = re.search(r'name="count" value="(\d+)"', late.text)
    assert count
    taken = await admin.post("/admin/exchange/import", data={"file": SMALL, "count": count[1]})
    assert "Imported 2 people: 1 person added; 1 person changed." in taken.text
    kinds = [line["kind"] for line in await _audit(record)]
    assert kinds == ["directory_exported", "key_made", "directory_imported", "person_changed", "person_added"]


@pytest.mark.parametrize(
    "file",
    [
        "",
        "people = 7",
        "[people.a",
        "x" * 200_001,
        "a=" + "[" * 5_000,
        "[people.a]\nname='A'\nabsent_until=0001-01-01T00:00:00+14:00\n[groups]",
    ],
)
async def test_files_that_are_none(admin: httpx.AsyncClient, record: AsyncEngine, file: str) -> None:
    """Empty, wrong, too long, too deep, out of time: a sentence, and nothing is imported, at the look and at the import."""
    for where, more in (("/admin/exchange", {}), ("/admin/exchange/import", {"count": "1"})):
        answer = await admin.post(where, data={"file": file} | more)
        assert answer.status_code in (412, 422)
    assert await _audit(record) == []


async def test_a_table_of_people_carries_out_nothing(admin: httpx.AsyncClient, record: AsyncEngine) -> None:
    """Names that look like formulas are text."""
    async with record.begin() as connection:
        await connection.execute(people.update().where(people.c.id == "asha").values(name="=1+1"))
    rows = list(csv.reader(io.StringIO((await admin.get("/admin/people.csv")).text.removeprefix("\ufeff"))))
    assert [row[1] for row in rows if row[0] == "asha"] == ["'=1+1"]
    assert len(rows) == len(PEOPLE) + 1


async def test_an_exported_file_names_the_rota_that_it_lacks(admin: httpx.AsyncClient, record: AsyncEngine) -> None:
    """One that cannot be read is not in the file, and importing the file would take it away: its first line says so."""
    async with record.begin() as connection:
        await connection.execute(insert(rotas).values(id="odd", definition={"zone": "Mars/Olympus"}))
    exported = (await admin.get("/admin/directory.toml")).text
    assert exported.splitlines()[0] == '# The rota "odd" cannot be read and is not in this file: importing it would take that rota away.'
    assert "[rotas.odd]" not in exported


async def test_the_audit_is_read(admin: httpx.AsyncClient, record: AsyncEngine) -> None:
    """By administrators and auditors, filtered, a page at a time, as a file; that somebody took it out is a line too."""
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    for n in range(60):
        await keep_service(record, f"s{n}", ServiceEntry(name=f"=S{n}"), None, Hand("adam", "10.0.0.1"))
    async with signed_in(record, "aude") as auditor:
        first = await auditor.get("/admin/audit?about=service+s&actor=adam&kind=service_added")
        subjects = re.findall(r"service s\d+", first.text)
        older = re.search(r'href="([^"]+before=[^"]+)">Older', first.text)
        assert older
        second = await auditor.get(older[1].replace("&amp;", "&"))
        subjects += re.findall(r"service s\d+", second.text)
        assert sorted(subjects, key=lambda each: int(each[9:])) == [f"service s{n}" for n in range(60)]
        assert "service s1" not in (await auditor.get(f"/admin/audit?to={yesterday}&kind=service_added")).text
        assert (await auditor.get("/admin/audit?from=yesterday")).status_code == 422
        assert (await auditor.get("/admin/audit?about=a%00b&to=9999-12-31")).status_code == 200
        rows = list(csv.reader(io.StringIO((await auditor.get("/admin/audit.csv?kind=service_added")).text.removeprefix("\ufeff"))))
        assert len(rows) == 62
        assert rows[1][:3] == [rows[1][0], "service_added", "adam"]
    assert [(line["kind"], line["actor"]) for line in await _audit(record)][-1] == ("audit_exported", "aude")


async def test_nobody_forges_a_line_of_the_audit_by_what_they_are_called(admin: httpx.AsyncClient, record: AsyncEngine) -> None:
    """Whoever did it stands there by id before any name, and signs that turn or break a line are written out, in the page and in the file (S21)."""
    async with record.begin() as connection:
        await connection.execute(update(people).where(people.c.id == "adam").values(name="Ines · from 10.9.9.9\u202e\u2028\u2066"))
    await admin.post("/admin/add/service", data={"id": "s1", "name": "\u202e1s", "description": "one\ntwo"})
    page, file = (await admin.get("/admin/audit")).text, (await admin.get("/admin/audit.csv")).text
    assert "by adam (Ines · from 10.9.9.9\\u202e\\u2028\\u2066) · service s1" in page
    assert "name: \\u202e1s; description: one\\ntwo" in page
    assert not {"\u202e", "\u2028", "\u2066"} & set(file)
    rows = list(csv.DictReader(io.StringIO(file.removeprefix("\ufeff"))))
    assert json.loads(next(row["after"] for row in rows if row["kind"] == "service_added"))["name"] == "\u202e1s"


async def test_no_route_changes_or_takes_away_a_line_of_the_audit(record: AsyncEngine) -> None:
    """Whatever an administrator sends to any route of theirs, the statements that reach the table of the audit only add to it."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "security_events" in statement:
            statements.append(statement.split(maxsplit=1)[0].upper())

    event.listen(record.sync_engine, "before_cursor_execute", note)
    form = PERSON | {
        "id": "cleo",
        "level": "1",
        "definition": ROTA,
        "file": SMALL,
        "count": "1",
        "sure": "yes",
        "integration": "probe",
        "label": "x",
    }
    async with signed_in(record, "adam") as browser:
        for method, path, _ in sorted(ROUTES, key=lambda route: "disable" in route[1]):
            where = path.format(person="asha", group="network", rota="nights", service="mail", key="key-none", form="csv")
            await browser.request(method, where, data=form if method == "POST" else None)
    event.remove(record.sync_engine, "before_cursor_execute", note)
    assert {"INSERT", "SELECT"} == set(statements)
    assert len(await _audit(record)) > 5
