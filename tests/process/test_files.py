"""Files of an incident: which it takes, who may add and remove them, what callers hear of them (process.md S1, S4, S22)."""

from dataclasses import replace

import pytest

from emails.letters import Reader, compose
from emails.rendering import render
from tests.desk import Desk
from tests.process.life import ASHA, CARLA, INES, PAVEL, STRANGER, Life
from tests.process.newer_edition import NEW, OLD, first_rule, with_rules, works_by
from workflows.attachments import AttachFile, QuarantineFile, RemoveFile
from workflows.house_messages import AdoptEdition
from workflows.incident import IncidentWorkflow
from workflows.lifecycle import Rule
from workflows.messages import SYSTEM, Actor, Cancel, Hold, Message, PublicMessage, Report, Take
from workflows.policies.file_rules import MB, FileRules
from workflows.publication import Result
from workflows.vocabulary import CancelReason, EventKind, HoldReason, LetterName, Priority, Status

DIGEST = "ab" * 32


def _file(place: int = 1, size: int = 1000, kind: str = "png", *, inside: bool = False) -> AttachFile:
    return AttachFile(f"{place:032x}", size, kind, DIGEST, inside)


def _refused_by(life: Life, who: Actor, message: Message) -> str | None:
    outcome = life.says(who, message)
    assert (outcome.result is Result.REFUSED) == (outcome.rule is not None)
    return outcome.rule


def test_a_file_is_told_without_its_name() -> None:
    """The event knows which file, how large, of which kind and with which content; its name and its bytes are in no history (design rule 10)."""
    life = Life()
    assert _refused_by(life, CARLA, _file()) is None
    (event,) = life.events(EventKind.CALLER_ADDED_FILE)
    assert event.after == {"file": f"{1:032x}", "file_size": 1000, "file_kind": "png", "file_digest": DIGEST}
    assert event.public
    assert [each.file for each in life.facts.files] == [f"{1:032x}"]


def test_a_callers_file_is_told_like_words() -> None:
    """Whoever has the incident hears of a file of its caller, so that an answer without words is no silence; of files of the desk nobody is written to (S14)."""
    life = Life()
    life.says(ASHA, Take())
    life.says(CARLA, _file())
    life.says(ASHA, _file(2))
    assert [
        (owed.letter, owed.addressees, owed.facts.text) for owed in life.incident.letters if owed.letter is LetterName.CALLER_WROTE
    ] == [(LetterName.CALLER_WROTE, ("asha", "service-desk"), None)]
    shown = compose(
        LetterName.CALLER_WROTE,
        Reader("Asha", "en", "UTC"),
        life.facts.number,
        next(owed.facts for owed in life.incident.letters if owed.letter is LetterName.CALLER_WROTE),
        "",
        "https://desk.example.org",
    )
    assert "added a file to" in render(LetterName.CALLER_WROTE, shown).text


def test_inner_files_are_for_the_desk() -> None:
    """A file that an agent adds for the desk alone stands in no event that callers see, nor does its end (S22)."""
    life = Life()
    for message in (_file(1, inside=True), _file(2, inside=True), RemoveFile(f"{1:032x}", "wrong customer")):
        assert _refused_by(life, ASHA, message) is None
    assert _refused_by(life, SYSTEM, QuarantineFile(f"{2:032x}")) is None
    told = [event for event in life.incident.events if "file" in event.after]
    assert len(told) == 4
    assert not any(event.public for event in told)


@pytest.mark.parametrize("message", [_file(inside=True), RemoveFile(f"{1:032x}", "mine"), QuarantineFile(f"{1:032x}")])
def test_callers_add_public_files_and_no_more(message: Message) -> None:
    """What is for the desk alone callers cannot add, and take nothing away; strangers and those who change no incident add nothing at all (S22)."""
    life = Life()
    assert _refused_by(life, CARLA, _file()) is None
    assert _refused_by(life, CARLA, message) == Rule.NOT_PERMITTED
    for stranger in (STRANGER, PAVEL):
        assert _refused_by(life, stranger, _file(2)) == Rule.NOT_PERMITTED


def test_only_the_keeper_says_that_a_file_is_infected() -> None:
    """Nobody makes a file disappear with a false alarm; the keeper's word stands, callers hear of their own files (S4)."""
    life = Life()
    life.says(CARLA, _file())
    for person in (CARLA, ASHA, INES):
        assert _refused_by(life, person, QuarantineFile(f"{1:032x}")) == Rule.NOT_PERMITTED
    assert _refused_by(life, SYSTEM, QuarantineFile(f"{1:032x}")) is None
    assert life.events(EventKind.FILE_INFECTED)[0].public
    assert life.facts.files == ()
    assert _refused_by(life, SYSTEM, QuarantineFile(f"{1:032x}")) == Rule.NO_SUCH_FILE


def test_an_infected_file_is_told_although_the_record_is_behind() -> None:
    """The keeper says it under one id only; a refusal for want of room would stand for ever, and the incident would go on counting a file that is destroyed (S4)."""
    life = Life()
    life.says(CARLA, _file())
    while _refused_by(life, ASHA, PublicMessage("a" * 10_000)) != Rule.RECORD_BEHIND:
        pass
    assert _refused_by(life, SYSTEM, QuarantineFile(f"{1:032x}")) is None
    assert life.facts.files == ()


