"""The engine of the rehearsals and a real server agree, so that what a rehearsal shows is what would happen."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.desk import EDITION, Desk
from tests.process.life import ASHA, CARLA
from tests.process.newer_edition import works_by
from tests.replay.alike import differences
from tests.replay.scenarios import DESKS, FIXED, REPORT, REPORTED_UNDER, SCENARIOS, TO_THE_END, said, spoken
from workflows.house_messages import HandOver
from workflows.incident import IncidentWorkflow
from workflows.messages import NAMES, SYSTEM, Confirm, Intake, Note, Rate, Reject, Sent
from workflows.policies.book import HOLDFAST
from workflows.publication import Event, LetterOwed, Publication, Published, Result
from workflows.rehearsal.engine import Engine, MemoryRecord
from workflows.vocabulary import Audience, Status

NUMBER = "INC-1001-2"
TUESDAY = datetime(2026, 11, 24, 7, tzinfo=UTC)
SECOND = timedelta(seconds=1)
# A server takes no two signals at one instant; the next comes while the last is being published.
BETWEEN_SIGNALS = timedelta(milliseconds=2)


def intake(now: datetime, edition: str = EDITION, number: str = NUMBER) -> Intake:
    """Carla's report."""
    return Intake(number, REPORT, CARLA, now, now, edition)


@dataclass
class Ledger(MemoryRecord):
    """A record that keeps the letters owed as well."""

    letters: list[LetterOwed] = field(default_factory=list)

    def publish(self, publication: Publication) -> Published:
        """One publication with its letters."""
        self.letters += publication.letters
        return super().publish(publication)


def played_on_engine(name: str, start: datetime) -> Ledger:
    """The scenario in process."""
    record, step = Ledger(), said(SECOND)

    def publish(publication: Publication) -> Published:
        record.publish(publication)
        return step.answers(publication)

    engine = Engine(start, publish)
    engine.start(intake(start, REPORTED_UNDER[name]))
    for place, step in enumerate(SCENARIOS[name]):
        engine.advance_to(engine.now + step.after)
        for turn, (who, words) in enumerate(step.messages):
            engine.send(NUMBER, Sent(f"{place}-{turn}", who, engine.now + timedelta(days=365), spoken(words, start)))
            engine.advance_to(engine.now + BETWEEN_SIGNALS)
        engine.advance_to(engine.now + SECOND)
    engine.advance_to(engine.now + TO_THE_END)
    assert NUMBER in engine.closures
    engine.close()
    return record


@pytest.mark.parametrize("name", SCENARIOS)
async def test_engine_and_server_agree(desk: Desk, name: str) -> None:
    """The same messages at the same times give the same events, facts, dates, answers and letters on both, value by value."""
    with works_by(DESKS.get(name, HOLDFAST)):
        incident = await desk.report(CARLA, REPORT, REPORTED_UNDER[name])
        started = (await incident.query(IncidentWorkflow.facts)).logged_at
        for place, step in enumerate(SCENARIOS[name]):
            desk.shelf.answers = step.answers
            await desk.passes(incident, step.after)
            for turn, (who, words) in enumerate(step.messages):
                await desk.says(incident, who, spoken(words, started), command_id=f"{place}-{turn}")
            await desk.passes(incident, SECOND)
        await desk.passes(incident, TO_THE_END)
        closure = await incident.result()
        record = played_on_engine(name, started)
    shelf, number = desk.shelf, incident.id
    assert closure.status is record.facts[NUMBER].status
    assert differences(in_order(shelf.events[number]), in_order(record.events[NUMBER])) == []
    assert differences(shelf.facts[number], record.facts[NUMBER]) == []
    assert differences({each: shelf.outcomes[each] for each in record.outcomes[NUMBER]}, record.outcomes[NUMBER]) == []
    assert differences(list(shelf.letters[number].values()), record.letters) == []


def in_order(events: dict[int, Event]) -> list[Event]:
    """As they happened."""
    return [event for _, event in sorted(events.items())]


def test_a_difference_would_be_seen() -> None:
    """The comparison sees another value, an hour, a missing letter and another name, and looks past seconds and a night that lies between them."""
    record = played_on_engine("message-by-message", TUESDAY)
    facts, letters = record.facts[NUMBER], record.letters
    evening, morning = datetime(2026, 11, 24, 14, 59, 59, tzinfo=UTC), datetime(2026, 11, 25, 6, 0, 5, tzinfo=UTC)
    assert facts.closed_at is not None
    assert differences(facts, replace(facts, closed_at=facts.closed_at + SECOND)) == []
    assert differences(replace(facts, closed_at=evening), replace(facts, closed_at=morning)) == []
    for other in (
        replace(facts, closed_at=facts.closed_at + timedelta(hours=1)),
        replace(facts, closed_at=None),
        replace(facts, group="network"),
        replace(facts, clocks=facts.clocks[1:]),
        replace(facts, clocks=(replace(facts.clocks[0], budget=timedelta(hours=99)), *facts.clocks[1:])),
    ):
        assert len(differences(facts, other)) == 1
    assert differences(letters, letters[1:])
    assert differences(letters, [replace(letters[0], to=Audience.GROUP), *letters[1:]])


