"""Who is calling, and what each route demands of them (process.md S22). A route that demands nothing must say so, or the app does not start."""

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from fastapi import FastAPI, Request
from fastapi.routing import iter_route_contexts

from activities.access.keys import PREFIX
from activities.access.security_log import note_denial, note_foreign_form
from activities.access.sessions import note_use
from activities.front_door import note_key_use
from api.desk import desk_of
from api.entrance.cookies import address_of, token_in
from api.entrance.origin import SAFE, comes_from_elsewhere
from api.problems import Problem
from api.queries.callers import holder_of
from api.queries.sessions import signed_in
from api.sentences import Sentences, sentences_in
from workflows.messages import Actor
from workflows.vocabulary import Role

STAFF = frozenset({Role.AGENT, Role.INCIDENT_MANAGER, Role.PROCESS_OWNER, Role.AUDITOR, Role.ADMIN})
# The situation names agents with what they have in hand; figures name groups only.
SEE_SITUATION = frozenset({Role.INCIDENT_MANAGER, Role.PROCESS_OWNER})
SEE_FIGURES = SEE_SITUATION | {Role.AUDITOR}
# Who changes directory, catalogue and keys is seen in an audit that they cannot change; auditors read it, and nothing else of administration.
ADMINISTER = frozenset({Role.ADMIN})
SEE_AUDIT = ADMINISTER | {Role.AUDITOR}
# Everything that happened to all incidents at once is for those who watch over the process; one incident shows its own to all of the desk.
SEE_TRAIL = SEE_AUDIT | {Role.PROCESS_OWNER}
# Categories are policy: who owns them sees whether the directory fits.
SEE_CATEGORIES = ADMINISTER | {Role.PROCESS_OWNER}
REPORT_FOR_OTHERS = frozenset({Role.AGENT})
READ_LETTERS = frozenset({Role.ADMIN, Role.INCIDENT_MANAGER, Role.AGENT})


class UndeclaredAccessError(Exception):
    """A route does not say who may call it: add one of the Access markers of api.identity to its dependencies."""


class SignInNeededError(Exception):
    """Nobody is signed in in this browser, or the session has ended."""


class Way(Enum):
    """How callers show who they are."""

    NOBODY_ASKS = "public"
    BY_KEY = "key"
    BY_SESSION_OR_KEY = "session, key or password"
    BY_LINK = "signed link"
    BY_SESSION = "session"


@dataclass(frozen=True)
class Caller:
    """Somebody who is known: as actor for commands, by name for greetings, with the zone and the language in which they read; by a session or by a key."""

    actor: Actor
    name: str
    zone: str = "UTC"
    language: str = "en"
    is_signed_in: bool = False

    @property
    def say(self) -> Sentences:
        """What pages say to them, in their language where there are sentences for it."""
        return sentences_in(self.language)

    @property
    def is_staff(self) -> bool:
        """Whether they see every incident with everything in it; others see their own, without work notes (S22)."""
        return not STAFF.isdisjoint(self.actor.roles)

    @property
    def sees_situation(self) -> bool:
        """Whether they see what is open, at risk and in whose hands, all of it at once."""
        return not SEE_SITUATION.isdisjoint(self.actor.roles)

    @property
    def sees_figures(self) -> bool:
        """Whether they see the figures of the desk (S23)."""
        return not SEE_FIGURES.isdisjoint(self.actor.roles)

    @property
    def administers(self) -> bool:
        """Whether they change directory, catalogue and keys."""
        return not ADMINISTER.isdisjoint(self.actor.roles)

    @property
    def sees_audit(self) -> bool:
        """Whether they read who changed what."""
        return not SEE_AUDIT.isdisjoint(self.actor.roles)

    @property
    def sees_categories(self) -> bool:
        """Whether they see how categories and groups fit each other."""
        return not SEE_CATEGORIES.isdisjoint(self.actor.roles)

    @property
    def reports_for_others(self) -> bool:
        """Whether they may report for anybody in the directory (S1)."""
        return not REPORT_FOR_OTHERS.isdisjoint(self.actor.roles)

    @property
    def reads_letters(self) -> bool:
        """Whether they read the letters of the desk, and send one again (S14)."""
        return not READ_LETTERS.isdisjoint(self.actor.roles)

    def may_see(self, people: Iterable[str]) -> bool:
        """Whether an incident of these people (affected, reporter) is theirs to see."""
        return self.is_staff or self.actor.id in people


@dataclass(frozen=True)
class Access:
    """A dependency that says who may call a route and lets nobody else in. Without roles: everybody who is known."""

    way: Way
    roles: frozenset[Role] = frozenset()

    async def __call__(self, request: Request) -> Caller | None:
        """The caller, or a problem: 401 without a valid key, 403 with the wrong role. None where nobody asks."""
        if self.way in (Way.NOBODY_ASKS, Way.BY_LINK):
            request.state.is_behind_link = self.way is Way.BY_LINK
            return None
        caller = await self._caller(request)
        request.state.actor = caller.actor.id
        if self.roles and self.roles.isdisjoint(caller.actor.roles):
            await note_denial(desk_of(request).database, caller.actor.id, address_of(request), _asked_for(request))
            raise Problem("not-allowed")
        return caller

    async def _caller(self, request: Request) -> Caller:
        match self.way:
            case Way.BY_SESSION:
                return await _sign_in_seen(request)
            case Way.BY_SESSION_OR_KEY:
                return await _signed_in_with(self.roles, request) or await _identify(request, takes_passwords=True)
            case _:
                return await _identify(request)


