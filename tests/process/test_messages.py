"""What people can tell an incident, and what it answers (process.md S3 to S5, S11, S12, S15, S22)."""

from datetime import timedelta

import pytest
from pydantic import TypeAdapter

from tests.process.life import ASHA, CARLA, INES, NOAH, STRANGER, Life
from workflows.decisions import receive
from workflows.lifecycle import FITS, Rule
from workflows.messages import (
    SIGNALS,
    Acknowledge,
    Amend,
    Assign,
    Cancel,
    Confirm,
    Escalate,
    Hold,
    Note,
    OverridePriority,
    PublicMessage,
    Reject,
    Reopen,
    Report,
    Reprioritise,
    Resolve,
    Resume,
    Take,
)
from workflows.publication import Publication, Result
from workflows.reading import Malformed, read
from workflows.record import HandedOver
from workflows.timekeeping import PROMISES
from workflows.vocabulary import (
    CancelReason,
    ClosedBy,
    DeadlineKind,
    EventKind,
    HoldReason,
    Impact,
    LetterName,
    Major,
    Priority,
    Status,
    Urgency,
)

FIXED = Resolve("fixed", "Took the paper out.")
MINUTE = timedelta(minutes=1)


def resolved(edition: str | None = None) -> Life:
    """An incident that asks its caller."""
    life = Life(edition=edition)
    life.says(ASHA, Take())
    life.says(ASHA, FIXED)
    return life


def test_a_report_is_logged_categorised_and_prioritised() -> None:
    """A report becomes an incident in its group's queue, with a receipt for the caller (S1 to S3)."""
    life = Life(Report("No network", category="network", impact=Impact.SIGNIFICANT, urgency=Urgency.HIGH))
    assert (life.facts.status, life.facts.group, life.facts.priority) == (Status.NEW, "service-desk", Priority.P2)
    assert life.letters() == [LetterName.RECEIVED]


def test_widespread_and_urgent_proposes_a_major_incident() -> None:
    """Impact 1 with urgency 1 is proposed as major, once (S3)."""
    life = Life(Report("All tills down", impact=Impact.WIDESPREAD, urgency=Urgency.HIGH))
    assert life.facts.major is Major.PROPOSED
    life.says(ASHA, Reprioritise(Impact.LIMITED, Urgency.LOW, "one till"))
    life.says(ASHA, Reprioritise(Impact.WIDESPREAD, Urgency.HIGH, "all again"))
    assert len(life.events(EventKind.MAJOR_PROPOSED)) == 1


def test_take_assigns_and_acknowledges() -> None:
    """Who takes an incident has it and has responded (S5)."""
    life = Life()
    life.says(ASHA, Take())
    assert (life.facts.person, life.facts.status) == ("asha", Status.IN_PROGRESS)
    assert life.facts.acknowledged_at == life.now


def test_take_brings_the_level_of_the_group_it_goes_to() -> None:
    """Taken by somebody of the second level it is solved there; where it stays it keeps the level it was handed up to (S5)."""
    life = Life(Report("No network", category="network"))
    life.says(NOAH, Take(level=2))
    assert (life.facts.group, life.facts.level) == ("network", 2)
    life.says(ASHA, Take("service-desk", 1))
    assert (life.facts.group, life.facts.level) == ("service-desk", 1)
    life.says(ASHA, Escalate("?", "network", 3))
    life.says(NOAH, Take(level=2))
    assert (life.facts.person, life.facts.level) == ("noah", 3)


def test_a_take_of_old_names_no_level() -> None:
    """What was recorded before the level travelled with it leaves the level as it was."""
    life = Life(Report("No network", category="network"))
    life.says(NOAH, Take())
    assert (life.facts.group, life.facts.level) == ("network", 1)
    assert "level" not in life.events(EventKind.ASSIGNED)[-1].after
    assert not isinstance(
        read("take", {"command_id": "x", "actor": {"kind": "person", "id": "noah"}, "sent_at": life.now, "message": {}}), Malformed
    )


