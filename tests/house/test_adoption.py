"""``holdfast policy adopt`` on a whole desk: shown first, then moved, each incident with its own answer (process.md S21, S22)."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.house.whole_house import House, holdfast, wait_until

BOOK = """
from dataclasses import replace
from datetime import date
from workflows.policies.book import HOLDFAST
from workflows.policies.dated import Dated

today = date.fromisoformat("{day}")
longer = replace(HOLDFAST.closure[-1].rule, automatic_closure_after_days=9)
earlier = (each for each in HOLDFAST.closure if each.valid_from < today)
BOOK = replace(HOLDFAST, closure=(*earlier, Dated(today, longer, "for tests only")))
"""
NOW = datetime.now(UTC)
EDITION = NOW.date().isoformat()
REPORT = {"title": "Nobody can print", "category": "printing", "reported_at": (NOW - timedelta(days=1)).isoformat(timespec="seconds")}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[House]:
    """An open desk with an edition that is in force since today."""
    book = tmp_path / "book.py"
    book.write_text(BOOK.format(day=EDITION), encoding="utf-8")
    place = House(tmp_path / "desk", {"HOLDFAST_POLICIES": str(book), "HOLDFAST_OUTCOME_WAIT_SECONDS": "15"})
    try:
        place.open()
        yield place
    finally:
        place.tidy_up()


def reported(desk: House, key: str) -> str:
    """An incident reported yesterday, under the edition of yesterday."""
    answer = desk.asks("POST", "/api/v1/incidents", "AGENT", json=REPORT, headers={"Idempotency-Key": key})
    number: str = answer.json()["number"]
    wait_until(lambda: desk.asks("GET", f"/api/v1/incidents/{number}", "AGENT").status_code == httpx.codes.OK, "the record")
    return number


def tell(desk: House, number: str, name: str, body: dict[str, Any]) -> None:
    """One command of an agent that is applied."""
    assert desk.asks("POST", f"/api/v1/incidents/{number}/{name}", "AGENT", json=body).status_code == httpx.codes.OK


def test_incidents_are_shown_and_moved(desk: House) -> None:
    """The preview shows the later closure and changes nothing; then both are moved under a name and a reason, and a closed one is refused with its rule."""
    solved, untouched, over = (reported(desk, key) for key in ("one", "two", "three"))
    tell(desk, solved, "resolve", {"code": "fixed", "notes": "Paper was out."})
    tell(desk, over, "cancel", {"reason": "duplicate"})
    surroundings = desk.settings | {"TEMPORAL_ADDRESS": f"127.0.0.1:{desk.settings['HOLDFAST_TEMPORAL_PORT']}"}
    command = ("policy", "adopt", "--edition", EDITION, "--incidents")
    shown = json.loads(holdfast(*command, "all", "--preview", "--json", **surroundings).stdout)
    assert [each["number"] for each in shown] == [solved, untouched]
    assert {each["what"] for each in shown[0]["differences"]} >= {"closed"}
    assert desk.asks("GET", f"/api/v1/incidents/{solved}", "AGENT").json()["edition"] < EDITION
    deed = ("--as", "pavel", "--reason", "Agreed with the works council", "--yes")
    by_nobody = holdfast(*command, "all", "--as", "asha", "--reason", "not mine to say", "--yes", **surroundings)
    assert by_nobody.returncode == 1
    assert "0 of 2 incidents go on under it." in by_nobody.stdout
    assert "Your role does not allow this" in by_nobody.stdout
    done = holdfast(*command, f"{solved},{untouched}", "--incidents", over, *deed, **surroundings)
    assert done.returncode == 1
    assert done.stdout.splitlines()[0] == "2 of 3 incidents go on under it."
    assert f"{over}: refused. A closed or cancelled incident is final." in done.stdout
    timeline = desk.asks("GET", f"/api/v1/incidents/{solved}", "AGENT").json()["timeline"]
    (event,) = (each for each in timeline if each["kind"] == "edition_adopted")
    assert (event["actor"], event["after"]["reason"], event["after"]["edition"]) == ("pavel", "Agreed with the works council", EDITION)
    assert holdfast(*command, "all", "--preview", **surroundings).stdout == "No incident was chosen.\n"


def test_what_makes_no_sense_is_told(tmp_path: Path) -> None:
    """An unknown edition, person or number, and an adoption without a reason: one sentence each, and exit code 2 or 3."""
    place = {"HOLDFAST_DATA_DIR": str(tmp_path)}
    assert holdfast("migrate", **place).returncode == 0
    command = ("policy", "adopt", "--edition", "2026-11-25", "--incidents")
    nameless = holdfast(*command, "all", **place)
    assert (nameless.returncode, nameless.stderr) == (
        2,
        "Say why and who decides, with --reason and --as; or look first, with --preview.\n",
    )
    unknown = holdfast("policy", "adopt", "--edition", "2026-11-24", "--incidents", "all", "--preview", **place)
    assert (unknown.returncode, "There is no edition 2026-11-24" in unknown.stderr) == (2, True)
    stranger = holdfast(*command, "all", "--as", "nobody", "--reason", "why", **place)
    assert (stranger.returncode, "There is no person nobody in the directory" in stranger.stderr) == (2, True)
    assert holdfast(*command, "INC-1001-8", "--preview", **place).returncode == 2
    missing = holdfast(*command, "INC-1001-9", "--preview", **place)
    assert (missing.returncode, missing.stderr) == (3, "There is no incident INC-1001-9 in the record.\n")
