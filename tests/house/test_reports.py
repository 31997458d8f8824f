"""Reports that commands write: minutes of work are not lost to a place that cannot be written."""

from pathlib import Path

import pytest

from activities.house.commands.reports import check_targets, write_report
from activities.house.refusals import UsageRefusedError
from tests.house.whole_house import holdfast
from tests.replay.test_rehearsal import SAMPLE


@pytest.mark.parametrize(
    "asked",
    [
        ("replay", "no-such-file", "--json"),
        ("rehearse", "--incidents", "no-such-file", "--json"),
        ("rehearse", "--incidents", "no-such-file", "--html"),
        ("gate", "no-such-file", "--export"),
    ],
)
def test_a_target_is_looked_at_before_the_work_begins(tmp_path: Path, asked: tuple[str, ...]) -> None:
    """Where it cannot be written, that is the answer, before anything else was opened."""
    (tmp_path / "file").write_text("")
    done = holdfast(*asked, str(tmp_path / "file" / "report"), HOLDFAST_DATA_DIR=str(tmp_path / "desk"))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"{tmp_path / 'file' / 'report'} cannot be written: ")


def test_looking_leaves_everything_as_it_was(tmp_path: Path) -> None:
    """A report of before stays until there is a new one; nothing is made where nothing was."""
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    old.write_text("of before")
    check_targets(old, None, new)
    assert (old.read_text(), new.exists()) == ("of before", False)
    with pytest.raises(UsageRefusedError, match="it is a directory"):
        check_targets(tmp_path)


def test_a_result_is_shown_even_where_its_report_is_lost(tmp_path: Path) -> None:
    """A disk that is full only then ends the command with a sentence, below what it found."""
    done = holdfast("replay", str(SAMPLE), "--limit", "1", "--jobs", "1", "--json", "/dev/full", HOLDFAST_DATA_DIR=str(tmp_path))
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == "/dev/full cannot be written: No space left on device."
    assert done.stdout.strip()


def test_a_report_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    """With the place and the reason, in a sentence."""
    with pytest.raises(UsageRefusedError, match="cannot be written: No such file or directory"):
        write_report(tmp_path / "gone" / "report.html", "text")