def test_only_changes_of_group_after_the_first_are_reassignments() -> None:
    """A person inside the group is no reassignment, another group is, no group is too (S5)."""
    life = Life()
    for group, person in [("service-desk", "asha"), ("network", None), ("network", "noah"), (None, None), ("facility", None)]:
        life.says(ASHA, Assign(group, person))
    assert life.facts.reassignment_count == 3


def test_escalation_goes_up_to_the_group_the_policy_names() -> None:
    """Functional escalation hands the diagnosis up a level and counts a hop, until there is no higher level (S5)."""
    life = Life()
    life.says(ASHA, Escalate("Fuser unit is worn."))
    assert (life.facts.group, life.facts.level, life.facts.hop_count) == ("workplace", 2, 1)
    life.says(NOAH, Escalate("Under warranty."))
    assert (life.facts.group, life.facts.level) == ("hardware-vendor", 3)
    assert life.says(NOAH, Escalate("?")).rule == Rule.NO_HIGHER_LEVEL


def test_escalation_to_a_group_that_is_not_higher_is_refused() -> None:
    """Handing over inside a level is an assignment (S5)."""
    assert Life().says(ASHA, Escalate("?", group="facility", level=1)).rule == Rule.NOT_A_HIGHER_LEVEL


def test_an_override_stands_beside_the_matrix() -> None:
    """Priority is overridden with a reason, survives a new assessment, and can be taken away again (S3)."""
    life = Life(Report("Board room beamer", impact=Impact.LIMITED, urgency=Urgency.LOW))
    assert life.says(ASHA, OverridePriority(Priority.P1, "board meets")).rule == Rule.NOT_PERMITTED
    life.says(INES, OverridePriority(Priority.P1, "board meets at ten"))
    life.says(ASHA, Reprioritise(Impact.LIMITED, Urgency.MEDIUM, "asked again"))
    assert life.facts.priority is Priority.P1
    life.says(INES, OverridePriority(None, "meeting is over"))
    assert life.facts.priority is Priority.P4


def test_recategorising_keeps_old_and_new() -> None:
    """An amended category is an event with both values (S2)."""
    life = Life()
    life.says(ASHA, Amend(category="hardware"))
    event = life.events(EventKind.AMENDED)[0]
    assert (event.before["category"], event.after["category"]) == ("printing", "hardware")


@pytest.mark.parametrize(
    "moves", [["resolve"], ["hold", "resolve"], ["hold", "other hold", "resolve"], ["acknowledge", "hold", "resume", "resolve"]]
)
def test_moves_of_real_life_are_possible(moves: list[str]) -> None:
    """New to resolved, new to on hold, on hold to resolved, one hold to another (S4)."""
    messages = {
        "resolve": FIXED,
        "hold": Hold(HoldReason.VENDOR),
        "other hold": Hold(HoldReason.PROBLEM),
        "acknowledge": Acknowledge(),
        "resume": Resume(),
    }
    life = Life()
    assert [life.says(ASHA, messages[move]).result for move in moves] == [Result.APPLIED] * len(moves)
    assert life.facts.status is Status.RESOLVED
    assert life.facts.hold_reason is None


def test_holding_for_the_caller_needs_the_question() -> None:
    """The caller cannot answer what nobody asked (S4)."""
    life = Life()
    assert life.says(ASHA, Hold(HoldReason.CALLER)).rule == Rule.QUESTION_NEEDED
    life.says(ASHA, Hold(HoldReason.CALLER, "Which printer?"))
    assert life.letters()[-1] is LetterName.QUESTION


def test_the_callers_answer_ends_the_hold() -> None:
    """A caller who answers puts the work back on the desk's side (S4)."""
    life = Life()
    life.says(ASHA, Hold(HoldReason.CALLER, "Which printer?"))
    life.says(CARLA, PublicMessage("The left one."))
    assert life.facts.status is Status.IN_PROGRESS


