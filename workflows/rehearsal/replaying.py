"""Replays one recorded incident through the real workflow and compares (process.md S3 to S5, S11, S12)."""

from datetime import timedelta

from workflows.clocks import Clock, remaining
from workflows.messages import Sent
from workflows.policies.book import book
from workflows.publication import Event, Outcome, Publication, Published, Result, Snapshot
from workflows.rehearsal.engine import Engine, at
from workflows.rehearsal.recorded_desk import (
    DESK,
    UNMODELLED,
    Recorded,
    Step,
    counts_from_resolution,
    intake,
    is_comparable_closing,
    message,
    shows_every_reassignment,
)
from workflows.rehearsal.tally import MADE_SLA, MADE_SLA_HERE, Tally
from workflows.vocabulary import ClockKind, ClockState, ClosedBy, Priority, Status

# Commands of one recorded minute keep their order.
MOMENT = timedelta(milliseconds=20)
AFTER_THE_LAST_STEP = timedelta(days=60)
# The old system looked once an hour, and once in these months a look was skipped; its times are cut to the minute.
TWO_LOOKS = timedelta(minutes=121)


class Sight:
    """What the record shows of one incident, and the checks on it."""

    def __init__(self, incident: Recorded, tally: Tally) -> None:
        self._incident, self._tally = incident, tally
        self.facts: Snapshot | None = None
        self.before_closure: Snapshot | None = None
        self.events: list[Event] = []
        self.outcomes: dict[str, Outcome] = {}

    def publish(self, publication: Publication) -> Published:
        """Takes a publication as the record does."""
        self.facts = publication.snapshot
        if self.facts.status is not Status.CLOSED:
            self.before_closure = self.facts
        self.events += publication.events
        self.outcomes |= {outcome.command_id: outcome for outcome in publication.outcomes}
        return Published(publication.up_to)

    @property
    def present(self) -> Snapshot:
        """The facts; there are some as soon as the report was taken in."""
        assert self.facts is not None
        return self.facts


def replay(incident: Recorded, tally: Tally) -> None:
    """From report to closure; counts and comparisons go into the tally."""
    opened = at(incident.opening["at"])
    sight = Sight(incident, tally)
    engine = Engine(opened, sight.publish)
    engine.start(intake(incident))
    engine.advance_to(opened + MOMENT)
    _compare_expectations(incident, incident.opening, sight.present, tally)
    tally.incidents += 1
    tally.applied["open"] += 1
    refused_closing = any([_step(engine, incident, step, place, sight, tally) for place, step in enumerate(incident.steps)][1:])
    engine.advance_to(engine.now + AFTER_THE_LAST_STEP)
    _compare_end(incident, sight, tally, refused_closing=refused_closing)
    engine.close()


def _step(engine: Engine, incident: Recorded, step: Step, place: int, sight: Sight, tally: Tally) -> bool:
    """Applies one step; whether it was a closing by a person that we refuse."""
    command = step["cmd"]
    if command == "open":
        return False
    tally.commands += 1
    engine.advance_to(max(at(step["at"]), engine.now + MOMENT))
    if command in UNMODELLED:
        tally.unmodelled[command] += 1
        return False
    said = message(step, sight.present)
    assert said is not None
    command_id = f"{incident.number}-{place}"
    if incident.number in engine.closures:
        tally.refused[command, "closed-is-final"] += 1
        return False
    engine.send(incident.number, Sent(command_id, DESK, engine.now, said))
    engine.advance_to(engine.now + MOMENT)
    outcome = sight.outcomes.get(command_id)
    tally.check("every command is answered", incident.number, expected=True, found=outcome is not None)
    if outcome is None or outcome.result is not Result.APPLIED:
        tally.refused[command, outcome.rule or outcome.result if outcome else "no answer"] += 1
        return bool(command == "close")
    tally.applied[command] += 1
    _compare_expectations(incident, step, sight.present, tally)
    return False


def _compare_expectations(incident: Recorded, step: Step, facts: Snapshot, tally: Tally) -> None:
    expected = step.get("expect", {})
    if "priority" in expected:
        tally.check("priority at every step", incident.number, Priority(f"P{expected['priority']}"), facts.priority)
    if not incident.final["audit_complete"]:
        return
    for count in ("reassignment_count", "reopen_count") if shows_every_reassignment(incident) else ("reopen_count",):
        if count in expected:
            tally.check(f"{count} at every step", incident.number, expected[count], getattr(facts, count))


