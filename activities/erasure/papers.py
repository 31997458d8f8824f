"""Rows as they are after an erasure: pure. ``of_theirs`` says whether words go as well as the id (process.md S21)."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from secrets import token_hex
from typing import Any

from activities.erasure.marks import ERASED
from activities.erasure.treatments import AUDIT, FACTS, LETTER_FACTS, LETTERS, SAID, Treatment
from activities.front_door import signature
from activities.mail.postbox import LetterState
from workflows.vocabulary import ActorKind

Row = Mapping[str, Any]
# Under these names ids of people stand in what the audit noted of groups, rotas and services.
_NAMES_PEOPLE = frozenset({"lead", "members", "people", "person", "owner_person"})
_UNSENT = (LetterState.PLANNED, LetterState.HANDED_OVER)
_ACTS = (ActorKind.PERSON, ActorKind.LINK)


@dataclass(frozen=True)
class Whom:
    """Who is erased, and what stands for them. ``commands`` holds the new ids of their commands in one incident."""

    person: str
    pseudonym: str
    commands: dict[str, str] = field(default_factory=dict)

    @cached_property
    def _part(self) -> re.Pattern[str]:
        return re.compile(rf"(?<=:){re.escape(self.person)}(?=:|$)")

    @cached_property
    def _signed(self) -> tuple[str, ...]:
        return tuple(f"~{signature(kind, self.person)}" for kind in _ACTS)

    def called(self, value: Any) -> Any:
        """The value, or the pseudonym if it is their id; also in lists and within plain values."""
        if isinstance(value, list):
            return [self.called(each) for each in value]
        if isinstance(value, dict):
            return {name: self.called(each) if name == "actor" or isinstance(each, (dict, list)) else each for name, each in value.items()}
        return self.pseudonym if value == self.person else value

    def told(self, sentences: list[str]) -> list[str]:
        """Sentences of a clock, which say by whom it ran and rested."""
        return [each.replace(f", by {self.person})", f", by {self.pseudonym})") for each in sentences]

    def within(self, key: str) -> str:
        """A key of the mail ledger, or what an audit line is about, with the pseudonym in the place of the id."""
        return self._part.sub(self.pseudonym, key)

    def intake_key(self, key: str) -> str:
        """A key of the intake ledger that was theirs can be repeated by nobody; those of others lead to their incidents for ever."""
        kind, _, rest = key.partition("/")
        is_theirs = kind in _ACTS and rest.startswith(f"{self.person}/")
        return f"{kind}/{self.pseudonym}/{token_hex(8)}" if is_theirs else key

    def is_command(self, command_id: str | None) -> bool:
        """Whether that is the id of a command of theirs, as far as it is known from itself or from who acted."""
        return command_id is not None and (command_id in self.commands or command_id.endswith(self._signed))

    def command(self, command_id: str | None) -> str | None:
        """The id, or another in its place: the same for the same one, within an incident."""
        if command_id is None or not self.is_command(command_id):
            return command_id
        return self.commanded(command_id)

    def commanded(self, command_id: str) -> str:
        """From now on that is a command of theirs, under this other id."""
        return self.commands.setdefault(command_id, f"{self.pseudonym}.{token_hex(8)}")

    def acts(self, row: Row) -> bool:
        """Whether it was them, by whatever way in."""
        return bool(row["actor"] == self.person and row["actor_kind"] in _ACTS)


def facts_of(facts: Row, whom: Whom, *, of_theirs: bool) -> dict[str, Any]:
    """The facts of an incident."""
    return _each(facts, FACTS, whom, of_theirs=of_theirs)


def changes_of(said: Row, whom: Whom, *, of_theirs: bool) -> dict[str, Any]:
    """What an event says, before or after."""
    return _each(said, {**SAID, **FACTS}, whom, of_theirs=of_theirs)


def letter_facts_of(facts: Row, whom: Whom, *, of_theirs: bool) -> dict[str, Any]:
    """What a letter may say."""
    return _each(facts, LETTER_FACTS, whom, of_theirs=of_theirs)


def _each(values: Row, treatments: Mapping[str, Treatment], whom: Whom, *, of_theirs: bool) -> dict[str, Any]:
    return {name: _treated(treatments.get(name, Treatment.WORDS), value, whom, of_theirs=of_theirs) for name, value in values.items()}


_TREAT: Mapping[Treatment, Callable[[Any, Whom, bool], Any]] = {
    Treatment.PERSON: lambda value, whom, _: whom.called(value),
    Treatment.SENTENCES: lambda value, whom, _: whom.told(value),
    Treatment.WORDS: lambda value, _, of_theirs: ERASED if of_theirs and value else value,
    Treatment.NOTHING: lambda value, _, of_theirs: None if of_theirs else value,
    Treatment.EMPTY: lambda value, _, of_theirs: "" if of_theirs else value,
    Treatment.COMMAND: lambda value, whom, _: whom.command(value),
    Treatment.FACTS: lambda value, whom, of_theirs: facts_of(value, whom, of_theirs=of_theirs),
    Treatment.CHANGES: lambda value, whom, of_theirs: changes_of(value, whom, of_theirs=of_theirs),
    Treatment.LETTER: lambda value, whom, of_theirs: letter_facts_of(value, whom, of_theirs=of_theirs),
}


def _treated(treatment: Treatment, value: Any, whom: Whom, *, of_theirs: bool) -> Any:
    treat = _TREAT.get(treatment)
    return value if treat is None or value is None else treat(value, whom, of_theirs)


def row_of(row: Row, treatments: Mapping[str, Treatment], whom: Whom, *, of_theirs: bool) -> dict[str, Any]:
    """A row of an incident, but for what is done by hand."""
    # What is known of a command of theirs alone, in whosever incident, is what they said.
    is_answer = "fingerprint" in row and whom.is_command(row.get("command_id"))
    return {name: _treated(treatments[name], value, whom, of_theirs=of_theirs or is_answer) for name, value in row.items()}


def letter_of(row: Row, whom: Whom, *, of_theirs: bool) -> dict[str, Any]:
    """A row of the mail ledger. What has not gone out does not go out any more: nobody could write it."""
    to_them = row["recipient"] == whom.person
    new = row_of(row, LETTERS, whom, of_theirs=of_theirs or to_them)
    new |= {name: row[name] and whom.within(row[name]) for name in ("key", "digest")} if to_them else {}
    if to_them:
        new["message_id"] = None
    if to_them or of_theirs:
        state = LetterState.FAILED.value if row["state"] in _UNSENT else row["state"]
        new |= {"state": state, "claim": None, "claimed_at": None}
    return new


def audit_line_of(row: Row, whom: Whom) -> dict[str, Any]:
    """A line of the audit. Of what was noted about them the names of the values stay; where they acted alone, not from which address."""
    is_about_them = whom.person == row["person"] or row["subject"] == f"person {whom.person}"
    new = row_of(row, AUDIT, whom, of_theirs=False)
    if row["actor"] == whom.person or (is_about_them and row["actor"] is None):
        new["address"] = None
    if is_about_them:
        new |= {"detail": "", "subject": f"person {whom.pseudonym}" if (row["subject"] or "").startswith("person ") else row["subject"]}
        return new | {name: row[name] and dict.fromkeys(row[name], ERASED) for name in ("before", "after")}
    return new | {name: row[name] and _named(row[name], whom) for name in ("before", "after")}


def _named(value: Any, whom: Whom, name: str = "") -> Any:
    if isinstance(value, dict):
        return {each: _named(inner, whom, each) for each, inner in value.items()}
    if isinstance(value, list):
        return [_named(each, whom, name) for each in value]
    return whom.called(value) if name in _NAMES_PEOPLE else value