def test_an_agents_message_leaves_the_hold_alone() -> None:
    """Only the caller answers the caller's question."""
    life = Life()
    life.says(ASHA, Hold(HoldReason.CALLER, "Which printer?"))
    life.says(ASHA, PublicMessage("The left or the right one?"))
    assert life.facts.status is Status.ON_HOLD


def test_a_scheduled_hold_ends_by_itself() -> None:
    """A scheduled hold needs a time to come and ends then (S4)."""
    life = Life()
    assert life.says(ASHA, Hold(HoldReason.SCHEDULED, until=life.now)).rule == Rule.END_NEEDED
    life.says(ASHA, Hold(HoldReason.SCHEDULED, until=life.now + timedelta(hours=3)))
    assert life.passes(timedelta(hours=2)).facts.status is Status.ON_HOLD
    assert life.passes(timedelta(hours=1)).facts.status is Status.IN_PROGRESS


def test_a_resolution_code_comes_from_the_list() -> None:
    """A code nobody knows is refused with the list (S4)."""
    outcome = Life().says(ASHA, Resolve("magic", "It went away."))
    assert outcome.rule == Rule.UNKNOWN_CODE
    assert "workaround" in (outcome.detail or "")


def test_it_works_closes_after_the_undo_period() -> None:
    """Confirmation closes after ten minutes, not before (S11)."""
    life = resolved()
    life.says(CARLA, Confirm(1))
    assert life.passes(timedelta(minutes=9)).facts.status is Status.RESOLVED
    life.passes(MINUTE)
    assert (life.facts.status, life.facts.closed_by) == (Status.CLOSED, ClosedBy.CONFIRMATION)


def test_still_broken_reopens_at_once() -> None:
    """Rejection goes back to work, one cycle further, and tells the assignee (S11, S12)."""
    life = resolved()
    life.says(CARLA, Reject("Jammed again.", 1))
    assert (life.facts.status, life.facts.cycle, life.facts.reopen_count) == (Status.IN_PROGRESS, 2, 1)
    assert life.facts.person == "asha"
    assert life.letters()[-1] is LetterName.REJECTED
    assert life.facts.due == ()


def test_the_later_answer_wins_inside_the_undo_period() -> None:
    """Works, broken, works, broken, works: as often as the caller likes, the last answer stands (S11)."""
    life = resolved()
    for answer in [Confirm(1), Reject("no", 1), Confirm(1), Reject("no, really", 1), Confirm(1)]:
        assert life.passes(MINUTE).says(CARLA, answer).result is Result.APPLIED
    assert (life.facts.cycle, life.facts.reopen_count) == (1, 0)
    assert life.passes(timedelta(minutes=10)).facts.status is Status.CLOSED


@pytest.mark.parametrize("hold", [Hold(HoldReason.VENDOR), Hold(HoldReason.CALLER, "Which printer?")])
def test_the_later_answer_wins_during_a_hold_too(hold: Hold) -> None:
    """Broken, then the desk waits for somebody, then works after all: the hold ends as with any solution, and nothing of it falls due any more (S11)."""
    life = resolved(edition="2026-11-26")
    life.says(CARLA, Reject("Jammed again.", 1))
    life.passes(MINUTE).says(ASHA, hold)
    assert life.passes(MINUTE).says(CARLA, Confirm(1)).result is Result.APPLIED
    assert (life.facts.status, life.facts.cycle, life.facts.hold_reason, life.facts.held_at) == (Status.RESOLVED, 1, None, None)
    assert life.facts.question is None
    assert [each.kind for each in life.facts.due] == [DeadlineKind.UNDO_ENDS]
    assert all(clock.is_over for clock in life.facts.clocks if clock.kind in PROMISES)
    assert life.passes(timedelta(minutes=10)).facts.status is Status.CLOSED


def test_under_an_earlier_edition_a_hold_keeps_the_rejection() -> None:
    """Incidents reported before that rule go on as they were: their recorded histories replay."""
    life = resolved(edition="2026-11-25")
    life.says(CARLA, Reject("Jammed again.", 1))
    life.says(ASHA, Hold(HoldReason.VENDOR))
    assert life.says(CARLA, Confirm(1)).rule == Rule.EARLIER_CYCLE


