"""Puts the front door together: settings, record, line to Temporal, routes. The only wiring of the API (design section 2)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from temporalio.client import Client

from activities.access.single_sign_on.provider import IdentityProvider
from activities.database.session import open_database
from activities.policy_book import load_book
from activities.settings import Settings
from api import answers, assets
from api.commands import Line
from api.contract import ABOUT, TAGS
from api.desk import Desk
from api.doorway.requests import Doorway
from api.doorway.turnstile import Turnstile
from api.identity import refuse_undeclared_routes
from api.queries import Database
from api.routes import (
    absences,
    admin,
    bulk,
    catalogue,
    commands,
    console,
    figures,
    files,
    guide,
    habits,
    health,
    incidents,
    links,
    me,
    outbox,
    own_keys,
    plan,
    portal,
    reporting,
    reporting_for_others,
    sign_in,
    single_sign_on,
    situation,
    surveys,
    time,
    trail,
    unsubscribing,
    workbench,
)
from emails.links import Signer
from workflows.policies.book import adopt
from workflows.policies.file_rules import MB

ROUTERS = (
    incidents.router,
    commands.router,
    files.router,
    time.router,
    trail.router,
    trail.pages,
    me.router,
    catalogue.router,
    health.router,
    links.router,
    surveys.router,
    unsubscribing.router,
    outbox.router,
    guide.router,
    sign_in.router,
    single_sign_on.router,
    habits.router,
    portal.router,
    reporting.router,
    console.router,
    reporting_for_others.router,
    plan.router,
    bulk.router,
    workbench.router,
    figures.router,
    situation.router,
    own_keys.router,
    absences.router,
    *admin.ROUTERS,
)


def create_app(settings: Settings, *, engine: Database | None = None, temporal: Client | None = None) -> FastAPI:
    """The application. What is passed in stays open when it ends; what it opens itself, it closes.

    Opens also while database or Temporal are away: requests are then answered 503. Raises UndeclaredAccessError when a route does not say
    who may call it, UnusableBookError when the policies named in the settings cannot be used, and MissingExtraError when the settings name an
    identity provider and nothing is installed that speaks with one.
    """
    if settings.policies is not None:
        adopt(load_book(settings.policies))
    desk = _furnished(settings, engine or open_database(settings.database_url), temporal)

    @asynccontextmanager
    async def open_hours(_: FastAPI) -> AsyncIterator[None]:
        yield
        if engine is None:
            await desk.database.dispose()

    app = FastAPI(
        title="Holdfast",
        version="1",
        description=ABOUT,
        openapi_tags=TAGS,
        lifespan=open_hours,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.desk = desk
    app.add_middleware(Doorway, base_url=desk.base_url, largest_upload=settings.upload_mb * MB)
    answers.register(app)
    for router in ROUTERS:
        app.include_router(router)
    app.mount(assets.STATIC, assets.room(), name="static")
    refuse_undeclared_routes(app, frozenset({assets.STATIC}))
    return app


def _furnished(settings: Settings, database: Database, temporal: Client | None) -> Desk:
    return Desk(
        settings=settings,
        database=database,
        line=Line(settings, temporal),
        turnstile=Turnstile(settings.commands_in_flight),
        signer=Signer(settings.link_keys, settings.base_url, settings.link_days),
        provider=IdentityProvider(settings) if settings.oidc_issuer else None,
    )
