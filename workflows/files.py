"""Files of an incident: taken on, taken away, found infected (process.md S1, S4, S22). The bytes are in the record; here only what must be decided."""

from workflows.attachments import AttachedFile, AttachFile, QuarantineFile, RemoveFile
from workflows.investigation import NOTHING_CHANGES, is_own, resume
from workflows.lifecycle import Refusal, Rule
from workflows.messages import Resume
from workflows.policies.file_rules import MB, FileRules
from workflows.record import Cause, Incident
from workflows.vocabulary import EventKind, HoldReason


def attach(incident: Incident, message: AttachFile, cause: Cause) -> Refusal | None:
    """One more file. From the caller it is an answer like a message, and ends a hold that waited for it (S4)."""
    facts = incident.facts
    by_caller = is_own(facts, cause.actor)
    if _found(incident, message.file):
        return NOTHING_CHANGES
    if refusal := _beyond(incident.rules.files, message, facts.files):
        return refusal
    said = {"file": message.file, "file_size": message.size, "file_kind": message.kind, "file_digest": message.digest}
    added = AttachedFile(message.file, message.size, message.inside)
    kind = EventKind.CALLER_ADDED_FILE if by_caller else EventKind.AGENT_ADDED_FILE
    incident.change(kind, cause, said=said, is_inside=message.inside, files=(*facts.files, added))
    if by_caller and facts.hold_reason is HoldReason.CALLER:
        resume(incident, Resume(), cause)
    return None


def beyond_size_and_kind(rules: FileRules, size: int, kind: str) -> Refusal | None:
    """What the rules say of one file, whatever else the incident has; front doors ask this before they store anything."""
    if kind not in rules.kinds:
        return Refusal(Rule.FILE_KIND_NOT_TAKEN, f"{Rule.FILE_KIND_NOT_TAKEN.says} It takes: {', '.join(rules.kinds)}.")
    if size > rules.largest:
        return Refusal(Rule.FILE_TOO_LARGE, f"{Rule.FILE_TOO_LARGE.says} It may have {in_words(rules.largest)}.")
    return None


def _beyond(rules: FileRules, message: AttachFile, there: tuple[AttachedFile, ...]) -> Refusal | None:
    if refusal := beyond_size_and_kind(rules, message.size, message.kind):
        return refusal
    if len(there) >= rules.most:
        return Refusal(Rule.TOO_MANY_FILES, f"{Rule.TOO_MANY_FILES.says} It takes {rules.most}.")
    if sum(each.size for each in there) + message.size > rules.total:
        return Refusal(Rule.FILES_TOO_LARGE, f"{Rule.FILES_TOO_LARGE.says} Together they may have {in_words(rules.total)}.")
    return None


def in_words(size: int) -> str:
    """A size in bytes as people say it: 10 MB, 1.5 MB, 320 KB, at least 1 KB."""
    if size < MB:
        return f"{max(1, round(size / 1024))} KB"
    return f"{size / MB:.1f} MB".replace(".0 ", " ")


def remove(incident: Incident, message: RemoveFile, cause: Cause) -> Refusal | None:
    """For good: publishing this takes bytes and name away with it (S22)."""
    return _take_away(incident, EventKind.FILE_REMOVED, cause, message.file, message.reason)


def quarantine(incident: Incident, message: QuarantineFile, cause: Cause) -> Refusal | None:
    """The scanner's word stands; whoever can see the file sees that it was infected."""
    return _take_away(incident, EventKind.FILE_INFECTED, cause, message.file, None)


def _take_away(incident: Incident, kind: EventKind, cause: Cause, file: str, reason: str | None) -> Refusal | None:
    found = _found(incident, file)
    if found is None:
        return Refusal(Rule.NO_SUCH_FILE)
    left = tuple(each for each in incident.facts.files if each is not found)
    said = {"file": file} | ({"reason": reason} if reason else {})
    incident.change(kind, cause, said=said, is_inside=found.inside, files=left)
    return None


def _found(incident: Incident, file: str) -> AttachedFile | None:
    return next((each for each in incident.facts.files if each.file == file), None)
