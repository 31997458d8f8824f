"""Changes of the directory: one transaction each with its line in the audit, and everything that follows from them (process.md S5, S10, S21, S22)."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.access.accounts import Purpose, ask_for_link, make_link, read_link, sign_out_everywhere, who_is
from activities.access.keys import KeyMadeBeforeError, KeyRefusedError, issue_key, list_keys, revoke_key
from activities.access.security_log import Hand
from activities.access.sessions import begin
from activities.database.tables import link_requests, one_time_links, people, rounds, security_events, sessions
from activities.directory.changes import (
    ChangedMeanwhileError,
    ChangeRefusedError,
    UnknownEntryError,
    add_override,
    add_person,
    change_absence,
    change_person,
    disable_person,
    enable_person,
    keep_group,
    keep_rota,
    keep_service,
    mark_of_person,
    take_override,
)
from activities.directory.entries import GroupEntry, PersonEntry, ServiceEntry, mark_of
from activities.directory.file import load_directory
from activities.directory.leaving import LastAdminError
from activities.directory.rota_entries import OverrideEntry, RotaEntry
from activities.directory.rows import group_entry, groups_of, person_entry, rota_entry, service_entry
from activities.directory.staffing import pick_person
from activities.directory.who_is_meant import recipients, who_is_on_call
from activities.mail.postbox import address_of
from api.queries.callers import holder_of, is_agent, person_exists
from api.queries.sessions import signed_in
from workflows.policies.assignment_rules import Pick
from workflows.publication import LetterFacts, LetterOwed, Staffing
from workflows.vocabulary import Audience, LetterName, Priority, Role, Status

NOW = datetime.now(UTC)
ADA = Hand("ada", "10.0.0.7")
DIRECTORY = """
[people.ada]
name = "Ada"
email = "ada@example.org"
roles = ["admin"]
[people.asha]
name = "Asha"
email = "asha@example.org"
roles = ["caller", "agent"]
[people.ben]
name = "Ben"
email = "ben@example.org"
roles = ["agent"]
[groups.desk]
name = "Desk"
level = 1
lead = "asha"
members = ["asha", "ben"]
[groups.network]
name = "Network"
level = 2
[rotas.nights]
zone = "Europe/Istanbul"
[[rotas.nights.layers]]
people = ["asha"]
starts = 2026-01-05T09:00:00
turn_days = 7
[[rotas.nights.layers]]
people = ["ben"]
starts = 2026-01-05T09:00:00
turn_days = 7
"""


@pytest.fixture
async def desk(database: AsyncEngine) -> AsyncEngine:
    """The directory above, on each database."""
    await load_directory(database, DIRECTORY)
    return database


async def lines(desk: AsyncEngine, kind: str = "") -> list[dict[str, Any]]:
    """The audit, oldest first: what was done by somebody."""
    query = select(security_events).where(security_events.c.actor.is_not(None)).order_by(security_events.c.id)
    async with desk.connect() as connection:
        found = [dict(row) for row in (await connection.execute(query)).mappings()]
    return [each for each in found if kind in ("", each["kind"])]


async def _last(desk: AsyncEngine) -> tuple[Any, ...]:
    line = (await lines(desk))[-1]
    return tuple(line[name] for name in ("kind", "actor", "address", "person", "subject", "before", "after", "detail"))


async def _person(desk: AsyncEngine, person: str) -> tuple[PersonEntry, list[str], str]:
    async with desk.connect() as connection:
        found, of = await person_entry(connection, person), await groups_of(connection, person)
    assert found is not None
    return found, of, mark_of_person(found, of)


async def _change(desk: AsyncEngine, person: str, by: Hand = ADA, groups: list[str] | None = None, **values: Any) -> bool:
    entry, of, mark = await _person(desk, person)
    return await change_person(desk, person, entry.model_copy(update=values), of if groups is None else groups, mark, by)


async def test_somebody_new(desk: AsyncEngine) -> None:
    """They are there with their groups; the audit says by whom, from where, and what they are."""
    entry = PersonEntry(name="Cleo", email="cleo@example.org", zone="Africa/Nairobi", roles=[Role.AGENT])
    await add_person(desk, "cleo", entry, ["network"], ADA)
    assert (await _person(desk, "cleo"))[:2] == (entry, ["network"])
    after = {"name": "Cleo", "email": "cleo@example.org", "language": "en", "zone": "Africa/Nairobi", "roles": ["agent"]}
    assert await _last(desk) == ("person_added", "ada", "10.0.0.7", "cleo", "person cleo", None, after | {"groups": ["network"]}, "")


@pytest.mark.parametrize(
    ("person", "email", "groups", "field"),
    [("asha", None, [], "id"), ("bot", None, [], "id"), ("new", "ASHA@example.org", [], "email"), ("new", None, ["nowhere"], "groups")],
)
async def test_who_cannot_be_added(desk: AsyncEngine, person: str, email: str | None, groups: list[str], field: str) -> None:
    """An id or address that is taken, the name of an integration, a group that is none: nothing is added, nothing stands in the audit."""
    await issue_key(desk, integration="bot", roles=(Role.AGENT,))
    with pytest.raises(ChangeRefusedError) as refused:
        await add_person(desk, person, PersonEntry(name="New", email=email), groups, ADA)
    assert refused.value.field == field
    assert await lines(desk) == []


async def test_an_integration_never_gets_the_name_of_a_person(desk: AsyncEngine) -> None:
    """Nor a person that of an integration: one would act as the other."""
    with pytest.raises(KeyRefusedError, match="is a person"):
        await issue_key(desk, integration="asha", roles=(Role.ADMIN,), by=ADA)
    assert await lines(desk) == []


async def test_a_person_changes(desk: AsyncEngine) -> None:
    """Only what differs stands in the audit; what is so already is no change and no line."""
    assert await _change(desk, "ben", name="Benedict", groups=["network"])
    before, after = {"name": "Ben", "groups": ["desk"]}, {"name": "Benedict", "groups": ["network"]}
    assert await _last(desk) == ("person_changed", "ada", "10.0.0.7", "ben", "person ben", before, after, "")
    assert not await _change(desk, "ben")
    assert len(await lines(desk)) == 1


async def test_two_who_change_the_same_person(desk: AsyncEngine) -> None:
    """Of two administrators at once with the same page before them, one is told; nothing is overwritten unseen."""
    entry, of, mark = await _person(desk, "ben")
    tries = [change_person(desk, "ben", entry.model_copy(update={"name": name}), of, mark, ADA) for name in ("Benedict", "Benjamin")]
    became = await asyncio.gather(*tries, return_exceptions=True)
    assert sorted(map(type, became), key=str) == [ChangedMeanwhileError, bool]
    assert len(await lines(desk)) == 1


async def test_a_change_of_roles_signs_out(desk: AsyncEngine) -> None:
    """A session never outlives the roles it was begun with; another change leaves it, and the key stays with the new roles."""
    token, key = await begin(desk, "ben", "test", NOW), await issue_key(desk, person="ben")
    await _change(desk, "ben", zone="Asia/Tokyo")
    assert await signed_in(desk, token, NOW)
    await _change(desk, "ben", roles=[Role.CALLER])
    assert await signed_in(desk, token, NOW) is None
    holder = await holder_of(desk, key.secret)
    assert holder is not None
    assert holder.actor.roles == (Role.CALLER,)


async def test_who_is_disabled_has_no_way_in(desk: AsyncEngine) -> None:
    """Sessions, keys and links end at once, none can be begun; back again, a session works and the closed key does not."""
    token, key = await begin(desk, "ben", "test", NOW), await issue_key(desk, person="ben")
    link = await make_link(desk, "ben", Purpose.INVITE, NOW)
    await ask_for_link(desk, "ben", NOW)
    assert await disable_person(desk, "ben", ADA)
    assert await _last(desk) == ("person_disabled", "ada", "10.0.0.7", "ben", "person ben", {"disabled": False}, {"disabled": True}, "")
    assert await signed_in(desk, token, NOW) is None
    assert await signed_in(desk, await begin(desk, "ben", "test", NOW), NOW) is None
    assert await holder_of(desk, key.secret) is None
    assert await read_link(desk, link, NOW) is None
    assert await read_link(desk, await make_link(desk, "ben", Purpose.SIGN_IN, NOW), NOW) is None
    assert [await who_is(desk, name) for name in ("ben", "ben@example.org")] == [None, None]
    assert not await disable_person(desk, "ben", ADA)
    assert await enable_person(desk, "ben", ADA)
    assert await who_is(desk, "ben") == "ben"
    assert await holder_of(desk, key.secret) is None
    assert [line["kind"] for line in await lines(desk)] == ["person_disabled", "person_enabled"]


def _owed(to: Audience, named: str) -> LetterOwed:
    return LetterOwed(LetterName.RECEIVED, to, 1, 1, NOW, None, (named,), LetterFacts("Printer", Status.NEW, Priority.P3))


async def test_who_is_disabled_gets_no_work_and_no_letters(desk: AsyncEngine) -> None:
    """Neither picked nor kept as owner, not on call, not written to, not to be chosen; the row stays for the name on old incidents."""
    await disable_person(desk, "asha", ADA)
    async with desk.begin() as connection:
        for pick in (Pick.ROUND_ROBIN, Pick.LEAST_LOADED):
            assert (await pick_person(connection, "INC-1", Staffing("desk", "asha", pick))).person == "ben"
        assert await who_is_on_call(connection, "nights", NOW) == "ben"
        for to, named, told in ((Audience.CALLER, "asha", ()), (Audience.GROUP_LEAD, "desk", ()), (Audience.GROUP, "desk", ("ben",))):
            owed = _owed(to, named)
            assert await recipients(connection, owed, NOW) == told
        assert (await connection.execute(select(people.c.name).where(people.c.id == "asha"))).scalar_one() == "Asha"
        assert (await connection.execute(select(rounds.c.person))).scalar_one() == "ben"
    assert await address_of(desk, "asha") is None
    assert not await is_agent(desk, "asha")
    assert not await person_exists(desk, "asha")


async def test_an_absence_begins_and_ends(desk: AsyncEngine) -> None:
    """Before it and after it the person is there; within it neither picked nor called. Clearing it is a change of its own."""
    since, until = NOW + timedelta(days=1), NOW + timedelta(days=3)
    assert await change_absence(desk, "ben", since, until, Hand("ben", "10.0.0.8"))
    before, after = {"absent_from": None, "absent_until": None}, (await lines(desk))[-1]["after"]
    assert (await lines(desk))[-1]["before"] == before
    assert {name: datetime.fromisoformat(value) for name, value in after.items()} == {"absent_from": since, "absent_until": until}
    hours = (timedelta(hours=1), timedelta(days=2), timedelta(days=4))
    async with desk.connect() as connection:
        assert [await who_is_on_call(connection, "nights", NOW + later) for later in hours] == ["ben", "asha", "ben"]
        told = [await recipients(connection, _owed(Audience.NAMED_PERSON, "ben"), NOW + each) for each in hours]
        assert told == [("ben",), (), ("ben",)]
    assert await change_absence(desk, "ben", None, None, ADA)
    async with desk.connect() as connection:
        assert await who_is_on_call(connection, "nights", NOW + timedelta(days=2)) == "ben"


async def test_somebody_must_stay_who_administers(desk: AsyncEngine) -> None:
    """The last administrator can neither give the role away nor be disabled; nothing of the try remains. With a second one it works."""
    for attempt in (lambda: _change(desk, "ada", roles=[Role.CALLER]), lambda: disable_person(desk, "ada", ADA)):
        with pytest.raises(LastAdminError):
            await attempt()
    assert (await _person(desk, "ada"))[0].roles == [Role.ADMIN]
    assert await lines(desk) == []
    await _change(desk, "ben", roles=[Role.AGENT, Role.ADMIN])
    await disable_person(desk, "ada", Hand("ben", "10.0.0.8"))
    with pytest.raises(LastAdminError):
        await _change(desk, "ben", roles=[Role.AGENT])


async def test_two_administrators_who_end_each_other_at_once(desk: AsyncEngine) -> None:
    """One of them stays, whichever was first: the rule holds over both transactions."""
    await _change(desk, "ben", roles=[Role.ADMIN])
    tries = (disable_person(desk, "ada", Hand("ben", "a")), disable_person(desk, "ben", ADA))
    became = await asyncio.gather(*tries, return_exceptions=True)
    assert sorted(map(type, became), key=str) == [LastAdminError, bool]
    assert len(await lines(desk, "person_disabled")) == 1


async def test_an_import_keeps_an_administrator_too(desk: AsyncEngine) -> None:
    """A file after which nobody could administer is not taken in."""
    with pytest.raises(LastAdminError):
        await load_directory(desk, DIRECTORY.replace('["admin"]', '["caller"]').replace('name = "Ben"', 'name = "Benedict"'), ADA)
    assert (await _person(desk, "ben"))[0].name == "Ben"


async def test_a_group_changes(desk: AsyncEngine) -> None:
    """Members and lead must be people of the directory; what differs stands in the audit; an old form is not taken."""
    async with desk.connect() as connection:
        present = await group_entry(connection, "desk")
    assert present is not None
    entry = present.model_copy(update={"lead": "ben", "members": ["ben", "ada", "ben"]})
    assert await keep_group(desk, "desk", entry, mark_of(present), ADA)
    before, after = {"lead": "asha", "members": ["asha", "ben"]}, {"lead": "ben", "members": ["ada", "ben"]}
    assert await _last(desk) == ("group_changed", "ada", "10.0.0.7", None, "group desk", before, after, "")
    with pytest.raises(ChangedMeanwhileError):
        await keep_group(desk, "desk", present, mark_of(present), ADA)
    for wrong in ({"lead": "nobody"}, {"members": ["nobody"]}):
        with pytest.raises(ChangeRefusedError):
            await keep_group(desk, "new", GroupEntry(name="New", level=1).model_copy(update=wrong), None, ADA)
    with pytest.raises(ChangeRefusedError):
        await keep_group(desk, "desk", present, None, ADA)
    with pytest.raises(UnknownEntryError):
        await keep_group(desk, "nowhere", present, "mark", ADA)
    assert len(await lines(desk)) == 1


async def test_what_is_saved_as_it_was_is_not_written(desk: AsyncEngine) -> None:
    """A form of a group, rota or service that was sent without a change writes neither a row nor a line of the audit, and says so."""
    service = ServiceEntry(name="Mail", category="e-mail")
    await keep_service(desk, "mail", service, None, ADA)
    async with desk.connect() as connection:
        group = await group_entry(connection, "desk")
    assert group is not None
    rota, told, written = await _rota(desk), await lines(desk), list[str]()

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith(("INSERT", "UPDATE", "DELETE")):
            written.append(statement)

    event.listen(desk.sync_engine, "before_cursor_execute", note)
    assert not await keep_group(desk, "desk", group, mark_of(group), ADA)
    assert not await keep_rota(desk, "nights", rota, mark_of(rota), ADA)
    assert not await keep_service(desk, "mail", service, mark_of(service), ADA)
    event.remove(desk.sync_engine, "before_cursor_execute", note)
    # The count of changes, by which administrators wait for each other, is all that moves.
    assert [statement.split()[2] for statement in written] == ["numbers"] * 3
    assert await lines(desk) == told


async def test_a_rota_changes(desk: AsyncEngine) -> None:
    """Who steps in is called; two who are added at once both stand; taken away, the layers count again."""
    turn = {"from": NOW - timedelta(hours=1), "to": NOW + timedelta(hours=1)}
    overrides = [OverrideEntry.model_validate({"person": person} | turn) for person in ("ada", "asha")]
    assert await asyncio.gather(*(add_override(desk, "nights", each, ADA) for each in overrides)) == [True, True]
    assert not await add_override(desk, "nights", (await _rota(desk)).overrides[-1], ADA)
    last = (await _rota(desk)).overrides[-1].person
    async with desk.connect() as connection:
        assert await who_is_on_call(connection, "nights", NOW) == last
    for each in (await _rota(desk)).overrides:
        assert await take_override(desk, "nights", mark_of(each), ADA)
    assert not await take_override(desk, "nights", "made up", ADA)
    async with desk.connect() as connection:
        assert await who_is_on_call(connection, "nights", NOW) == "ben"
    assert {line["kind"] for line in await lines(desk)} == {"rota_changed"}
    assert len(await lines(desk)) == 4
    stranger = (await _rota(desk)).model_copy(update={"overrides": [OverrideEntry.model_validate({"person": "zoe"} | turn)]})
    with pytest.raises(ChangeRefusedError):
        await keep_rota(desk, "nights", stranger, mark_of(await _rota(desk)), ADA)


async def _rota(desk: AsyncEngine) -> RotaEntry:
    async with desk.connect() as connection:
        found = await rota_entry(connection, "nights")
    assert found is not None
    return found


async def test_a_service_changes(desk: AsyncEngine) -> None:
    """It is added, changed and retired, owned by a group or a person of the directory."""
    first = ServiceEntry(name="Mail", owner_group="network", category="e-mail")
    assert await keep_service(desk, "mail", first, None, ADA)
    after = {"name": "Mail", "owner_group": "network", "category": "e-mail", "retired": False}
    assert await _last(desk) == ("service_added", "ada", "10.0.0.7", None, "service mail", None, after, "")
    assert await keep_service(desk, "mail", first.model_copy(update={"retired": True}), mark_of(first), ADA)
    assert await _last(desk) == ("service_changed", "ada", "10.0.0.7", None, "service mail", {"retired": False}, {"retired": True}, "")
    for owner in ({"owner_group": "nowhere"}, {"owner_person": "nobody"}):
        with pytest.raises(ChangeRefusedError):
            await keep_service(desk, "other", ServiceEntry.model_validate({"name": "Other"} | owner), None, ADA)
    async with desk.connect() as connection:
        assert await service_entry(connection, "other") is None


async def test_keys_are_in_the_audit_without_their_secrets(desk: AsyncEngine) -> None:
    """Made and closed, with owner, label, roles and end; the same form makes one key; nobody closes the key of another."""
    ends_at = NOW + timedelta(days=30)
    made = await issue_key(desk, person="ben", label="laptop", ends_at=ends_at, by=Hand("ben", "a"), form="nonce")
    with pytest.raises(KeyMadeBeforeError):
        await issue_key(desk, person="ben", label="laptop", by=Hand("ben", "a"), form="nonce")
    other = await issue_key(desk, person="asha", by=Hand("asha", "b"), form="nonce")
    assert not await revoke_key(desk, other.id, person="ben", by=Hand("ben", "a"))
    assert await revoke_key(desk, made.id, person="ben", by=Hand("ben", "a"))
    (line, _, closed) = await lines(desk)
    assert line["after"] == {"owner": "ben", "label": "laptop", "roles": [], "ends_at": ends_at.isoformat()}
    assert (closed["kind"], closed["before"], closed["subject"]) == ("key_revoked", {"owner": "ben", "label": "laptop"}, f"key {made.id}")
    assert made.secret not in str(await lines(desk))
    assert {each.owner for each in await list_keys(desk, "ben")} == {"ben"}


async def test_a_key_opens_nothing_after_its_end(desk: AsyncEngine) -> None:
    """To the moment."""
    over = await issue_key(desk, person="ben", ends_at=NOW - timedelta(seconds=1))
    still = await issue_key(desk, person="ben", ends_at=NOW + timedelta(days=1))
    assert await holder_of(desk, over.secret) is None
    assert await holder_of(desk, still.secret) is not None


async def test_signing_somebody_out(desk: AsyncEngine) -> None:
    """Sessions and links end, those of nobody else; the audit says by whom and how many."""
    for person in ("ben", "ben", "asha"):
        await begin(desk, person, "test", NOW)
        await make_link(desk, person, Purpose.SIGN_IN, NOW)
    assert await sign_out_everywhere(desk, "ben", ADA) == 2
    async with desk.connect() as connection:
        for table in (sessions, one_time_links, link_requests):
            assert {*(await connection.execute(select(table.c.person))).scalars()} <= {"asha"}
    assert await _last(desk) == ("sessions_ended", "ada", "10.0.0.7", "ben", "person ben", None, None, "2 sessions")
