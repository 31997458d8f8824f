"""A service may have groups of its own, which are asked before the category (process.md S5)."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.process.life import ASHA, CARLA, NOAH, Life
from tests.process.newer_edition import NEW, OLD, first_rule, with_rules, works_by
from workflows.messages import Amend, Assign, Escalate, Report
from workflows.vocabulary import EventKind

BOOK = with_rules(assignment=replace(first_rule("assignment"), services={"erp": ("erp-desk", "erp-experts", "erp-vendor")}))


@pytest.fixture(autouse=True)
def desk_with_groups_for_a_service() -> Iterator[None]:
    """From the newer edition on one service has people of its own."""
    with works_by(BOOK):
        yield


def reported(service: str | None, category: str | None = "printing", edition: str = NEW) -> Life:
    """About that service."""
    return Life(Report("Invoices do not print", category=category, service=service), CARLA, edition=edition)


@pytest.mark.parametrize(
    ("service", "category", "edition", "group"),
    [
        ("erp", "printing", NEW, "erp-desk"),
        ("erp", None, NEW, "erp-desk"),
        ("fax", "security", NEW, "security"),
        (None, "security", NEW, "security"),
        ("fax", None, NEW, "service-desk"),
        ("erp", "security", OLD, "security"),
    ],
)
def test_the_service_is_asked_before_the_category(service: str | None, category: str | None, edition: str, group: str) -> None:
    """A service with groups of its own leads to them whatever the category; every other one, and every earlier edition, goes by the category."""
    life = reported(service, category, edition)
    assert (life.facts.group, life.facts.level, life.facts.reassignment_count) == (group, 1, 0)
    assert life.events(EventKind.CATEGORISED)[0].after["group"] == group


def test_escalating_goes_up_the_groups_of_the_service() -> None:
    """Level by level, to the last one."""
    life = reported("erp")
    for level, group in ((2, "erp-experts"), (3, "erp-vendor")):
        life.says(ASHA, Escalate("Not the printer."))
        assert (life.facts.group, life.facts.level) == (group, level)
    assert life.says(NOAH, Escalate("?")).rule == "no-higher-level"


def test_a_service_that_is_corrected_moves_nothing_by_itself() -> None:
    """The incident stays where it is; the next escalation goes by the service it now has."""
    life = reported(None)
    life.says(ASHA, Amend(service="erp"))
    assert life.facts.group == "service-desk"
    life.says(ASHA, Escalate("It is the invoices."))
    assert life.facts.group == "erp-experts"
    life.says(ASHA, Assign("service-desk", None))
    assert life.facts.reassignment_count == 2
