"""The service catalogue where incidents are reported and corrected: chosen, checked, called by its name (process.md S1, S2)."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import delete

from activities.access.security_log import COMMAND_LINE
from activities.database.tables import services
from activities.directory.changes import keep_service
from activities.directory.entries import ServiceEntry, mark_of
from tests.api.house import RunningDesk

MAIL = ServiceEntry(name="Mail & more", category="e-mail")
REPORT = {"title": "No mail since noon"}


def _keep(desk: RunningDesk, key: str, entry: ServiceEntry, seen: str | None = None) -> None:
    assert desk.run(keep_service(desk.engine, key, entry, seen, COMMAND_LINE))


@pytest.fixture
def catalogue(desk: RunningDesk) -> Iterator[None]:
    """Mail and a group's namesake in use, fax retired; empty again afterwards, as other tests know it."""
    _keep(desk, "mail", MAIL)
    _keep(desk, "network", ServiceEntry(name="Cables and radio"))
    _keep(desk, "fax", ServiceEntry(name="Fax machines", retired=True))
    yield

    async def empty() -> None:
        async with desk.engine.begin() as connection:
            await connection.execute(delete(services))

    desk.run(empty())


def _report(desk: RunningDesk, **more: Any) -> Any:
    return desk.as_("carla").post("/api/v1/incidents", json=REPORT | more)


def test_without_a_catalogue_any_service_will_do(desk: RunningDesk) -> None:
    """A desk that keeps none takes what people write, through the API and on the form."""
    assert _report(desk, service="anything").status_code == 201
    page = desk.signed_in("carla").get("/portal/report")
    assert '<input class="form-control" id="service"' in page.text
    sent = desk.signed_in("carla").post("/portal/report", data=REPORT | {"service": "anything", "key": "free"})
    assert sent.status_code == 303


@pytest.mark.usefixtures("catalogue")
@pytest.mark.parametrize("service", ["anything", "fax", "Mail"])
def test_only_services_in_use_can_be_reported(desk: RunningDesk, service: str) -> None:
    """Another word, a retired one, a name instead of a key: refused with what there is; the same where a report is corrected."""
    items = desk.as_("carla").get("/api/v1/services").json()["items"]
    assert [(each["key"], each["category"]) for each in items] == [("network", None), ("mail", "e-mail")]
    refused = _report(desk, service=service)
    assert refused.status_code == 422
    assert refused.json()["errors"] == [{"pointer": "/service", "detail": "The desk has: network, mail"}]
    assert desk.tell(desk.report(), "amend", service=service).status_code == 422
    form = desk.signed_in("carla").post("/portal/report", data=REPORT | {"service": service})
    assert form.status_code == 422
    assert "Choose one of the services." in form.text
    assert REPORT["title"] in form.text


@pytest.mark.usefixtures("catalogue")
def test_a_chosen_service_brings_its_category(desk: RunningDesk) -> None:
    """On the form, where no topic was chosen; a topic that was chosen stands."""
    carla = desk.signed_in("carla")
    assert '<option value="mail">Mail &amp; more</option>' in carla.get("/portal/report").text
    assert "Fax machines" not in carla.get("/portal/report").text
    numbers = [carla.post("/portal/report", data=REPORT | {"service": "mail", "key": key} | more).headers["Location"].rpartition("/")[2] for key, more in (("a", {}), ("b", {"topic": "network/wired"}))]  # fmt: skip
    assert [desk.read(number)["category"] for number in numbers] == ["e-mail", "network"]
    assert [desk.read(number)["service"] for number in numbers] == ["mail", "mail"]


@pytest.mark.usefixtures("catalogue")
def test_services_are_called_by_their_names(desk: RunningDesk) -> None:
    """In console and portal, on the timeline as well, also a retired one; a group with the same key keeps its own name."""
    number = _report(desk, service="mail", category="network").json()["number"]
    assert desk.tell(number, "amend", service="network").status_code == 200
    assert desk.tell(number, "assign", group="network", person="noah").status_code == 200
    page = desk.signed_in("asha").get(f"/console/{number}").text
    assert page.count("Cables and radio") >= 3
    assert "(Network, Noah)" in page
    assert desk.tell(number, "amend", service="mail").status_code == 200
    _keep(desk, "mail", MAIL.model_copy(update={"retired": True}), mark_of(MAIL))
    assert '<dd class="pre">Mail &amp; more</dd>' in desk.signed_in("carla").get(f"/portal/incidents/{number}").text
    assert "Mail &amp; more" in desk.signed_in("asha").get(f"/console/{number}").text
    assert desk.tell(number, "amend", title="Still no mail").status_code == 200