def ended(name: str, *, together: bool) -> Ledger:
    """Everything that is said in the scenario, said at one instant: with a worker that hears each word before the next, or one that finds them all."""
    record = Ledger()
    engine = Engine(TUESDAY, record.publish)
    engine.start(intake(TUESDAY, REPORTED_UNDER[name]))
    engine.advance_to(TUESDAY + SECOND)
    # What cannot be read does not tell when it was sent: it counts from when it is found.
    words = [(who, message) for step in SCENARIOS[name] for who, message in step.messages if message != Rate(9)]
    waiting = [Sent(str(place), who, TUESDAY + SECOND, spoken(said_so, TUESDAY)) for place, (who, said_so) in enumerate(words)]
    for batch in [waiting] if together else [[each] for each in waiting]:
        engine.send(NUMBER, *batch)
        engine.advance_to(engine.now + SECOND)
    engine.advance_to(TUESDAY + 2 * TO_THE_END)
    assert NUMBER in engine.closures
    assert len(record.outcomes[NUMBER]) == len([message for _, message in words if not isinstance(message, HandOver)])
    engine.close()
    return record


# An approval can only be given once it was asked for.
@pytest.mark.parametrize("name", [name for name in SCENARIOS if name not in DESKS])
def test_one_by_one_or_all_at_once_ends_the_same(name: str) -> None:
    """Messages that wait while no worker runs are applied in their order: the same facts at the same instants, the same answers, the same letters."""
    each, all_at_once = ended(name, together=False), ended(name, together=True)
    assert all_at_once.facts == each.facts
    assert all_at_once.outcomes == each.outcomes
    assert all_at_once.events == each.events
    assert all_at_once.letters == each.letters
    assert each.letters


def test_an_answer_that_comes_with_the_closing_timer_wins() -> None:
    """A caller's "still broken" that waits with an overdue closing date is heard first: people win over silence (S11)."""
    record = MemoryRecord()
    engine = Engine(TUESDAY, record.publish)
    engine.start(intake(TUESDAY))
    engine.send(NUMBER, Sent("1", ASHA, TUESDAY, FIXED))
    engine.advance_to(TUESDAY + timedelta(days=6, hours=23))
    engine.outage_until(TUESDAY + timedelta(days=8))
    rejected = Sent("2", CARLA, engine.now, Reject("Jammed again.", 1))
    engine.send_raw(NUMBER, [(NAMES[Reject], rejected)], with_due_timers=True)
    engine.advance_to(engine.now + SECOND)
    assert record.facts[NUMBER].status is Status.IN_PROGRESS


@pytest.mark.parametrize("every", [1, 2, 3, 5])
def test_hand_overs_lose_nothing(every: int) -> None:
    """A history handed over after any message, with dates ahead and outcomes remembered, ends as without hand-overs."""
    record = MemoryRecord()
    engine = Engine(TUESDAY, record.publish)
    engine.start(intake(TUESDAY))
    sent = [
        (ASHA, FIXED),
        *[(ASHA, Note(f"note {place}")) for place in range(12)],
        (CARLA, Reject("no", 1)),
        (ASHA, FIXED),
        (CARLA, Confirm(2)),
    ]
    for place, (who, message) in enumerate(sent):
        if place % every == 0:
            engine.suggest_hand_over(NUMBER)
        for _ in range(2):  # each command twice: the second one must be known after a hand-over too
            engine.send(NUMBER, Sent(str(place), who, engine.now, message))
            engine.advance_to(engine.now + SECOND)
    engine.advance_to(engine.now + TO_THE_END)
    assert engine.hand_overs >= len(sent) // every
    assert engine.closures[NUMBER].cycles == 2
    assert sorted(record.events[NUMBER]) == list(range(1, record.facts[NUMBER].version + 1))
    assert len(record.outcomes[NUMBER]) == len(sent)


def test_another_build_takes_over_between_publications() -> None:
    """An incident that is asked goes to the build the server has for it, once everything is in the record; the question itself leaves no trace (S21)."""
    record = MemoryRecord()
    engine = Engine(TUESDAY, record.publish)
    engine.start(intake(TUESDAY))
    engine.advance_to(engine.now + SECOND)
    version, engine.has_another_build = record.facts[NUMBER].version, True
    engine.send(NUMBER, Sent("hand-over", SYSTEM, engine.now, HandOver()))
    assert engine.hand_overs == 1
    assert record.facts[NUMBER].version == version
    engine.send(NUMBER, Sent("1", ASHA, engine.now, FIXED))
    assert engine.hand_overs == 1
    engine.advance_to(engine.now + SECOND)
    assert engine.hand_overs == 2
    assert "hand-over" not in record.outcomes[NUMBER]
    assert record.outcomes[NUMBER]["1"].result is Result.APPLIED


def test_runs_do_not_chase_each_other() -> None:
    """A server that has another build for an incident again and again gets one fresh run for each time it wakes up, not one after the other."""
    record = MemoryRecord()
    engine = Engine(TUESDAY, record.publish)
    engine.has_another_build = True
    engine.start(intake(TUESDAY))
    engine.advance_to(TUESDAY + SECOND)
    assert engine.hand_overs == 1
    engine.advance_to(TUESDAY + timedelta(hours=1))
    assert engine.hand_overs == 1
