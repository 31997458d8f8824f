"""``holdfast gate``: no code is deployed that an open incident cannot go on with (design rule 6)."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from activities.house.commands.gate import of_files, pass_through
from activities.house.refusals import UsageRefusedError
from tests.desk import Desk
from tests.process.life import ASHA, CARLA
from tests.replay.record_histories import HISTORIES
from tests.replay.scenarios import FIXED, REPORT
from tests.replay.tree import Tree, copy
from workflows.messages import Take

# A careless new step: every incident would wait once more than its history says.
BEFORE = "            self.prioritise()  # 3\n"
AFTER = f"{BEFORE}            await workflow.sleep(60)\n"


@pytest.fixture
def broken(tmp_path: Path) -> Tree:
    """A tree whose workflow has a step more, without regard for incidents that are past it."""
    return copy(tmp_path).edit("workflows/incident.py", BEFORE, AFTER)


async def test_recorded_histories_pass() -> None:
    """The present code goes on with every incident that was recorded."""
    passage = await pass_through(of_files([HISTORIES]))
    assert passage.replayed == len(list(HISTORIES.glob("*.json")))
    assert not passage.stopped


async def test_open_incidents_of_a_server_stop_a_structural_change(desk: Desk, broken: Tree) -> None:
    """A step more is refused with the incident, the event and the message before it, and with what to do."""
    incident = await desk.report(CARLA, REPORT)
    await desk.says(incident, ASHA, Take())
    await desk.passes(incident, timedelta(seconds=1))
    await desk.says(incident, ASHA, FIXED)
    await desk.passes(incident, timedelta(seconds=1))
    address = desk.env.client.service_client.config.target_host
    exported = broken.place / "open"
    done = broken.holdfast(
        "gate", "--json", "--export", str(exported), TEMPORAL_ADDRESS=address, TEMPORAL_NAMESPACE=desk.env.client.namespace
    )
    assert done.returncode == 1, done.stderr
    told = json.loads(done.stdout)
    mine = next(each for each in told["stopped"] if each["incident"] == incident.id)
    assert mine["step"].startswith("event ")
    assert "edition with a later valid_from" in told["advice"]
    assert not (await pass_through(of_files([exported / f"{incident.id}.json"]))).stopped


def test_exported_histories_stop_it_too(broken: Tree) -> None:
    """Where no server can be reached the exported histories say the same."""
    done = broken.holdfast("gate", str(HISTORIES))
    assert done.returncode == 1
    assert "histories do not replay on this code" in done.stdout
    assert "after the message 'resolve'" in done.stdout or "before any message" in done.stdout
    assert "Do not deploy this." in done.stdout
    assert "WARN" not in done.stderr


def test_a_rule_changed_under_open_incidents_stops_it(tmp_path: Path) -> None:
    """What replays and would promise other dates is told by their names alone, and passes only when it is said to be meant."""
    tree = copy(tmp_path).edit(
        "workflows/policies/closure_rules.py", "automatic_closure_after_days=5,", "automatic_closure_after_days=4.5,"
    )
    file = HISTORIES / "2026-11-message-by-message.json"
    done = tree.holdfast("gate", str(file))
    assert done.returncode == 1
    assert "1 of 1 history would promise something else on this code:" in done.stdout
    assert "after the message 'resolve': other dates ahead than it told its people" in done.stdout
    assert "a changed rule is a new edition with a later valid_from" in done.stdout
    assert tree.holdfast("gate", "--accept-changes", str(file)).returncode == 0


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"events": 1}', "no json"])
async def test_what_is_no_history_is_refused(tmp_path: Path, content: str) -> None:
    """A file of something else never counts as a history that passed."""
    (tmp_path / "odd.json").write_text(content, encoding="utf-8")
    with pytest.raises(UsageRefusedError, match="no exported history"):
        await pass_through(of_files([tmp_path]))


async def test_no_history_is_no_proof(tmp_path: Path) -> None:
    """An empty folder is refused: nothing was replayed."""
    with pytest.raises(UsageRefusedError, match="no history"):
        await pass_through(of_files([tmp_path]))


def test_a_server_that_is_away_is_told(tmp_path: Path) -> None:
    """Without a server the gate stays shut, with a sentence and exit code 5."""
    done = copy(tmp_path).holdfast("gate", TEMPORAL_ADDRESS="127.0.0.1:9")
    assert done.returncode == 5
    assert done.stderr == "Temporal does not answer (Connection refused); check TEMPORAL_ADDRESS and TEMPORAL_TLS, and that it runs.\n"
