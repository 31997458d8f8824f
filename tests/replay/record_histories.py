"""Records the histories that must replay for ever: ``python -m tests.replay.record_histories [SCENARIO ...]`` writes one JSON file a scenario.

Recorded once per change of the process that is meant to be kept; old files stay, for incidents that ran under the old code.
"""

import asyncio
import os
import sys
from pathlib import Path

from tests.desk import Desk, Shelf, start_time_server, worker
from tests.process.life import CARLA
from tests.replay.scenarios import REPORT, REPORTED_UNDER, SCENARIOS, TO_THE_END

HISTORIES = Path(__file__).with_name("histories")
EDITION = "2026-11"


async def record(names: list[str]) -> None:
    """Plays these scenarios on a real server and keeps what was written down."""
    async with await start_time_server(hand_over_after=4096) as env:
        shelf = Shelf()
        async with worker(env.client, shelf, "record"):
            desk = Desk(env, "record", shelf)
            for name in names:
                incident = await desk.report(CARLA, REPORT, REPORTED_UNDER[name])
                for step in SCENARIOS[name]:
                    await desk.passes(incident, step.after)
                    for who, message in step.messages:
                        await desk.says(incident, who, message)
                await desk.passes(incident, TO_THE_END)
                await incident.result()
                text = (await incident.fetch_history()).to_json()
                (HISTORIES / f"{EDITION}-{name}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    HISTORIES.mkdir(exist_ok=True)
    asyncio.run(record(sys.argv[1:] or list(SCENARIOS)))
    # The SDK's threads can abort a short process that ends in the ordinary way.
    os._exit(0)
