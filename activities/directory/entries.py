"""The directory as people write it: people, groups, rotas, services, in a file or on a page (process.md S1, S5, S10, S22)."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, Field, model_validator

from activities.directory.rota_entries import Entry, RotaEntry, Zone
from activities.erasure.marks import is_pseudonym
from workflows.fields import Key, Line
from workflows.vocabulary import Role


def _utc(instant: datetime) -> datetime:
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise ValueError("there is no such instant") from None


Instant = Annotated[AwareDatetime, AfterValidator(_utc)]
# Nothing in it is unseen: PostgreSQL takes no NUL, and marks that turn the direction of writing make one address look like another.
_SEEN = r"[^@\s<>\"',;\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+"
Email = Annotated[str, Field(pattern=rf"^{_SEEN}@{_SEEN}$", max_length=320)]
# Several lines are shown as they were written; control characters are none of them.
Description = Annotated[str, Field(min_length=1, max_length=1000, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]+$")]


class PersonEntry(Entry):
    """One person. ``zone`` is an IANA name; ``absent_from`` and ``absent_until`` are instants with offset.

    ``disabled``: neither a way in nor work nor letters. A file that does not say leaves it as it is.
    """

    name: Line
    email: Email | None = None
    language: Annotated[str, Field(pattern=r"^[a-z]{2}$")] = "en"
    zone: Zone = "UTC"
    roles: list[Role] = [Role.CALLER]
    absent_from: Instant | None = None
    absent_until: Instant | None = None
    disabled: bool | None = None

    @model_validator(mode="after")
    def _absence_runs_forward(self) -> "PersonEntry":
        if self.absent_from is not None and (self.absent_until is None or self.absent_until <= self.absent_from):
            raise ValueError("an absence must end after it begins: absent_until after absent_from")
        return self


# The ledger names a group's mailbox "group:ID", in a hundred characters.
GroupId = Annotated[Key, Field(max_length=90)]


class GroupEntry(Entry):
    """One support group. Level 1 is the service desk; a group with an e-mail address gets its letters there."""

    name: Line
    level: Annotated[int, Field(ge=1, le=9)]
    lead: Key | None = None
    email: Email | None = None
    members: list[Key] = []


class ServiceEntry(Entry):
    """Something the desk looks after (S1), owned by a group or a person. A retired one is no longer to be chosen; old incidents keep its name."""

    name: Line
    description: Description | None = None
    owner_group: GroupId | None = None
    owner_person: Key | None = None
    category: Key | None = None
    retired: bool = False

    @model_validator(mode="after")
    def _has_one_owner(self) -> "ServiceEntry":
        if self.owner_group is not None and self.owner_person is not None:
            raise ValueError("a service has one owner: a group or a person")
        return self


class DirectoryFile(Entry):
    """The file as a whole; ids are the names of its tables. Without a table of rotas or services it says nothing about them."""

    people: dict[Key, PersonEntry]
    groups: dict[GroupId, GroupEntry]
    rotas: dict[Key, RotaEntry] | None = None
    services: dict[Key, ServiceEntry] | None = None

    @model_validator(mode="after")
    def _names_only_what_it_has(self) -> "DirectoryFile":
        strangers = dict.fromkeys(each for each in self._names() if each[1] not in self.people)
        if taken := [person for person in self.people if is_pseudonym(person)]:
            raise ValueError(f"people.{taken[0]} stands for somebody who was erased; choose another id")
        told = [f"{place} names {person!r}, who is not among the people of this file" for place, person in strangers]
        for service, entry in (self.services or {}).items():
            if entry.owner_group is not None and entry.owner_group not in self.groups:
                told.append(f"services.{service} names {entry.owner_group!r}, which is not among the groups of this file")
        if told:
            raise ValueError("; ".join(told))
        return self

    def _names(self) -> Iterator[tuple[str, str]]:
        """Every name of a person outside the table of people, and where it stands."""
        for group, entry in self.groups.items():
            yield from ((f"groups.{group}", person) for person in (*entry.members, *([entry.lead] if entry.lead else [])))
        for rota, described in (self.rotas or {}).items():
            for number, layer in enumerate(described.layers):
                yield from ((f"rotas.{rota}.layers.{number}", person) for person in layer.people)
            yield from ((f"rotas.{rota}.overrides.{number}", each.person) for number, each in enumerate(described.overrides))
        yield from ((f"services.{service}", each.owner_person) for service, each in (self.services or {}).items() if each.owner_person)


def plain(entry: BaseModel) -> dict[str, Any]:
    """The entry as plain values, for the audit and for comparing."""
    return entry.model_dump(mode="json", by_alias=True)


def mark_of(*parts: Any) -> str:
    """Tells one state of an entry from another: a form that was filled in for an earlier one is not taken."""
    told = repr([plain(part) if isinstance(part, BaseModel) else part for part in parts])
    return hashlib.sha256(told.encode("utf-8", "backslashreplace")).hexdigest()[:24]
