"""Commands that work on a record, and how they refuse."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import typer

from activities.house.doctor.examination import PLACES
from activities.house.up.first_run import sample_directory
from cli import app
from tests.house.whole_house import holdfast
from tests.ports import free_port


def _every_command(command: Any, name: str = "holdfast") -> list[tuple[str, str]]:
    inner = getattr(command, "commands", None)
    if inner is None:
        return [(name, command.help or "")]
    return [found for part, each in inner.items() for found in _every_command(each, f"{name} {part}")]


@pytest.mark.parametrize(("name", "shown"), _every_command(typer.main.get_command(app)))
def test_every_command_shows_an_example(name: str, shown: str) -> None:
    """The help of each command has an example that begins with its own name."""
    assert name in shown.partition("Example")[2], f"write an Example into the docstring of {name}"


def test_the_doctor_names_every_place_it_can_look_at() -> None:
    """What ``--only`` takes stands in its help."""
    command = typer.main.get_command(app).commands["doctor"]  # type: ignore[attr-defined]
    told = next(option.help for option in command.params if option.name == "only")
    assert set(re.findall(r"\w+", told)) >= set(PLACES)


def test_a_record_is_set_up_by_hand(tmp_path: Path) -> None:
    """Migrate, import a directory, issue a key, see it, revoke it: each says what it did."""
    place = {"HOLDFAST_DATA_DIR": str(tmp_path)}
    people = tmp_path / "people.toml"
    people.write_text(sample_directory(), encoding="utf-8")
    assert holdfast("migrate", **place).stdout == "The database is up to date.\n"
    assert "11 people" in holdfast("directory", "import", str(people), **place).stdout
    issued = holdfast("keys", "issue", "--person", "asha", "--label", "console", **place)
    assert issued.stdout.startswith("hf_")
    listed = json.loads(holdfast("keys", "list", "--json", **place).stdout)
    assert [(key["owner"], key["state"], key["label"]) for key in listed] == [("asha", "open", "console")]
    assert holdfast("keys", "revoke", listed[0]["id"], **place).returncode == 0
    again = holdfast("keys", "revoke", listed[0]["id"], **place)
    assert (again.returncode, "no open key" in again.stderr) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("keys", "issue"), 2, "--person"),
        (("keys", "issue", "--person", "nobody"), 2, "nobody"),
        (("keys", "issue", "--integration", "bell", "--role", "king"), 2, "agent"),
        (("directory", "import", "/nowhere.toml"), 2, "/nowhere.toml"),
        (("doctor", "--only", "moon"), 2, "moon"),
        (("fly",), 2, "fly"),
    ],
)
def test_a_wrong_command_is_told_what_is_wrong(tmp_path: Path, arguments: tuple[str, ...], code: int, told: str) -> None:
    """Wrong usage: exit code 2 and a sentence on standard error, nothing on standard output."""
    place = {"HOLDFAST_DATA_DIR": str(tmp_path)}
    holdfast("migrate", **place)
    done = holdfast(*arguments, **place)
    assert done.returncode == code
    assert told in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def test_a_directory_file_with_a_mistake_changes_nothing(tmp_path: Path) -> None:
    """The entry that is wrong is named."""
    file = tmp_path / "people.toml"
    file.write_text('[people.asha]\nname = "Asha"\nzone = "Mars/Olympus"\n\n[groups]\n', encoding="utf-8")
    holdfast("migrate", HOLDFAST_DATA_DIR=str(tmp_path))
    done = holdfast("directory", "import", str(file), HOLDFAST_DATA_DIR=str(tmp_path))
    assert done.returncode == 2
    assert "Mars/Olympus" in done.stderr


def test_an_integration_is_nobody_of_the_directory(tmp_path: Path) -> None:
    """A key of an integration with the id of a person would act as them: refused on either side."""
    file = tmp_path / "people.toml"
    file.write_text('[people.asha]\nname = "Asha"\n\n[groups]\n', encoding="utf-8")
    house = {"HOLDFAST_DATA_DIR": str(tmp_path)}
    holdfast("migrate", **house)
    assert holdfast("directory", "import", str(file), **house).returncode == 0
    assert "is a person" in holdfast("keys", "issue", "--integration", "asha", "--role", "agent", **house).stderr
    assert holdfast("keys", "issue", "--integration", "a/b", "--role", "agent", **house).returncode == 2
    assert holdfast("keys", "issue", "--integration", "monitor", "--role", "agent", **house).returncode == 0
    file.write_text('[people.monitor]\nname = "Monitor"\n\n[groups]\n', encoding="utf-8")
    assert "monitor: an integration has a key" in holdfast("directory", "import", str(file), **house).stderr


def test_the_directory_goes_out_and_in_again(tmp_path: Path) -> None:
    """The export is a file that the import takes without a change; the audit says who came and what was changed, without a secret."""
    house = {"HOLDFAST_DATA_DIR": str(tmp_path)}
    file = tmp_path / "people.toml"
    file.write_text(sample_directory(), encoding="utf-8")
    holdfast("migrate", **house)
    assert "6 services" in holdfast("directory", "import", str(file), **house).stdout
    exported = holdfast("directory", "export", **house)
    assert (exported.returncode, exported.stderr) == (0, "")
    file.write_text(exported.stdout, encoding="utf-8")
    assert holdfast("directory", "import", str(file), **house).returncode == 0
    assert holdfast("directory", "export", **house).stdout == exported.stdout
    secret = holdfast("keys", "issue", "--person", "asha", "--days", "90", **house).stdout.strip()
    assert json.loads(holdfast("keys", "list", "--json", **house).stdout)[0]["ends_at"] is not None
    audit = holdfast("accounts", "audit", "--limit", "100", **house).stdout
    assert "person_added" in audit
    assert "service mail" in audit
    assert audit.count("directory_imported") == 1
    assert "key_made" in audit.splitlines()[0]
    assert secret not in audit
    file.write_text(exported.stdout.replace('"admin"', '"auditor"'), encoding="utf-8")
    refused = holdfast("directory", "import", str(file), **house)
    assert refused.returncode == 1
    assert "Nobody" in refused.stderr or "nobody" in refused.stderr


def test_a_record_that_was_never_migrated_is_told_so(tmp_path: Path) -> None:
    """The sentence names the command that helps."""
    done = holdfast("keys", "list", HOLDFAST_DATA_DIR=str(tmp_path))
    assert done.returncode == 1
    assert "holdfast migrate" in done.stderr


@pytest.mark.parametrize("command", [("migrate",), ("keys", "list")])
def test_a_database_that_is_away_is_told_so(command: tuple[str, ...]) -> None:
    """Exit code 5, one sentence, and no password in it."""
    done = holdfast(*command, HOLDFAST_DATABASE_URL=f"postgresql://desk:hunter2@127.0.0.1:{free_port()}/desk")
    assert done.returncode == 5
    assert "HOLDFAST_DATABASE_URL" in done.stderr
    assert "hunter2" not in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["worker", "api"])
def test_nothing_that_signs_links_starts_without_a_key(tmp_path: Path, command: str) -> None:
    """Outside holdfast up the key must be given; the sentence says how to make one."""
    done = holdfast(command, HOLDFAST_DATA_DIR=str(tmp_path))
    assert done.returncode == 2
    assert "openssl rand -hex 32" in done.stderr


@pytest.mark.parametrize("command", ["worker", "api", "up"])
def test_policies_that_cannot_be_read_keep_a_process_from_starting(tmp_path: Path, command: str) -> None:
    """Better no desk than one that works by other rules than intended."""
    book = tmp_path / "rules.py"
    book.write_text("BOK = None\n", encoding="utf-8")
    done = holdfast(command, HOLDFAST_LINK_KEYS="0123456789abcdef" * 2, HOLDFAST_POLICIES=str(book))
    assert done.returncode == 2
    assert "BOOK" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_doctor_names_what_is_missing(tmp_path: Path) -> None:
    """With nothing running and a misspelt name: exit code 1, and advice at every line that is not well."""
    ports = {"HOLDFAST_TEMPORAL_PORT": str(free_port()), "HOLDFAST_LISTEN_PORT": str(free_port())}
    done = holdfast("doctor", "--json", HOLDFAST_DATA_DIR=str(tmp_path), HOLDFAST_SMPT_HOST="x", **ports)
    assert done.returncode == 1
    found = json.loads(done.stdout)
    levels = {finding["subject"]: finding["level"] for finding in found}
    assert levels | {"python": "ok", "database": "fail", "temporal": "fail", "api": "fail", "link keys": "fail"} == levels
    assert any("HOLDFAST_SMTP_HOST" in finding["advice"] for finding in found)
    assert all(finding["advice"] for finding in found if finding["level"] != "ok")


def test_the_doctor_reads_wrong_settings(tmp_path: Path) -> None:
    """Settings nobody can read are a finding, not a crash."""
    done = holdfast("doctor", HOLDFAST_DATA_DIR=str(tmp_path), HOLDFAST_LISTEN_PORT="eighty")
    assert done.returncode == 1
    assert "HOLDFAST_LISTEN_PORT" in done.stdout
