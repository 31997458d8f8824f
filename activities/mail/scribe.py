"""Writes a letter from its row in the ledger: renders, signs links, guards headers (process.md S14, S15)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import TypeAdapter

from activities.mail.digests import DIGEST
from activities.mail.postbox import Address, Claim, Entry
from activities.settings import Settings
from emails.headers import Envelope, bare, bounce_address, build, deliverable, guard, header_block, message_id
from emails.letters import HAS_ANSWER_LINK, HAS_SURVEY_LINK, Digest, Letter, Reader, compose
from emails.links import ANSWER, NO_DIGESTS, NO_SURVEYS, SURVEY, Signer, without_tokens
from emails.rendering import Rendered, render, render_digest
from workflows.publication import LetterFacts
from workflows.vocabulary import LetterName

_FACTS = TypeAdapter(LetterFacts)
# Letters that nobody needs: they say how to be rid of them, in a way that mail programs offer as a button (RFC 8058).
CAN_BE_DECLINED: Mapping[str, str] = {DIGEST: NO_DIGESTS, "survey": NO_SURVEYS, "survey_reminder": NO_SURVEYS}


class UnreadableError(Exception):
    """A row of the ledger that this build cannot read; a newer one may have written it, and can."""


@dataclass(frozen=True)
class Ready:
    """A letter that can be handed over, and both addresses as they go over the wire."""

    rendered: Rendered
    wire: bytes
    email: str
    envelope_sender: str
    message_id: str

    def columns(self, *, links_work: bool) -> dict[str, str]:
        """What the ledger keeps. Of a letter that went out without its tokens: staff who read it must not act with the caller's link (S15)."""
        kept = {"text": self.rendered.text, "html": self.rendered.html, "headers": header_block(self.wire)}
        shown = kept if links_work else {name: without_tokens(text) for name, text in kept.items()}
        return shown | {"subject": guard(self.rendered.subject), "message_id": self.message_id, "envelope_sender": self.envelope_sender}


class Scribe:
    """Knows the settings a letter needs."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._signer = Signer(settings.link_keys, settings.base_url, settings.link_days)

    def write(self, claim: Claim, address: Address, entries: Sequence[Entry], follows: str | None = None) -> Ready:
        """The letter in hand, ready to go; ``follows``: Message-ID of the one before it. Any exception is the failure of this letter alone; LetterRefusedError says why. UnreadableError: another build may write it."""
        stop_url = self._stop_url(claim)
        if claim.letter == DIGEST:
            rendered = render_digest(Digest(address.reader, stop_url or ""), [self._letter(entry, address.reader) for entry in entries])
        else:
            rendered = render(*self._letter(claim, address.reader))
        envelope = self._envelope(claim, address, stop_url, follows)
        wire = build(envelope, rendered.subject, rendered.text, rendered.html)
        return Ready(rendered, wire, envelope.recipient, self._envelope_sender(claim), message_id(claim.key, envelope.domain))

    def _letter(self, entry: Entry, reader: Reader) -> tuple[LetterName, Letter]:
        try:
            name, facts, url = LetterName(entry.letter), _FACTS.validate_python(entry.facts), ""
        except ValueError as error:
            # Without its text: that holds what the row says of people.
            raise UnreadableError(f"this build cannot read the letter: {type(error).__name__}") from None
        if name in HAS_ANSWER_LINK | HAS_SURVEY_LINK:
            purpose = SURVEY if name in HAS_SURVEY_LINK else ANSWER
            url = self._signer.url(purpose, entry.number, entry.cycle, entry.recipient, now=datetime.now(UTC))
        return name, compose(name, reader, entry.number, facts, url, self._settings.base_url)

    def _stop_url(self, claim: Claim) -> str | None:
        purpose = CAN_BE_DECLINED.get(claim.letter)
        return self._signer.url(purpose, "", 0, claim.recipient, now=datetime.now(UTC)) if purpose else None

    def _envelope(self, claim: Claim, address: Address, stop_url: str | None, follows: str | None) -> Envelope:
        return Envelope(
            sender=self._settings.mail_from,
            recipient=deliverable(address.email),
            recipient_name=address.reader.name,
            domain=self._settings.mail_domain,
            key=claim.key,
            thread=f"{claim.number or DIGEST}:{claim.recipient}",
            at=claim.at,
            unsubscribe_url=stop_url,
            follows=follows,
        )

    def _envelope_sender(self, claim: Claim) -> str:
        mailbox = self._settings.mail_bounces
        if mailbox is None:
            return bare(self._settings.mail_from)
        return bounce_address(mailbox, claim.key, self._settings.link_keys[0].get_secret_value())