PUBLIC = Access(Way.NOBODY_ASKS)
LINK = Access(Way.BY_LINK)
KNOWN = Access(Way.BY_KEY)
REPORTERS = Access(Way.BY_KEY, frozenset({Role.CALLER, Role.AGENT, Role.INCIDENT_MANAGER}))
STAFF_BY_KEY = Access(Way.BY_KEY, STAFF)
TRAIL_BY_KEY = Access(Way.BY_KEY, SEE_TRAIL)
LETTER_READERS = Access(Way.BY_SESSION_OR_KEY, READ_LETTERS)


SIGNED_IN = Access(Way.BY_SESSION)
REPORTERS_SIGNED_IN = Access(Way.BY_SESSION, REPORTERS.roles)
STAFF_SIGNED_IN = Access(Way.BY_SESSION, STAFF)
SITUATION_SIGNED_IN = Access(Way.BY_SESSION, SEE_SITUATION)
FIGURES_SIGNED_IN = Access(Way.BY_SESSION, SEE_FIGURES)
ADMIN_SIGNED_IN = Access(Way.BY_SESSION, ADMINISTER)
AUDIT_SIGNED_IN = Access(Way.BY_SESSION, SEE_AUDIT)
TRAIL_SIGNED_IN = Access(Way.BY_SESSION, SEE_TRAIL)
CATEGORIES_SIGNED_IN = Access(Way.BY_SESSION, SEE_CATEGORIES)
REPORT_FOR_OTHERS_SIGNED_IN = Access(Way.BY_SESSION, REPORT_FOR_OTHERS)
AGENTS_SIGNED_IN = Access(Way.BY_SESSION, frozenset({Role.AGENT, Role.INCIDENT_MANAGER}))


def _asked_for(request: Request) -> str:
    """The route, not the address: numbers and words of people stay out of the audit."""
    return f"{request.method} {getattr(request.scope.get('route'), 'path_format', '')}"


async def _sign_in_seen(request: Request) -> Caller:
    """Who is signed in in this browser. Raises SignInNeededError, and for a form of another site the problem ``foreign-form``."""
    request.state.is_for_people = True
    await _refuse_foreign_form(request)
    caller = await _session_in(request)
    if caller is None:
        raise SignInNeededError
    return caller


async def _signed_in_with(roles: frozenset[Role], request: Request) -> Caller | None:
    """Who is signed in with one of these roles; none: then a key counts. Raises as ``_sign_in_seen`` does, where a session has ended and no key is shown."""
    caller = await _session_in(request)
    if caller is None and token_in(request, desk_of(request).base_url) and "authorization" not in request.headers:
        request.state.is_for_people = True
        raise SignInNeededError
    if caller is None or roles.isdisjoint(caller.actor.roles):
        return None
    request.state.is_for_people = True
    await _refuse_foreign_form(request)
    return caller


async def _refuse_foreign_form(request: Request) -> None:
    desk = desk_of(request)
    if request.method not in SAFE and comes_from_elsewhere(request, desk.base_url):
        await note_foreign_form(desk.database, address_of(request), datetime.now(UTC))
        raise Problem("foreign-form")


async def _session_in(request: Request) -> Caller | None:
    desk, now = desk_of(request), datetime.now(UTC)
    token = token_in(request, desk.base_url)
    found = await signed_in(desk.database, token, now) if token else None
    if found is None:
        return None
    if found.use_is_to_be_noted:
        await note_use(desk.database, found.session_hash, now)
    caller = Caller(found.actor, found.name, found.zone, found.language, is_signed_in=True)
    request.state.say = caller.say
    return caller


async def _identify(request: Request, *, takes_passwords: bool = False) -> Caller:
    desk = desk_of(request)
    secret = _shown(request.headers.get("authorization", ""), takes_passwords=takes_passwords)
    holder = await holder_of(desk.database, secret) if secret.startswith(PREFIX) else None
    if holder is None:
        demand = 'Basic realm="Holdfast: any name, and an API key as password", charset="UTF-8"' if takes_passwords else "Bearer"
        raise Problem("not-identified", headers={"WWW-Authenticate": demand})
    if holder.use_is_to_be_noted:
        await note_key_use(desk.database, holder.key_id, datetime.now(UTC))
    return Caller(holder.actor, holder.name)


def _shown(authorization: str, *, takes_passwords: bool) -> str:
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic" and takes_passwords:
        try:
            return base64.b64decode(value, validate=True).decode().partition(":")[2]
        except ValueError:
            return ""
    return ""


def access_of(route: Any) -> Access | None:
    """What a route declared, or none."""
    dependant = getattr(route, "dependant", None)
    found = [each.call for each in dependant.dependencies if isinstance(each.call, Access)] if dependant else []
    return found[0] if len(found) == 1 else None


def refuse_undeclared_routes(app: FastAPI, served_to_everybody: frozenset[str]) -> None:
    """Raises UndeclaredAccessError for a route that does not say who may call it; mounts must be named."""
    for route in iter_route_contexts(app.routes):
        if access_of(route) is None and route.path not in served_to_everybody:
            raise UndeclaredAccessError(f"{route.path}: say who may call it, with exactly one Access of api.identity in its dependencies.")
