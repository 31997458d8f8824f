"""Whether rules and directory fit each other is said in sentences (process.md S2, S5, S10)."""

from dataclasses import fields, replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.directory.file import load_directory, read_directory
from activities.directory.policy_check import categories, misfits
from tests.api.readers import signed_in
from workflows.policies.book import HOLDFAST, Book, adopt
from workflows.policies.dated import Dated

SAMPLE = (Path(__file__).resolve().parents[2] / "activities/directory/sample.toml").read_text(encoding="utf-8")
RULES = HOLDFAST.edition(HOLDFAST.name_of_edition(datetime.now(UTC)))


def test_the_sample_fits() -> None:
    """A newcomer is warned of nothing, and sees each category with its groups by name."""
    assert misfits(RULES, read_directory(SAMPLE)) == []
    found = {each.name: each.groups for each in categories(RULES, read_directory(SAMPLE))}
    assert found["network"] == ("Service desk", "Network", "Network carrier")
    assert found["everything else"] == ("Service desk", "Applications")


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        ("[groups.identity]", "[groups.identities]", "The rules name the group identity"),
        ("[groups.identity]", "[groups.identities]", "No category leads to Identity and access"),
        ('members = ["asha", "deniz", "ines"]', "", "Service desk gets everything else first, and has neither"),
        ("rotas.major-incidents", "rotas.nights", "calls the rota major-incidents, which does not exist"),
        ('name = "Ines Okafor"', 'name = "Ines"\ndisabled = true', "The fallback owner ines is not in the directory"),
        ('level = 1\nlead = "ines"', "level = 1", "Nobody leads Service desk"),
        ('category = "network"', 'category = "cables"', "suggests the category cables"),
        ('name = "Mei Tanaka"', 'name = "Mei"\ndisabled = true', "The service Orders and invoices is owned by mei"),
    ],
)
def test_what_does_not_fit_is_said(right: str, wrong: str, says: str) -> None:
    """Groups, rotas and people that one names and the other lacks."""
    text = SAMPLE.replace(right, wrong)
    assert text != SAMPLE
    assert any(says in each for each in misfits(RULES, read_directory(text))), misfits(RULES, read_directory(text))


def test_services_with_groups_of_their_own_are_looked_at() -> None:
    """They stand before the categories by name; a service or a group that the directory lacks, and one whose first group has nobody, is said."""
    served = {"erp": ("invoices", "applications"), "vnp": ("erp-desk",)}
    rules = replace(RULES, assignment=replace(RULES.assignment, services=served))
    known = read_directory(SAMPLE + '\n[groups.invoices]\nname = "Invoices"\nlevel = 1\n')
    first, second, *_ = categories(rules, known)
    assert (first.name, first.groups) == ("the service Orders and invoices", ("Invoices", "Applications"))
    assert (second.name, second.groups) == ("the service vnp", ("erp-desk",))
    said = misfits(rules, known)
    assert any("Invoices gets the service Orders and invoices first, and has neither" in each for each in said)
    assert any("Nobody leads Invoices" in each for each in said)
    assert any("The rules name the group erp-desk" in each for each in said)
    assert any("The rules name groups for the service vnp, which the directory does not know" in each for each in said)


async def test_the_page_shows_what_is_in_force_and_what_comes(on_file: AsyncEngine) -> None:
    """Each with its own warnings, for administrators and process owners; it changes nothing and says how rules are changed."""
    await load_directory(on_file, SAMPLE)
    rule = HOLDFAST.assignment[-1].rule
    later = Dated(date(2190, 1, 1), replace(rule, groups={**rule.groups, "other": ("kitchen",)}), "a test")
    rules = {subject.name: getattr(HOLDFAST, subject.name) for subject in fields(HOLDFAST)}
    adopt(Book(**rules | {"assignment": (*HOLDFAST.assignment, later)}))
    try:
        async with signed_in(on_file, "pavel") as owner:
            page = (await owner.get("/admin/categories")).text
    finally:
        adopt(HOLDFAST)
    present, _, coming = page.partition("From 2190-01-01 on")
    assert "In force since 2026-01-01" in present
    assert "Rules and directory match" in present
    assert "The rules name the group kitchen" in coming
    assert "holdfast policy publish" in page
    assert page.count('method="post"') == 1
