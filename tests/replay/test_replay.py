"""Real incidents replay through the real process under the recorded desk's own policies (process.md S3 to S5, S11, S12)."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from activities.policy_book import load_book
from tests.process.newer_edition import works_by
from tests.replay.select_sample import SIZE
from workflows.rehearsal.recorded_desk import recorded, shows_every_reassignment
from workflows.rehearsal.replaying import replay
from workflows.rehearsal.report import failed, read_lines, replay_file
from workflows.rehearsal.tally import Tally

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "tests/replay/data/incidents-sample.jsonl.gz"
WHOLE = ROOT.parent / "shared/data/uci-498-incidents/incidents.jsonl.gz"
POLICIES = ROOT / "docs/examples/recorded_desk.py"

# Every kind of refusal that occurs, with the rule of the process that justifies it; docs/replay.md explains them.
JUSTIFIED = {
    "closed-is-final": "S12: nothing happens to a closed incident; the old system let people edit and reopen closed ones",
    "not-resolved": "S4: close only from resolved",
    "nothing-changes": "S4: a message that changes nothing is no event",
}
ONE_MORE = "reassignments only: the old system counted one that its audit does not show"


def _kinds(report: dict[str, Any]) -> set[str]:
    return {row["rule"] for row in report["refused"]}


def test_the_sample_replays() -> None:
    """300 real incidents: priority right at every step, counts right, closed on time and never early, no event lost."""
    report = replay_file(SAMPLE, POLICIES, jobs=1)
    assert report["incidents"] == SIZE
    assert not failed(report), report["examples"]
    assert len(report["checks"]) == 13
    assert all(check["passed"] for check in report["checks"].values())
    assert _kinds(report) == set(JUSTIFIED)


def test_a_service_level_of_another_desk_is_a_policy() -> None:
    """Hours, window, no pauses, until closed: said in a policy alone, the clocks reproduce the recorded made_sla in at least 99.5 percent (S6, S8)."""
    checks = replay_file(SAMPLE, POLICIES, jobs=1)["checks"]
    assert checks["made_sla"]["passed"] + checks["made_sla"]["failed"] == SIZE
    assert checks["made_sla"]["share"] >= checks["made_sla"]["needed"] == 0.995


def test_a_check_has_the_share_it_needs() -> None:
    """One wrong priority fails a replay; of the recorded service levels one in two hundred may be beyond any rule."""
    tally = Tally(incidents=200)
    for name in ("final priority", "made_sla"):
        for number in range(200):
            tally.check(name, str(number), 1, 1 if number else 2)
    report = tally.as_json(1)
    assert {name: check["is_right"] for name, check in report["checks"].items()} == {"final priority": False, "made_sla": True}
    assert failed(report)
    tally.check("made_sla", "one more", 1, 2)
    assert not tally.as_json(1)["checks"]["made_sla"]["is_right"]


def test_moves_of_real_life_are_never_refused() -> None:
    """New to resolved, new to on hold, on hold to resolved, one hold to another: all of them were applied (S4)."""
    report = replay_file(SAMPLE, POLICIES, jobs=1)
    refused = {(row["command"], row["rule"]) for row in report["refused"]}
    assert {rule for command, rule in refused if command in ("resolve", "hold")} <= {"closed-is-final"}


@pytest.mark.slow
@pytest.mark.skipif(not WHOLE.exists(), reason="the whole file of 13,731 incidents is not beside this checkout; the sample is replayed")
def test_the_whole_file_replays() -> None:
    """All 13,731 real incidents pass every check; every kind of refusal is justified by a rule."""
    report = replay_file(WHOLE, POLICIES, jobs=2)
    assert report["incidents"] == 13_731
    assert not failed(report), report["examples"]
    assert sum(report["checks"]["made_sla"][each] for each in ("passed", "failed")) == 13_731
    assert _kinds(report) == set(JUSTIFIED)
    assert (report["checks"]["final reopen_count"]["passed"], report["left_out"][ONE_MORE]) == (8_141, 136)
    assert _counted_one_more(WHOLE) == _listed()


def _counted_one_more(file: Path) -> list[str]:
    """The incidents whose audit is complete, and shows fewer reassignments than the old system counted."""
    incidents = (recorded(json.loads(line)) for line in read_lines(file))
    return [each.number for each in incidents if each.final["audit_complete"] and not shows_every_reassignment(each)]


def _listed() -> list[str]:
    """Those that docs/replay.md names."""
    told = (ROOT / "docs/replay.md").read_text(encoding="utf-8").partition("<details>")[2].partition("</details>")[0]
    return [f"INC{number}" for number in re.findall(r"\b\d{7}\b", told)]


def test_what_is_not_compared_is_listed_and_nothing_else_of_it_is_left_out() -> None:
    """Where the old system counted a reassignment that nobody can see, that count is left out by name, and reopenings are compared all the same."""
    numbers = _counted_one_more(SAMPLE)
    assert numbers
    assert len(_listed()) == 136
    assert set(numbers) < set(_listed())
    tally = Tally()
    for line in read_lines(SAMPLE):
        if (incident := recorded(json.loads(line))).number in numbers:
            with works_by(load_book(POLICIES)):
                replay(incident, tally)
    report = tally.as_json(1)
    assert report["checks"]["final reopen_count"]["passed"] == report["left_out"][ONE_MORE] == len(numbers)
    assert "final reassignment_count" not in report["checks"]


def test_every_justification_is_explained() -> None:
    """docs/replay.md tells process owners why each kind of refusal is right."""
    text = (ROOT / "docs/replay.md").read_text(encoding="utf-8")
    assert [rule for rule in JUSTIFIED if f"`{rule}`" not in text] == []


def test_the_same_counts_with_any_number_of_processes() -> None:
    """A replay is reproducible: only its speed depends on the machine."""
    one, two = (replay_file(SAMPLE, POLICIES, jobs=jobs, limit=150) for jobs in (1, 2))
    for report in (one, two):
        del report["seconds"], report["incidents_per_second"]
    assert one == two


def test_our_own_policies_are_another_desk() -> None:
    """Without the recorded desk's book the checks fail: the policies really are exchanged as a whole."""
    assert failed(replay_file(SAMPLE, None, jobs=1, limit=150))


def test_the_command_reports_as_table_and_json(tmp_path: Path) -> None:
    """``holdfast replay`` prints tables, writes JSON, and ends with 0 when every check passed."""
    out = tmp_path / "report.json"
    command = [
        sys.executable,
        str(ROOT / "cli.py"),
        "replay",
        str(SAMPLE),
        "--policies",
        str(POLICIES),
        "--json",
        str(out),
        "--limit",
        "50",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert "priority at every step" in done.stdout
    assert json.loads(out.read_text(encoding="utf-8"))["incidents"] == 50


@pytest.mark.parametrize("content", ["", "not json\n", '{"number": "x"}\n', '{"number": "x", "steps": [{"cmd": "touch"}], "final": {}}\n'])
def test_a_file_of_something_else_is_refused(tmp_path: Path, content: str) -> None:
    """Whatever is no recorded incident is refused with what is wrong, never replayed as nothing."""
    file = tmp_path / "other.jsonl"
    file.write_text(content, encoding="utf-8")
    command = [sys.executable, str(ROOT / "cli.py"), "replay", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode in (1, 2)
    assert "Traceback" not in done.stderr
    assert list(read_lines(file)) == content.splitlines(keepends=True)