def _compare_end(incident: Recorded, sight: Sight, tally: Tally, *, refused_closing: bool) -> None:
    facts, final = sight.present, incident.final
    seqs = [event.seq for event in sight.events]
    tally.check("no event lost or doubled", incident.number, list(range(1, facts.version + 1)), seqs)
    _never_early(incident, facts, tally)
    _made_sla(incident, sight, tally)
    if refused_closing:
        tally.left_out["closed by a person without a resolution: refused here (S4)"] += 1
        return
    tally.check("final state", incident.number, Status(final["state"]), facts.status)
    tally.check("final priority", incident.number, Priority(f"P{final['priority']}"), facts.priority)
    if (reason := _not_comparable(incident, facts)) is not None:
        tally.left_out[reason] += 1
        return
    if shows_every_reassignment(incident):
        tally.check("final reassignment_count", incident.number, final["reassignment_count"], facts.reassignment_count)
    else:
        tally.left_out["reassignments only: the old system counted one that its audit does not show"] += 1
    tally.check("final reopen_count", incident.number, final["reopen_count"], facts.reopen_count)
    _in_the_window(incident, facts, tally)


def _not_comparable(incident: Recorded, facts: Snapshot) -> str | None:
    """Why the recorded end says nothing about ours, or none."""
    if any(step["cmd"] == "reopen" and step["from"] == "closed" for step in incident.steps):
        return "reopened after closure: here a new incident that refers to the old one (S12)"
    if not incident.final["audit_complete"]:
        return "the audit is incomplete"
    if facts.closed_at and any(at(step["at"]) > facts.closed_at for step in incident.steps if step["cmd"] not in UNMODELLED):
        return "the recorded life went on after ours had closed: automatic closure was not live yet"
    return None


def _never_early(incident: Recorded, facts: Snapshot, tally: Tally) -> None:
    if facts.closed_by is ClosedBy.SILENCE and facts.closed_at and facts.resolved_at:
        early = facts.closed_at < facts.resolved_at + timedelta(days=5)
        tally.check("never closed early", incident.number, expected=False, found=early)


def _in_the_window(incident: Recorded, facts: Snapshot, tally: Tally) -> None:
    """Ours closes to the second; the old system closed up to an hour later."""
    closings = [step for step in incident.steps if step["cmd"] == "auto_close"]
    if not closings or facts.closed_by is not ClosedBy.SILENCE or facts.closed_at is None:
        return
    if not is_comparable_closing(closings[-1]):
        tally.left_out["closings before the old system's automatic closure was live, or on its odd day"] += 1
        return
    if not counts_from_resolution(incident):
        tally.left_out["closings the old system counted from a later update, which S11 forbids"] += 1
        return
    later = at(closings[-1]["at"]) - facts.closed_at.replace(second=0, microsecond=0)
    is_in_time = timedelta(0) <= later <= TWO_LOOKS
    tally.check("closed inside the expected window", incident.number, expected=True, found=is_in_time)
    if is_in_time and (clock := _resolution_clock(facts)) and "made_sla" in incident.final:
        tally.check(MADE_SLA_HERE, incident.number, incident.final["made_sla"], clock.state is ClockState.MET)


def _made_sla(incident: Recorded, sight: Sight, tally: Tally) -> None:
    """The clock as the process kept it, judged where the recorded desk closed: our own closing often comes at another time."""
    closed_at, made_sla = incident.final.get("closed_at"), incident.final.get("made_sla")
    if made_sla is None or closed_at is None or sight.before_closure is None:
        return
    clock = _resolution_clock(sight.before_closure)
    if clock is None:
        tally.left_out["no service level for the priority it had"] += 1
        return
    left = remaining(clock, book().edition(sight.before_closure.edition).calendars[clock.calendar], at(closed_at))
    tally.check(MADE_SLA, incident.number, made_sla, left is not None and left >= timedelta(0))


def _resolution_clock(facts: Snapshot) -> Clock | None:
    return next((clock for clock in facts.clocks if clock.kind is ClockKind.RESOLUTION), None)
