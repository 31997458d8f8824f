"""Puts a plan together from the book of policies."""

from dataclasses import fields
from datetime import date
from pathlib import Path

from api.plan import agreements, promises
from api.plan.contents import Plan, Section, table
from api.plan.notes import legal
from api.plan.stages import process, stages
from api.plan.wording import words
from workflows.policies.book import Book, Edition
from workflows.policies.dated import in_force


def editions(book: Book) -> list[str]:
    """Names of all editions, oldest first."""
    days: set[date] = {dated.valid_from for subject in fields(book) for dated in getattr(book, subject.name)}
    return [day.isoformat() for day in sorted(days)]


def plan(book: Book, name: str, policies: Path | None = None, contacts: Section | None = None) -> Plan:
    """The plan of that edition. ``policies``: the file of the book, unless it is the product's own."""
    later = [day for day in editions(book) if day > name]
    told = stages()
    more = (contacts,) if contacts else ()
    sections = (*chapters(book.edition(name)), process(told), *more, legal(policies, name), decisions(book, name))
    return Plan(name, later[0] if later else None, sections, told)


def chapters(edition: Edition) -> tuple[Section, ...]:
    """What the rules say, subject by subject."""
    return (
        agreements.roles(edition),
        promises.priorities(edition),
        promises.service_levels(edition),
        promises.escalation(edition),
        agreements.communication(edition),
        agreements.closure(edition),
        agreements.surveys(edition),
        agreements.groups(edition),
        agreements.files(edition),
        promises.calendars(edition),
    )


def decisions(book: Book, name: str) -> Section:
    """Which rule holds since when, and what was decided."""
    held = [(subject.name, in_force(getattr(book, subject.name), date.fromisoformat(name))) for subject in fields(book)]
    lines = ((words(subject), dated.valid_from.isoformat(), dated.reference) for subject, dated in held)
    return Section(
        "decisions",
        "Decisions behind the rules",
        "An incident keeps the rules of the day on which it was reported.",
        (table("", ("Subject", "Since", "Reference"), lines),),
    )