def test_after_the_undo_period_a_rejection_stands() -> None:
    """An old link answers an old solution (S11, S15)."""
    life = resolved()
    life.says(CARLA, Reject("Jammed again.", 1))
    assert life.passes(timedelta(minutes=11)).says(CARLA, Confirm(1)).rule == Rule.EARLIER_CYCLE


def test_a_link_of_an_earlier_cycle_changes_nothing() -> None:
    """A letter about the first solution cannot confirm the second (S15)."""
    life = resolved()
    life.says(CARLA, Reject("Jammed again.", 1))
    life.says(ASHA, FIXED)
    assert life.says(CARLA, Confirm(1)).rule == Rule.EARLIER_CYCLE
    assert life.says(CARLA, Confirm(2)).result is Result.APPLIED


def test_confirming_twice_shows_the_present_state() -> None:
    """A second "it works" changes nothing and does not lengthen the undo period (S15)."""
    life = resolved()
    life.says(CARLA, Confirm(1))
    due = life.facts.due
    assert life.passes(MINUTE).says(CARLA, Confirm(1)).rule == Rule.NOTHING_CHANGES
    assert life.facts.due == due


def test_closed_is_final() -> None:
    """Nothing changes a closed incident (S12)."""
    life = resolved()
    life.says(CARLA, Confirm())
    life.passes(timedelta(minutes=10))
    for message in (Note("late"), Reopen("late"), Reject("late"), Confirm(), FIXED, Cancel(CancelReason.TEST)):
        who = CARLA if isinstance(message, Reject | Confirm) else INES
        assert life.says(who, message).rule == Rule.CLOSED_IS_FINAL


def test_cancelled_is_final() -> None:
    """A cancelled incident is over, with its reason, and the caller is told (S4)."""
    life = Life()
    life.says(ASHA, Cancel(CancelReason.DUPLICATE))
    assert life.incident.is_over
    assert life.letters()[-1] is LetterName.CANCELLED


def test_who_may_reopen() -> None:
    """Caller, owning group and incident manager reopen; another group and strangers do not (S12)."""
    for who, result in [
        (CARLA, Result.APPLIED),
        (ASHA, Result.APPLIED),
        (INES, Result.APPLIED),
        (NOAH, Result.REFUSED),
        (STRANGER, Result.REFUSED),
    ]:
        assert resolved().says(who, Reopen("It is back.")).result is result


def test_strangers_are_refused() -> None:
    """Callers speak to their own incidents only (S22)."""
    life = resolved()
    for message in (Confirm(), Reject("no"), PublicMessage("hello"), Note("x"), Take()):
        assert life.says(STRANGER, message).rule == Rule.NOT_PERMITTED


def test_an_agent_who_reports_for_somebody_does_not_confirm_for_them() -> None:
    """Only the affected person says that it works; who resolves must not also confirm (S11)."""
    life = Life(Report("Carla's phone is dead", affected="carla"), reporter=ASHA)
    life.says(ASHA, FIXED)
    assert life.says(ASHA, Confirm()).rule == Rule.NOT_PERMITTED
    assert life.says(CARLA, Confirm()).result is Result.APPLIED


def test_a_refusal_changes_nothing_and_stays_in_the_audit_trail() -> None:
    """A refused message leaves the facts as they were and is kept with its rule (S4)."""
    life = Life()
    before = life.facts
    life.says(CARLA, Confirm())
    event = life.events(EventKind.REFUSED)[0]
    assert event.after["rule"] == "not-resolved"
    assert not event.public
    assert {name for name in vars(before) if getattr(before, name) != getattr(life.facts, name)} == {"version"} | (
        {"changed_at"} if before.changed_at != life.now else set()
    )


