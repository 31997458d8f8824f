"""Nobody acts on what they have not seen: a message that names the version it was written for (process.md S4)."""

from datetime import timedelta

from pydantic import TypeAdapter

from tests.process.life import ASHA, CARLA, INES, NOAH, Life
from workflows.decisions import receive
from workflows.event_kinds import NOTICES
from workflows.messages import Actor, Confirm, Hold, Message, Note, PublicMessage, Report, Resolve, Sent, Take
from workflows.publication import Outcome, Result
from workflows.record import HandedOver
from workflows.vocabulary import EventKind, HoldReason, Impact, Status, Urgency


def _says(life: Life, who: Actor, message: Message, seen: int | None) -> Outcome:
    name = f"seen-{life.facts.version}-{len(life.incident.outcomes)}"
    receive(life.incident, Sent(name, who, life.now, message, seen=seen), life.now)
    return life.incident.outcomes[name]


def test_whoever_has_not_seen_the_last_move_is_refused() -> None:
    """Two agents look at the same state: the first one's message counts, the second's is refused, changes nothing, and is on the timeline."""
    life = Life()
    seen = life.facts.version
    assert _says(life, ASHA, Resolve("fixed", "Pulled the paper out."), seen).result is Result.APPLIED
    refused = _says(life, NOAH, Hold(HoldReason.VENDOR), seen)
    assert (refused.rule, life.facts.status) == ("changed-meanwhile", Status.RESOLVED)
    assert life.incident.events[-1].kind is EventKind.REFUSED
    assert _says(life, NOAH, Note("Fuser was old."), life.facts.version).result is Result.APPLIED


def test_ones_own_moves_are_no_news() -> None:
    """Messages sent one after the other from the same page all count, also while the record shows none of them yet; those of others in between do not let them pass."""
    life = Life()
    seen = life.facts.version
    for message in (Take(), Note("Looking."), Hold(HoldReason.CALLER, "Which tray?")):
        assert _says(life, ASHA, message, seen).result is Result.APPLIED
    assert _says(life, CARLA, PublicMessage("Tray 2."), None).result is Result.APPLIED
    assert _says(life, ASHA, Resolve("fixed", "done"), seen).rule == "changed-meanwhile"


def test_what_the_desk_notices_is_no_move() -> None:
    """Warnings and breaches that fell due while no worker ran do not take an agent's click away."""
    life = Life(Report("Down", category="network", impact=Impact.WIDESPREAD, urgency=Urgency.HIGH))
    seen = life.facts.version
    life.now += timedelta(hours=9)
    outcome = _says(life, ASHA, Take(), seen)
    between = [event.kind for event in life.incident.events if event.seq > seen and event.actor == "holdfast"]
    assert between
    assert set(between) <= NOTICES
    assert outcome.result is Result.APPLIED


def test_a_refused_message_is_no_move() -> None:
    """What changed nothing takes nobody's click away, however often it is sent."""
    life = Life()
    seen = life.facts.version
    assert _says(life, CARLA, Confirm(), None).rule == "not-resolved"
    assert _says(life, ASHA, Take(), seen).result is Result.APPLIED


def test_closing_by_itself_is_a_move() -> None:
    """What the process did by itself counts like what somebody else did."""
    life = Life()
    life.says(ASHA, Resolve("fixed", "done"))
    seen = life.facts.version
    life.passes(timedelta(days=30))
    assert life.facts.status is Status.CLOSED
    assert _says(life, INES, Note("late"), seen).rule == "changed-meanwhile"


def test_a_message_without_a_version_always_counts() -> None:
    """Callers, machines and old histories name none."""
    life = Life()
    life.says(ASHA, Take())
    assert _says(life, NOAH, Note("x"), None).result is Result.APPLIED


def test_moves_are_handed_over() -> None:
    """The next run of an incident's workflow knows them; what an earlier release handed over still reads."""
    life = Life()
    life.says(ASHA, Take())
    adapter = TypeAdapter(HandedOver)
    left = adapter.dump_python(HandedOver(life.intake, life.incident), mode="json")
    assert adapter.validate_python(left).incident.moves == life.incident.moves
    del left["incident"]["moves"]
    assert adapter.validate_python(left).incident.moves.version == 0
