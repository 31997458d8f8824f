"""What encryption costs: the same incidents through a desk with a key and through one without, turn by turn, in one run.

    python -m benchmarks.encryption [--rounds 5] [--incidents 20]

Two whole desks (``holdfast up``) in temporary directories; the life is that of benchmarks.lifecycle. Rounds alternate, and the cheapest of each side counts:
what else the machine does only ever adds. Only the ratio means something.
"""

import argparse
import asyncio
import tempfile
from contextlib import ExitStack
from pathlib import Path

from activities.payloads.keys import new_key
from benchmarks.lifecycle import Measured, desk, desk_lives, measure_desk

IN_FLIGHT = 4


def measured(rounds: int, count: int) -> dict[str, list[Measured]]:
    """Every round of either side."""
    found: dict[str, list[Measured]] = {"plain": [], "encrypted": []}
    with tempfile.TemporaryDirectory() as directory, ExitStack() as stack:
        desks = {}
        for side in found:
            place = Path(directory) / side
            place.mkdir()
            more = {"HOLDFAST_PAYLOAD_KEYS": new_key()} if side == "encrypted" else {}
            desks[side] = stack.enter_context(desk(place, **more))
            asyncio.run(desk_lives(desks[side][0], 2, 6))  # caches filled, connections made
        for _ in range(rounds):
            for side, (house, sink) in desks.items():
                found[side].append(measure_desk(house, sink, IN_FLIGHT, count))
    return found


def main() -> None:
    """As the module's docstring says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--incidents", type=int, default=20, help="of each side in each round (default 20)")
    wanted = parser.parse_args()
    found = measured(wanted.rounds, wanted.incidents)
    cheapest = {side: {name: min(each.cpu_ms[name] for each in rounds) for name in rounds[0].cpu_ms} for side, rounds in found.items()}
    for side, cpu in cheapest.items():
        print(f"{side:<10}", ", ".join(f"{name} {milliseconds:.0f} ms" for name, milliseconds in cpu.items()), "of CPU per incident")
    plain, encrypted = (sum(cheapest[side].values()) for side in ("plain", "encrypted"))
    print(f"ratio       {encrypted / plain:.2f}")


if __name__ == "__main__":
    main()
