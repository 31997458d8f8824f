"""What encryption costs: the same incidents through a desk with a key and through one without, turn by turn, in one run.

    python -m benchmarks.encryption [--rounds 6] [--incidents 8]

Two whole desks (``holdfast up``) in temporary directories; the life is that of benchmarks.lifecycle, until it is closed in the record. Rounds alternate, and
the cheapest of each side counts: what else the machine does only ever adds. Only the ratio means something.
"""

import argparse
import asyncio
import tempfile
from contextlib import ExitStack
from pathlib import Path

from activities.payloads.keys import new_key
from benchmarks.lifecycle import cpu_of, desk, desk_lives, per_incident
from tests.house.whole_house import House

SIDES = ("plain", "encrypted")
IN_FLIGHT = 4


def _round(house: House, count: int) -> dict[str, float]:
    """CPU milliseconds per incident, by process."""
    before = cpu_of(house)
    asyncio.run(desk_lives(house, IN_FLIGHT, count))
    return per_incident(before, cpu_of(house), count)


def measured(rounds: int, count: int) -> dict[str, dict[str, float]]:
    """The cheapest round of either side."""
    found: dict[str, list[dict[str, float]]] = {side: [] for side in SIDES}
    with tempfile.TemporaryDirectory() as directory, ExitStack() as stack:
        houses = {}
        for side in SIDES:
            place = Path(directory) / side
            place.mkdir()
            more = {"HOLDFAST_PAYLOAD_KEYS": new_key()} if side == "encrypted" else {}
            houses[side], _ = stack.enter_context(desk(place, **more))
            _round(houses[side], count)  # caches filled, connections made
        for turn in range(rounds):
            for side in SIDES if turn % 2 else reversed(SIDES):
                found[side].append(_round(houses[side], count))
    return {side: min(each, key=lambda cpu: sum(cpu.values())) for side, each in found.items()}


def main() -> None:
    """As the module's docstring says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--incidents", type=int, default=8, help="of each side in each round (default 8)")
    wanted = parser.parse_args()
    cheapest = measured(wanted.rounds, wanted.incidents)
    for side, cpu in cheapest.items():
        print(f"{side:<10}", ", ".join(f"{name} {milliseconds:.0f} ms" for name, milliseconds in cpu.items()), "of CPU per incident")
    plain, encrypted = (sum(cheapest[side].values()) for side in SIDES)
    print(f"ratio      {encrypted / plain:.2f}")


if __name__ == "__main__":
    main()
