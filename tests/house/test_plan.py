"""``holdfast plan``: the incident response plan as a file (design rule 6)."""

from pathlib import Path

import pytest
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.database.tables import groups, memberships, people, rotas
from activities.house.commands.plan_desk import composed, write
from activities.house.refusals import UsageRefusedError
from activities.settings import Settings
from api.queries.contacts import directory
from tests.replay.tree import ROOT, Tree
from workflows.vocabulary import Role


def test_it_is_written_where_it_is_wanted(tmp_path: Path) -> None:
    """A page and Markdown in files, with a sentence; compared with another edition."""
    page, text = tmp_path / "plan.html", tmp_path / "plan.md"
    asked = ("plan", "--edition", "2026-11-25", "--against", "2026-01-01", "--html", str(page), "--markdown", str(text))
    done = Tree(ROOT).holdfast(*asked)
    assert done.stdout == f"Written: {page}, {text}.\n", done.stderr
    assert "Compared with edition 2026-01-01" in text.read_text(encoding="utf-8")
    assert "<h1>Incident response plan</h1>" in page.read_text(encoding="utf-8")


def test_without_a_file_it_is_shown(tmp_path: Path) -> None:
    """What would have been written is the answer; an edition there is not is refused with those there are, a place there is not with a sentence."""
    settings = Settings(_env_file=None, data_dir=tmp_path)  # type: ignore[call-arg]
    shown = write(composed(settings, None, None, with_contacts=False), None, None)
    assert shown.startswith("# Incident response plan\n")
    with pytest.raises(UsageRefusedError, match="There is no edition 2025-01-01; there are: 2026-01-01"):
        composed(settings, "2025-01-01", None, with_contacts=False)
    with pytest.raises(UsageRefusedError, match="cannot be written"):
        write(composed(settings, None, None, with_contacts=False), tmp_path / "nowhere" / "plan.html", None)


async def test_contacts_come_from_the_directory(database: AsyncEngine) -> None:
    """Groups in the order of their levels with the names of their people; an unreadable rota is there, without people."""
    person = {"language": "en", "zone": "UTC", "absent_until": None}
    async with database.begin() as connection:
        await connection.execute(
            insert(people),
            [
                {"id": "noah", "name": "Noah Brown", "email": None, "roles": ["agent"], **person},
                {"id": "ines", "name": "Ines Costa", "email": "ines@example.org", "roles": ["incident_manager", "admin"], **person},
            ],
        )
        network = {"id": "network", "name": "Network", "level": 2, "lead": "noah", "email": "network@example.org"}
        desk = {"id": "desk", "name": "Service desk", "level": 1, "lead": "gone", "email": None}
        await connection.execute(insert(groups), [network, desk])
        await connection.execute(insert(memberships), [{"group": "network", "person": each} for each in ("noah", "ines")])
        layer = {"people": ["noah", "ines"], "starts": "2026-01-05T09:00:00", "turn_days": 7}
        turns = [{"id": "odd", "definition": {"zone": 7}}, {"id": "week", "definition": {"zone": "UTC", "layers": [layer]}}]
        await connection.execute(insert(rotas), turns)
    found = await directory(database)
    assert [(team.id, team.lead, team.members) for team in found.teams] == [
        ("desk", "gone", ()),
        ("network", "Noah Brown", ("Ines Costa", "Noah Brown")),
    ]
    assert [str(each) for each in found.by_role[Role.INCIDENT_MANAGER]] == ["Ines Costa <ines@example.org>"]
    assert found.rotas == {"odd": (), "week": ("Ines Costa", "Noah Brown")}
