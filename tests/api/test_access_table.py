"""One table for every route, every kind of caller and every object, own and foreign (process.md S22)."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from fastapi.routing import iter_route_contexts

from activities.settings import Settings
from api.app import create_app
from api.identity import Way, access_of
from tests.api.access_table import TABLE, Line, World, objects_of, read_table
from tests.api.house import LINK_KEY, running_desk

CALLERS, LINES = read_table()
# The process applies the command, or refuses it by a rule that has nothing to do with who sent it.
_LET = ("200", "409")


def _routes() -> Iterator[tuple[str, str, Way | None]]:
    for route in iter_route_contexts(create_app(Settings(link_keys=(LINK_KEY,))).routes):
        access = access_of(route)
        if access is not None:  # what is mounted is for everybody
            yield from ((method, str(route.path), access.way) for method in sorted((route.methods or set()) - {"HEAD"}))


ROUTES = list(_routes())


def _named(line: Line) -> str:
    return f"{line.method} {line.route} {line.object}"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """On a desk of its own: the questions of this table change a good deal."""
    with running_desk(tmp_path_factory.mktemp("desk")) as desk:
        yield World(desk)


@pytest.fixture(scope="module")
def world_on_postgres(tmp_path_factory: pytest.TempPathFactory, postgres_url_of_module: str) -> Iterator[World]:
    """The same with its record in PostgreSQL."""
    with running_desk(tmp_path_factory.mktemp("desk"), database_url=postgres_url_of_module) as desk:
        yield World(desk)


def _compare(world: World, line: Line) -> None:
    answers = {caller: str(world.ask(line, caller).status_code) for caller in CALLERS}
    wrong = [who for who, status in answers.items() if status not in (_LET if line.expected[who] == "let" else (line.expected[who],))]
    observed = Line(line.method, line.route, line.object, answers)
    assert not wrong, f"{', '.join(wrong)}: not as {TABLE.name} says. Observed:\n{observed}"


@pytest.mark.parametrize("line", LINES, ids=_named)
def test_everybody_is_answered_as_the_table_says(world: World, line: Line) -> None:
    """Each kind of caller, with a real key and a real session, gets the status of the table."""
    _compare(world, line)


@pytest.mark.parametrize("line", [line for line in LINES if line.method == "GET"], ids=_named)
def test_reading_is_the_same_on_postgres(world_on_postgres: World, line: Line) -> None:
    """Who may see what does not depend on the kind of database."""
    _compare(world_on_postgres, line)


def test_the_table_has_every_route(world: World) -> None:
    """A new route needs its lines, and a line its route; the failure tells what to write, after somebody has thought about it."""
    told = {(line.method, line.route) for line in LINES}
    here = {(method, route) for method, route, _ in ROUTES}
    gone = sorted(told - here)
    assert not gone, f"take out of {TABLE.name}, there is no such route any more: {gone}"
    new = [Line(method, route, whose, {}) for method, route in sorted(here - told) for whose in objects_of(route)]
    seen = [replace(line, expected={caller: str(world.ask(line, caller).status_code) for caller in CALLERS}) for line in new]
    assert not new, f"{TABLE.name} does not say who may do this. If what was answered now is right, add:\n" + "\n".join(map(str, seen))


def test_foreign_things_look_like_none() -> None:
    """Nobody can tell an incident of others from one that does not exist, at any route: the table gives callers the same status for both."""
    rows = {(line.method, line.route, line.object): line.expected for line in LINES}
    for (method, route, whose), expected in rows.items():
        stranger = {"carla's": "dora", "dora's": "carla"}.get(whose)
        if stranger and "{token}" not in route:
            assert expected[stranger] == rows[method, route, "none"][stranger], (method, route, stranger)


def test_keys_open_no_pages_and_sessions_no_api(world: World) -> None:
    """A key is not taken where a session is asked for, nor the reverse: forms of other sites could act through the API otherwise."""
    for method, route, way in ROUTES:
        if way not in (Way.BY_KEY, Way.BY_SESSION):
            continue
        for whose in objects_of(route):
            shown = {"with_session": False} if way is Way.BY_SESSION else {"with_key": False}
            answer = world.ask(Line(method, route, whose, {}), "ines", **shown)
            assert answer.status_code == (303 if way is Way.BY_SESSION and method == "GET" else 401), (method, route, answer.status_code)


@pytest.mark.parametrize("line", [line for line in LINES if line.route.startswith("/outbox")], ids=_named)
def test_the_outbox_opens_by_either(world: World, line: Line) -> None:
    """By a session alone or a key alone, who may is answered as the table says; who may not is told so by key, and asked for one by session."""
    for caller in ("asha", "ines", "adam"):
        for shown in ({"with_key": False}, {"with_session": False}):
            assert str(world.ask(line, caller, **shown).status_code) == line.expected[caller], (caller, shown)
    for caller in ("carla", "omar", "aude"):
        assert world.ask(line, caller, with_key=False).status_code == 401, caller