def test_limits_hold_for_what_is_there() -> None:
    """Size and kind of each, number and sum of all; what was removed makes room (S1)."""
    rules = FileRules(largest=2 * MB, most=2, total=3 * MB, kinds=("png",))
    with works_by(with_rules(files=rules)):
        life = Life(edition=NEW)
        assert _refused_by(life, CARLA, _file(1, kind="pdf")) == Rule.FILE_KIND_NOT_TAKEN
        assert _refused_by(life, CARLA, _file(1, size=2 * MB + 1)) == Rule.FILE_TOO_LARGE
        assert _refused_by(life, CARLA, _file(1, size=2 * MB)) is None
        assert _refused_by(life, CARLA, _file(2, size=MB + 1)) == Rule.FILES_TOO_LARGE
        assert _refused_by(life, CARLA, _file(3, size=MB)) is None
        assert _refused_by(life, CARLA, _file(4, size=1)) == Rule.TOO_MANY_FILES
        assert _refused_by(life, ASHA, RemoveFile(f"{1:032x}", "twice the same")) is None
        assert _refused_by(life, CARLA, _file(4, size=1)) is None


def test_an_adopted_edition_brings_its_own_limits() -> None:
    """What is there stays there; what comes next is measured by the newer rules (S21)."""
    with works_by(with_rules(files=FileRules(largest=MB, most=1, total=MB, kinds=("pdf",)))):
        life = Life(edition=OLD)
        for place in (1, 2):
            assert _refused_by(life, CARLA, _file(place)) is None
        assert _refused_by(life, PAVEL, AdoptEdition(NEW, "fewer files")) is None
        assert len(life.facts.files) == 2
        assert _refused_by(life, CARLA, _file(3)) == Rule.FILE_KIND_NOT_TAKEN
        assert _refused_by(life, CARLA, _file(3, kind="pdf")) == Rule.TOO_MANY_FILES


def test_the_same_file_twice_is_one() -> None:
    """Under the same command it is answered as before; under another one nothing changes (design rule 3)."""
    life = Life()
    first = life.says(CARLA, _file(), command_id="once")
    assert life.says(CARLA, _file(), command_id="once") == first
    assert _refused_by(life, CARLA, _file()) == Rule.NOTHING_CHANGES
    assert len(life.facts.files) == 1


def test_a_file_answers_a_question() -> None:
    """The picture that was asked for ends the hold that waited for it, as a message would; one from the desk does not (S4)."""
    life = Life()
    life.says(ASHA, Hold(HoldReason.CALLER, "What does the screen show?"))
    life.says(ASHA, _file(1))
    assert life.facts.status is Status.ON_HOLD
    life.says(CARLA, _file(2))
    assert life.facts.status is Status.IN_PROGRESS


def test_a_callers_file_is_no_word_of_the_desk() -> None:
    """On an urgent incident the silence of the desk goes on while the caller adds files, as it does while they write (S10)."""
    climbs = []
    for message in (_file(), PublicMessage("Any news?")):
        life = Life(Report("All tills down", category="network"))
        life.incident.facts = replace(life.facts, priority=Priority.P1, priority_override=Priority.P1)
        life.says(ASHA, Take())
        before = life.facts.climb
        life.says(CARLA, message)
        climbs.append(life.facts.climb == before)
    assert climbs == [True, True]


def test_closed_is_final_for_files_too() -> None:
    """Nothing is added to what is over (S12)."""
    life = Life()
    life.says(ASHA, Cancel(CancelReason.TEST))
    assert _refused_by(life, CARLA, _file()) == Rule.CLOSED_IS_FINAL
    assert _refused_by(life, ASHA, RemoveFile(f"{1:032x}", "late")) == Rule.CLOSED_IS_FINAL


@pytest.mark.parametrize("wrong", [{"kinds": ("exe",)}, {"kinds": "png"}, {"largest": -1}, {"most": 501}])
def test_rules_that_mean_nothing_are_refused(wrong: dict[str, object]) -> None:
    """A kind the desk cannot tell from its content, programs first of all, never becomes a rule; nor more files than an incident can carry along."""
    with pytest.raises(ValueError, match="file rules"):
        replace(first_rule("files"), **wrong)


async def test_on_the_engine(desk: Desk) -> None:
    """Delivered one by one or all at once, the files of an incident are the same, and its caller's answer is taken (S4)."""
    messages: list[tuple[Actor, Message]] = [
        (ASHA, Hold(HoldReason.CALLER, "What does the screen show?")),
        (CARLA, _file(1)),
        (ASHA, _file(2, inside=True)),
        (ASHA, RemoveFile(f"{1:032x}", "shows a password")),
        (SYSTEM, QuarantineFile(f"{2:032x}")),
    ]
    seen = []
    for one_by_one in (True, False):
        incident = await desk.report(CARLA, Report("Printer on floor 3 is jammed", category="printing"))
        for who, message in messages:
            await desk.says(incident, who, message)
            if one_by_one:
                await desk.settles(incident)
        await desk.settles(incident)
        facts = await incident.query(IncidentWorkflow.facts)
        kinds = [event.kind for _, event in sorted(desk.shelf.events[incident.id].items())]
        seen.append((facts.status, facts.files, kinds))
    assert seen[0] == seen[1]
    assert seen[0][:2] == (Status.IN_PROGRESS, ())
    assert EventKind.FILE_INFECTED in seen[0][2]
