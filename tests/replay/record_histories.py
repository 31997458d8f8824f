"""Records the histories that must replay for ever: ``python -m tests.replay.record_histories [SCENARIO ...]`` writes one JSON file a scenario.

Recorded once per change of the process that is meant to be kept; old files stay, for incidents that ran under the old code.
"""

import asyncio
import os
import sys
from pathlib import Path

from tests.desk import Desk, Shelf, start_time_server, worker
from tests.process.life import CARLA
from tests.process.newer_edition import works_by
from tests.replay.scenarios import DESKS, REPORT, REPORTED_UNDER, SCENARIOS, TO_THE_END, spoken
from workflows.incident import IncidentWorkflow
from workflows.policies.book import HOLDFAST

HISTORIES = Path(__file__).with_name("histories")
# What was recorded under the book of approving_desk.py.
APPROVING = HISTORIES / "approving"
EDITION = "2026-11"


async def record(names: list[str]) -> None:
    """Plays these scenarios on a real server and keeps what was written down."""
    async with await start_time_server(hand_over_after=4096) as env:
        shelf = Shelf()
        async with worker(env.client, shelf, "record"):
            desk = Desk(env, "record", shelf)
            for name in names:
                with works_by(DESKS.get(name, HOLDFAST)):
                    text = await lived(desk, name)
                place = APPROVING if name in DESKS else HISTORIES
                (place / f"{EDITION}-{name}.json").write_text(text, encoding="utf-8")


async def lived(desk: Desk, name: str) -> str:
    """The history of one scenario."""
    incident = await desk.report(CARLA, REPORT, REPORTED_UNDER[name])
    reported_at = (await incident.query(IncidentWorkflow.facts)).reported_at
    for step in SCENARIOS[name]:
        desk.shelf.answers = step.answers
        await desk.passes(incident, step.after)
        for who, words in step.messages:
            await desk.says(incident, who, spoken(words, reported_at))
        await desk.settles(incident)
    await desk.passes(incident, TO_THE_END)
    await incident.result()
    return (await incident.fetch_history()).to_json()


if __name__ == "__main__":
    APPROVING.mkdir(parents=True, exist_ok=True)
    asyncio.run(record(sys.argv[1:] or list(SCENARIOS)))
    # The SDK's threads can abort a short process that ends in the ordinary way.
    os._exit(0)
