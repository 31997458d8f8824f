"""The directory in the record: entries read from rows, and rows written from entries. Functions take the connection of a transaction that is open."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, Table, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.database.session import insert
from activities.database.tables import groups, memberships, people, rotas, services
from activities.directory.entries import DirectoryFile, GroupEntry, PersonEntry, ServiceEntry
from activities.directory.rota_entries import RotaEntry, readable_rota
from workflows.vocabulary import Role


async def everything(connection: AsyncConnection) -> DirectoryFile:
    """The whole directory as a file would say it, sorted by id. A rota that cannot be read is left out."""
    members: dict[str, list[str]] = {}
    for row in await connection.execute(select(memberships).order_by(memberships.c.group, memberships.c.person)):
        members.setdefault(row.group, []).append(row.person)
    return DirectoryFile.model_construct(
        people={row["id"]: _person(row) for row in await _all(connection, people)},
        groups={row["id"]: _group(row, members.get(row["id"], [])) for row in await _all(connection, groups)},
        rotas={row["id"]: entry for row in await _all(connection, rotas) if (entry := readable_rota(row["definition"]))},
        services={row["id"]: _service(row) for row in await _all(connection, services)},
    )


async def person_entry(connection: AsyncConnection, person: str) -> PersonEntry | None:
    """The person of that id, or nobody."""
    row = await _one(connection, people, person)
    return _person(row) if row else None


async def groups_of(connection: AsyncConnection, person: str) -> list[str]:
    """The groups this person is in, by id."""
    query = select(memberships.c.group).where(memberships.c.person == person).order_by(memberships.c.group)
    return list((await connection.execute(query)).scalars())


async def group_entry(connection: AsyncConnection, group: str) -> GroupEntry | None:
    """The group of that id with its members, or none."""
    row = await _one(connection, groups, group)
    query = select(memberships.c.person).where(memberships.c.group == group).order_by(memberships.c.person)
    return _group(row, list((await connection.execute(query)).scalars())) if row else None


async def rota_entry(connection: AsyncConnection, rota: str) -> RotaEntry | None:
    """The rota of that id, or none; one that cannot be read counts as none."""
    row = await _one(connection, rotas, rota)
    return readable_rota(row["definition"]) if row else None


async def service_entry(connection: AsyncConnection, service: str) -> ServiceEntry | None:
    """The service of that id, or none."""
    row = await _one(connection, services, service)
    return _service(row) if row else None


async def put_people(connection: AsyncConnection, entries: Mapping[str, PersonEntry], now: datetime) -> None:
    """Writes people whole. Who was disabled before keeps the instant."""
    query = select(people.c.id, people.c.disabled_at).where(people.c.disabled_at.is_not(None))
    gone = {row.id: row.disabled_at for row in await connection.execute(query)}
    await _put(connection, people, [_person_row(each, entry, gone.get(each, now)) for each, entry in entries.items()])


async def put_groups(connection: AsyncConnection, entries: Mapping[str, GroupEntry]) -> None:
    """Writes groups whole, with their members."""
    await _put(connection, groups, [entry.model_dump(exclude={"members"}) | {"id": group} for group, entry in entries.items()])
    await connection.execute(delete(memberships).where(memberships.c.group.in_(entries)))
    members = [{"group": group, "person": person} for group, entry in entries.items() for person in dict.fromkeys(entry.members)]
    if members:
        await connection.execute(memberships.insert(), members)


async def put_memberships(connection: AsyncConnection, person: str, of: Collection[str]) -> None:
    """Writes in which groups a person is."""
    await connection.execute(delete(memberships).where(memberships.c.person == person))
    if of:
        await connection.execute(memberships.insert(), [{"group": group, "person": person} for group in sorted(of)])


async def put_rotas(connection: AsyncConnection, entries: Mapping[str, RotaEntry]) -> None:
    """Writes rotas whole."""
    await _put(connection, rotas, [{"id": rota, "definition": entry.definition()} for rota, entry in entries.items()])


async def take_rotas(connection: AsyncConnection, names: Collection[str]) -> None:
    """Takes these rotas away."""
    await connection.execute(delete(rotas).where(rotas.c.id.in_(names)))


async def put_services(connection: AsyncConnection, entries: Mapping[str, ServiceEntry]) -> None:
    """Writes services whole."""
    await _put(connection, services, [entry.model_dump() | {"id": service} for service, entry in entries.items()])


async def unknown_among(connection: AsyncConnection, table: Table, ids: Collection[str]) -> list[str]:
    """Which of these ids the table does not have."""
    wanted = set(ids)
    found = set((await connection.execute(select(table.c.id).where(table.c.id.in_(wanted)))).scalars())
    return sorted(wanted - found)


async def _all(connection: AsyncConnection, table: Table) -> list[RowMapping]:
    return list((await connection.execute(select(table).order_by(table.c.id))).mappings())


async def _one(connection: AsyncConnection, table: Table, key: str) -> RowMapping | None:
    return (await connection.execute(select(table).where(table.c.id == key))).mappings().one_or_none()


# What stands in the record was checked when it was written; a zone that this machine does not know must not hide the others.
def _person(row: RowMapping) -> PersonEntry:
    known = {name: row[name] for name in ("name", "email", "language", "zone", "absent_from", "absent_until")}
    is_disabled = True if row["disabled_at"] is not None else None
    return PersonEntry.model_construct(**known, roles=[Role(role) for role in row["roles"]], disabled=is_disabled)


def _person_row(person: str, entry: PersonEntry, disabled_at: datetime) -> dict[str, Any]:
    known = entry.model_dump(mode="json", exclude={"disabled"}) | {"absent_from": entry.absent_from, "absent_until": entry.absent_until}
    return known | {"id": person, "disabled_at": disabled_at if entry.disabled else None}


def _group(row: RowMapping, members: list[str]) -> GroupEntry:
    return GroupEntry.model_construct(**{name: row[name] for name in ("name", "level", "lead", "email")}, members=members)


def _service(row: RowMapping) -> ServiceEntry:
    return ServiceEntry.model_construct(**{name: row[name] for name in ServiceEntry.model_fields})


async def _put(connection: AsyncConnection, table: Table, rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    new = insert(connection, table)
    changed = {column.name: new.excluded[column.name] for column in table.columns if column.name != "id"}
    await connection.execute(new.on_conflict_do_update(index_elements=[table.c.id], set_=changed), rows)
