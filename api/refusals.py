"""Why a command was refused, for others who read the timeline (process.md S4, S21). What its sender was told stands with the rule."""

from collections.abc import Mapping

from workflows.lifecycle import Rule

_BECAUSE: Mapping[str, str] = {
    Rule.CLOSED_IS_FINAL: "the incident was over",
    Rule.ALREADY_RESOLVED: "the incident was resolved already",
    Rule.NOT_RESOLVED: "the incident was not resolved",
    Rule.NOT_ON_HOLD: "the incident was not on hold",
    Rule.NOT_PERMITTED: "their role does not allow it",
    Rule.UNKNOWN_CODE: "the desk has no such resolution code",
    Rule.UNKNOWN_CATEGORY: "the desk has no such category",
    Rule.QUESTION_NEEDED: "the question to the caller was missing",
    Rule.END_NEEDED: "the hold needs an end in the future",
    Rule.SAME_HOLD: "the incident was on hold for that reason already",
    Rule.NO_HIGHER_LEVEL: "no group of a higher level is known",
    Rule.NOT_A_HIGHER_LEVEL: "that group is not of a higher level",
    Rule.NOTHING_CHANGES: "it would have changed nothing",
    Rule.EARLIER_CYCLE: "it was about an earlier solution",
    Rule.NO_APPROVAL: "no approval was waited for",
    Rule.OWN_WORK: "somebody else must approve it",
    Rule.NO_SURVEY: "no answer to a survey was waited for",
    Rule.UNKNOWN_EDITION: "no such edition of the policies is in force",
    Rule.NOT_A_NEWER_EDITION: "that edition of the policies is not newer",
    Rule.EDITION_DOES_NOT_FIT: "that edition lacks a calendar in which a clock counts",
    Rule.FILE_KIND_NOT_TAKEN: "files of that kind are not taken",
    Rule.FILE_TOO_LARGE: "the file was too large",
    Rule.TOO_MANY_FILES: "the incident had as many files as it takes",
    Rule.FILES_TOO_LARGE: "the files would have been too large together",
    Rule.NO_SUCH_FILE: "there was no such file",
    Rule.CHANGED_MEANWHILE: "somebody had changed the incident meanwhile",
    Rule.RECORD_BEHIND: "the record could not be written",
}


def because(rule: str) -> str:
    """Part of a sentence; of a rule that this build does not know, its name."""
    return _BECAUSE.get(rule) or rule.replace("-", " ")
