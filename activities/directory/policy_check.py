"""Whether rules and directory fit each other: groups, rotas and people that one names and the other lacks (process.md S2, S5, S10)."""

from collections.abc import Iterator
from dataclasses import dataclass

from activities.directory.entries import DirectoryFile
from workflows.policies.book import Edition
from workflows.vocabulary import Audience, Role


@dataclass(frozen=True)
class Category:
    """One category or service: its parts, and whom it leads to, from the first level up, by name; a group that is missing has its id."""

    name: str
    parts: tuple[str, ...]
    groups: tuple[str, ...]


def categories(rules: Edition, known: DirectoryFile) -> list[Category]:
    """The services with groups of their own, which are asked first, the categories of that edition, and last what serves everything else."""
    named = {group: entry.name for group, entry in known.groups.items()}
    paths: list[tuple[str, tuple[str, ...], tuple[str, ...]]] = [
        (f"the service {_name(known, service)}", (), path) for service, path in rules.assignment.services.items()
    ]
    paths += [
        (name, parts, rules.assignment.groups.get(name, rules.assignment.otherwise)) for name, parts in rules.assignment.categories.items()
    ]
    paths.append(("everything else", (), rules.assignment.otherwise))
    return [Category(name, parts, tuple(named.get(group, group) for group in path)) for name, parts, path in paths]


def misfits(rules: Edition, known: DirectoryFile) -> list[str]:
    """What does not fit, each in a sentence that says what to do; those that lose work first."""
    return [
        *_unknown_groups(rules, known),
        *_empty_groups(rules, known),
        *_ladders(rules, known),
        *_services(rules, known),
        *_groups_without_category(rules, known),
    ]


def _unknown_groups(rules: Edition, known: DirectoryFile) -> Iterator[str]:
    for group in rules.assignment.all_groups:
        if group not in known.groups:
            yield f"The rules name the group {group}, which the directory does not know: add it, or incidents wait in a queue that nobody has."


def _empty_groups(rules: Edition, known: DirectoryFile) -> Iterator[str]:
    first = {rules.assignment.group(category, 1): category for category in rules.assignment.categories}
    first |= {path[0]: f"the service {_name(known, service)}" for service, path in rules.assignment.services.items()}
    first[rules.assignment.group(None, 1)] = "everything else"
    for group, category in first.items():
        if group in known.groups and not _agents(known, group or "") and not known.groups[group or ""].email:
            yield f"{known.groups[group or ''].name} gets {category} first, and has neither an agent nor a mailbox: nobody takes it up."


def _ladders(rules: Edition, known: DirectoryFile) -> Iterator[str]:
    steps = [(ladder.name, step) for ladder in rules.escalation.ladders for step in ladder.steps]
    for ladder, step in steps:
        if step.to is Audience.ON_CALL and step.who not in (known.rotas or {}):
            yield f"The ladder {ladder} calls the rota {step.who}, which does not exist or cannot be read: that step reaches nobody."
        if step.to is Audience.NAMED_PERSON and not _is_there(known, step.who):
            yield f"The ladder {ladder} calls {step.who}, whom the directory does not know or who left: that step reaches nobody."
    if not _is_there(known, rules.escalation.fallback_owner):
        yield f"The fallback owner {rules.escalation.fallback_owner} is not in the directory: unheard escalations go to the incident managers."
    if any(step.to is Audience.GROUP_LEAD for _, step in steps):
        for group in sorted({path[0] for path in rules.assignment.all_paths} & known.groups.keys()):
            if not _is_there(known, known.groups[group].lead):
                yield f"Nobody leads {known.groups[group].name}: steps to the lead are skipped."


def _services(rules: Edition, known: DirectoryFile) -> Iterator[str]:
    for key in sorted(rules.assignment.services.keys() - (known.services or {}).keys()):
        yield f"The rules name groups for the service {key}, which the directory does not know: nobody can choose it."
    for service in (known.services or {}).values():
        if not service.retired and service.category and not rules.assignment.knows(service.category, None):
            yield f"The service {service.name} suggests the category {service.category}, which these rules do not have."
        if not service.retired and service.owner_person and not _is_there(known, service.owner_person):
            yield f"The service {service.name} is owned by {service.owner_person}, who left or is unknown."


def _groups_without_category(rules: Edition, known: DirectoryFile) -> Iterator[str]:
    for group in sorted(known.groups.keys() - set(rules.assignment.all_groups)):
        yield f"No category leads to {known.groups[group].name}: it gets incidents only from people who assign them."


def _name(known: DirectoryFile, service: str) -> str:
    entry = (known.services or {}).get(service)
    return entry.name if entry else service


def _agents(known: DirectoryFile, group: str) -> list[str]:
    people = known.people
    return [each for each in known.groups[group].members if _is_there(known, each) and Role.AGENT in people[each].roles]


def _is_there(known: DirectoryFile, person: str | None) -> bool:
    return person in known.people and not known.people[person or ""].disabled
