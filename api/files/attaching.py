"""Adds a file to an incident: stored first, then told, then answered (process.md S1, S4; decision 0006).

The incident decides. Here only what needs no incident to see: that the sender may write to it at all, and what the file is.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.datastructures import UploadFile

from activities.access.throttle import UPLOADS_OF_A_PERSON, count
from activities.files.kept_files import Upload, file_id, forget, store
from api.delivery import Command, check_may_send, deliver, key_of, refusal_in, sent_as
from api.desk import Desk
from api.files.limits import told_of_refusal
from api.files.names import cleaned_name
from api.files.uploads import Examined, examine, parts_in
from api.pressing import sentence_of
from api.problems import Problem
from api.queries.files import kept_as
from api.queries.incidents import Standing
from api.queries.outcomes import Answer, answer_to
from api.sentences import Sentences, sentences_in
from emails.languages import FALLBACK
from workflows.attachments import AttachFile
from workflows.messages import Actor, Note, PublicMessage
from workflows.policies.book import book
from workflows.policies.file_rules import FileRules


@dataclass(frozen=True)
class Offer:
    """Who adds a file to what, under which command id; inside: for the desk alone. ``seen``: see Command."""

    number: str
    actor: Actor
    command_id: str
    inside: bool = False
    seen: frozenset[int] | None = None

    @property
    def file(self) -> str:
        """The id of the file."""
        return file_id(self.number, key_of(self.actor, self.command_id))

    def command(self, file: Examined) -> Command:
        """What the incident is told."""
        told = AttachFile(self.file, file.size, file.kind, file.digest, self.inside)
        return Command(self.command_id, self.number, self.actor, told, self.seen)


def rules_for(standing: Standing) -> FileRules:
    """The file rules of the incident's edition; of the edition in force while it is not yet in the record."""
    return book().edition(standing.edition or book().name_of_edition(datetime.now(UTC))).files


def check_may_add(offer: Offer, standing: Standing) -> None:
    """Before anything is looked at: some role of theirs lets them write here. Else a problem."""
    check_may_send(Note if offer.inside else PublicMessage, offer.actor, standing)


async def attach(desk: Desk, offer: Offer, file: UploadFile, standing: Standing) -> Answer | None:
    """The answer of the incident, or none in time: then it is safe and comes later. Raises the problem for which the file was not taken; nothing of it stays."""
    examined = await examine(file, rules_for(standing))
    command = offer.command(examined)
    is_answered = await answer_to(desk.database, command.number, command.key) is not None
    is_new = not is_answered and await _store(desk, command, examined, file, standing)
    try:
        answer = await deliver(desk, command, standing)
        refusal = refusal_in(answer) if answer else None
    except Problem as problem:
        # It is stored: where the incident cannot be told now, the keeper of files tells it.
        if problem.kind.status >= 500:  # noqa: PLR2004 -- a class of status
            return None
        if not is_new:
            # Sent before, and perhaps told already: what becomes of it the incident says, or the keeper.
            raise
        refusal = problem
    if refusal is not None:
        await forget(desk.database, offer.file)
        raise refusal
    return answer


async def _store(desk: Desk, command: Command, examined: Examined, file: UploadFile, standing: Standing) -> bool:
    """Whether it was not there yet."""
    assert isinstance(command.message, AttachFile)
    if await count(desk.database, UPLOADS_OF_A_PERSON, command.actor.id, datetime.now(UTC)) > UPLOADS_OF_A_PERSON.tries:
        raise Problem("too-many-uploads")
    sent = sent_as(command, command.message, standing)
    upload = Upload(command.number, examined.name, sent, desk.settings.file_scanner is not None)
    is_new = await store(desk.database, upload, parts_in(file), datetime.now(UTC))
    if not is_new and await kept_as(desk.database, command.message.file) not in (
        None,
        (examined.name, examined.digest, command.message.inside),
    ):
        raise Problem("command-id-reused")
    return is_new


@dataclass(frozen=True)
class Added:
    """What became of the files of a form: how many were taken, whether all of those show already, and a sentence for each that was not."""

    taken: int
    is_done: bool
    refused: tuple[str, ...]


async def attach_all(desk: Desk, offer: Offer, files: list[UploadFile], standing: Standing, say: Sentences | None = None) -> Added:
    """Each file of a form of a page on its own; the same form sent twice adds them once. ``offer`` has the nonce of the page for a command id; ``say``: for callers."""
    taken, is_done, refused = 0, True, list[str]()
    for file in files:
        try:
            check_may_add(offer, standing)
            own_id = await _id_of_page(offer, file)
            answer = await attach(desk, Offer(offer.number, offer.actor, own_id, offer.inside), file, standing)
            taken, is_done = taken + 1, is_done and answer is not None
        except Problem as problem:
            refused.append(_not_added(file, problem, rules_for(standing), say))
    return Added(taken, is_done, tuple(refused))


def _not_added(file: UploadFile, problem: Problem, rules: FileRules, say: Sentences | None) -> str:
    why = told_of_refusal(problem, rules, say) if say else sentence_of(problem).removesuffix(" Nothing was changed.")
    return (say or sentences_in(FALLBACK))("file_not_added", name=cleaned_name(file.filename or ""), why=why)


async def _id_of_page(offer: Offer, file: UploadFile) -> str:
    digest = hashlib.sha256()
    async for part in parts_in(file):
        digest.update(part)
    parts = (offer.number, offer.actor.id, offer.command_id[:64], file.filename or "", str(offer.inside), digest.hexdigest())
    return f"page:{hashlib.sha256(chr(0).join(parts).encode('utf-8', 'replace')).hexdigest()[:40]}"
