"""The front door in process, on any database, for people who only read: no Temporal needed, and every statement to the database counted."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import httpx
from fastapi import FastAPI
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.access.sessions import begin
from activities.records import Records
from activities.settings import Settings
from api.app import create_app
from tests.api.house import LINK_KEY
from tests.process.life import Life
from workflows.publication import Published
from workflows.surveys import take_admission


@lru_cache(maxsize=2)
def front_door(engine: AsyncEngine, **settings: Any) -> FastAPI:
    """The whole application on that database, put together once for it and these settings."""
    return create_app(Settings(link_keys=(LINK_KEY,), **settings), engine=engine)


@asynccontextmanager
async def signed_in(engine: AsyncEngine, person: str | None, **settings: Any) -> AsyncIterator[httpx.AsyncClient]:
    """That person's browser, or a stranger's."""
    cookies = {"holdfast": await begin(engine, person, "test", datetime.now(UTC))} if person else None
    transport = httpx.ASGITransport(app=front_door(engine, **settings))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080", cookies=cookies) as client:
        yield client


@contextmanager
def counted(engine: AsyncEngine) -> Iterator[list[str]]:
    """Every statement sent to the database inside the block."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith("BEGIN"):
            statements.append(statement)

    event.listen(engine.sync_engine, "before_cursor_execute", note)
    yield statements
    event.remove(engine.sync_engine, "before_cursor_execute", note)


async def publish(engine: AsyncEngine, life: Life) -> None:
    """Everything the incident has to say goes into the record."""
    while life.incident.is_ahead_of_record:
        answer = await Records(engine).publish(life.incident.publication())
        life.incident.published(Published(answer.up_to), life.now)
        take_admission(life.incident, answer.surveyed, life.now)