def test_the_same_command_twice_is_one_command() -> None:
    """A repeated command id changes nothing and keeps its first answer (design rule 3)."""
    life = Life()
    first = life.says(ASHA, Note("one"), command_id="same")
    version = life.facts.version
    assert life.says(ASHA, Note("two"), command_id="same") == first
    assert life.facts.version == version


def test_a_late_worker_counts_what_was_said_when_it_was_said() -> None:
    """A click while no worker ran counts from the click; no clock of a front door can go behind what already happened."""
    life = Life()
    clicked = life.now + timedelta(minutes=5)
    life.now += timedelta(hours=1)
    life.says(ASHA, Take(), sent_at=clicked)
    assert life.facts.acknowledged_at == clicked
    assert life.says(ASHA, Note("clock is wrong"), sent_at=clicked - timedelta(days=1)).at == clicked
    assert life.says(ASHA, Note("clock is ahead"), sent_at=life.now + timedelta(days=1)).at == life.now


def test_nobody_is_told_about_their_own_action() -> None:
    """A letter never goes to who caused it, except a receipt (S14)."""
    life = Life()
    life.says(ASHA, Take())
    owed = {letter.letter: letter.not_to for letter in life.incident.letters}
    assert owed == {LetterName.RECEIVED: None, LetterName.ASSIGNED_TO_YOU: "asha", LetterName.ASSIGNED: "asha"}


def test_work_notes_are_for_the_desk() -> None:
    """Notes, diagnoses and refusals are never public (S22)."""
    life = Life()
    life.says(ASHA, Note("smells of toner"))
    life.says(ASHA, Escalate("fuser"))
    assert not any(event.public for event in life.incident.events if event.kind in (EventKind.NOTED, EventKind.ESCALATED))


def test_every_message_has_a_place_in_the_lifecycle() -> None:
    """The table of states knows each message."""
    assert set(FITS) == set(SIGNALS.values())


@pytest.mark.parametrize(
    "payload", [None, 7, "x", [], {}, {"command_id": 5}, {"command_id": "c1", "message": {"text": ""}}, {"command_id": "c" * 9999}]
)
def test_nonsense_never_raises(payload: object) -> None:
    """Whatever arrives under a signal's name is read as a message or as malformed; a raise would block the incident."""
    assert all(isinstance(read(name, payload), Malformed) for name in (*SIGNALS, "no such signal"))


def test_a_malformed_message_is_answered() -> None:
    """A payload that is no message gets its answer under its id, and nothing else changes."""
    life = Life()
    receive(life.incident, read("hold", {"command_id": "c1"}), life.now)
    assert life.incident.outcomes["c1"].result is Result.MALFORMED
    assert life.facts.status is Status.NEW


def test_a_category_the_desk_does_not_have_is_refused() -> None:
    """A mistyped category is refused with the list; a new category takes the old sub-category with it (S2)."""
    life = Life(Report("Printer", category="printing", subcategory="scanner"))
    assert life.says(ASHA, Amend(category="printng")).rule == Rule.UNKNOWN_CATEGORY
    assert life.says(ASHA, Amend(category="network", subcategory="scanner")).rule == Rule.UNKNOWN_CATEGORY
    life.says(ASHA, Amend(category="network"))
    assert (life.facts.category, life.facts.subcategory) == ("network", None)


@pytest.mark.parametrize("letter", ["a", "ü", "漢"])
def test_what_waits_for_the_record_always_fits_into_a_payload(letter: str) -> None:
    """While the record is away an incident takes in what fits and refuses the rest, in any alphabet: publication and state stay far below the 2 MiB of a payload."""
    life = Life()
    life.says(ASHA, Resolve("fixed", letter * 10_000))
    refused = 0
    for _ in range(200):
        refused += life.says(ASHA, PublicMessage(letter * 10_000)).rule == Rule.RECORD_BEHIND
    assert refused
    assert len(TypeAdapter(Publication).dump_json(life.incident.publication())) < 1_000_000
    life.publishes_until_it_fits()
    assert len(TypeAdapter(HandedOver).dump_json(HandedOver(life.intake, life.incident))) < 1_000_000
