"""Chooses the 300 incidents of the committed sample from the whole file, always the same ones.

``python tests/replay/select_sample.py WHOLE.jsonl.gz tests/replay/data/incidents-sample.jsonl.gz``
First come up to twelve incidents for each odd thing that occurs, then every n-th until there are 300.
"""

import gzip
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

SIZE, OF_EACH, STRIDE = 300, 12, 5003


def features(incident: dict[str, Any]) -> set[str]:
    """What makes an incident worth having in the sample."""
    found = {f"command {step['cmd']}" for step in incident["steps"]}
    found |= {f"{step['cmd']} from {step['from']}" for step in incident["steps"] if step.get("from")}
    found |= {f"hold {step['reason']}" for step in incident["steps"] if step["cmd"] == "hold"}
    found |= {"one hold to another" for step in incident["steps"] if "switch_from" in step}
    found |= {f"resolved from {step['from_hold']}" for step in incident["steps"] if "from_hold" in step}
    found |= {f"audit complete {incident['final']['audit_complete']}", f"priority {incident['final']['priority']}"}
    return found


def chosen(lines: list[str]) -> list[str]:
    """The sample, in the order of the whole file."""
    have: Counter[str] = Counter()
    places: set[int] = set()
    # A stride without a common divisor visits every line once, spread over all months.
    for place in (position * STRIDE % len(lines) for position in range(len(lines))):
        new = {feature for feature in features(json.loads(lines[place])) if have[feature] < OF_EACH}
        if new and len(places) < SIZE:
            places.add(place)
            have.update(new)
    step = max(1, len(lines) // SIZE)
    for place in range(0, len(lines), step):
        if len(places) < SIZE:
            places.add(place)
    return [lines[place] for place in sorted(places)]


if __name__ == "__main__":
    whole, sample = Path(sys.argv[1]), Path(sys.argv[2])
    with gzip.open(whole, "rt", encoding="utf-8") as source:
        picked = chosen(source.readlines())
    sample.write_bytes(gzip.compress("".join(picked).encode(), mtime=0))
