"""The README can be typed as printed."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.house.whole_house import House, clean_environment, wait_until

ROOT = Path(__file__).resolve().parents[2]
SECTION = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Walk through it")[2].partition("\n## ")[0]
SAID = "(everything before this line has been answered)"


@pytest.fixture
def fresh_house(tmp_path: Path) -> Iterator[House]:
    """A desk as it is on the first day, whose undo period is short enough to be waited for."""
    place = House(
        tmp_path / ".holdfast", {"HOLDFAST_POLICIES": str(ROOT / "benchmarks/quick_closing.py"), "HOLDFAST_OUTCOME_WAIT_SECONDS": "15"}
    )
    try:
        place.open()
        yield place
    finally:
        place.tidy_up()


def _printed(text: str) -> str:
    """The commands in a piece of the README, as somebody would type them."""
    return "\n".join(line[4:] for line in text.splitlines() if line.startswith("    "))


class _Terminal:
    """The second terminal, in the same folder."""

    def __init__(self, folder: Path) -> None:
        # The python3 that is first on the path of a reader is one of theirs; the tests have this one.
        path = f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"
        self._shell = subprocess.Popen(
            ["/bin/bash", "-e"],
            cwd=folder,
            env=clean_environment({"PATH": path}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def types(self, commands: str) -> str:
        """Types and reads what is answered."""
        assert self._shell.stdin is not None
        assert self._shell.stdout is not None
        self._shell.stdin.write(f"{commands}\necho\necho '{SAID}'\n")
        self._shell.stdin.flush()
        lines = []
        for line in self._shell.stdout:
            if line.strip() == SAID:
                return "".join(lines)
            lines.append(line)
        return pytest.fail("".join(lines))

    def closes(self) -> None:
        """Ends the shell."""
        self._shell.communicate("exit\n", timeout=60)


def _letter(house: House, key: str) -> str:
    """The letter that asks whether it works, found on the Outbox page as a reader finds it."""
    with httpx.Client(base_url=house.url, auth=("anybody", key), trust_env=False, timeout=60) as reader:
        found = re.findall(r'href="(/outbox/[^"]+)"[^>]*>\s*([^<]*)', reader.get("/outbox").text)
        place = next((href for href, subject in found if "Resolved: does it work?" in subject), None)
        return reader.get(place).text if place else ""


def _answer(house: House) -> None:
    """Opens the letter, follows its link, chooses *It works* and sends."""
    key = house.key("AGENT")
    wait_until(lambda: "/l/" in _letter(house, key), "the letter on the Outbox page")
    link = re.search(r"http://[^\s\"<]+/l/[^\s\"<]+", _letter(house, key))
    assert link is not None
    shown = httpx.get(link[0], trust_env=False, timeout=60).text
    nonce = re.search(r'name="nonce" value="([^"]+)"', shown)
    assert nonce is not None
    assert "It works" in shown
    sent = httpx.post(link[0], data={"choice": "works", "text": "", "nonce": nonce[1]}, trust_env=False, timeout=60)
    assert sent.status_code == httpx.codes.OK, sent.text


def test_the_walk_through_works_as_printed(fresh_house: House) -> None:
    """Report, take, a refusal with its rule, resolve, the letter, its link, closed, and the timeline: every command of the README as printed."""
    before, _, after = SECTION.partition("Carla can change her mind")
    terminal = _Terminal(fresh_house.data_dir.parent)
    told = terminal.types(_printed(before))
    assert '"number":"INC-1001-9"' in told.replace(" ", "")
    assert "question-needed" in told
    assert told.count('"applied"') == 2, told
    _answer(fresh_house)
    wait_until(lambda: fresh_house.asks("GET", "/api/v1/incidents/INC-1001-9").json()["status"] == "closed", "the closure")
    told = terminal.types(_printed(after).partition("All operations")[0])
    for kind in ("reported", "assigned", "resolved", "confirmed", "closed"):
        assert f'"kind": "{kind}"' in told, told
    terminal.closes()
    assert fresh_house.close() == 0
