"""What the house does about an identity provider: tells what is missing, looks whether it answers, lets go of accounts (process.md S22)."""

import importlib.util
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.access.sessions import begin
from activities.access.single_sign_on.identities import recognise
from activities.access.single_sign_on.provider import Told
from activities.database.migrate import migrate
from activities.database.tables import people, sessions
from activities.house.api_server import api_server
from activities.house.commands.accounts_office import audit, forget
from activities.house.commands.office import on_record
from activities.house.doctor.examination import examine, told
from activities.house.refusals import UsageRefusedError
from activities.settings import read_settings
from tests.api.identity_provider import CLIENT, Provider, open_provider
from tests.house.test_settings import KEY

ACCOUNT = Told("https://login.example.org", "sub-1", "carla@example.org", None)
NOW = datetime(2026, 11, 26, tzinfo=UTC)


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    """One that the settings name."""
    with open_provider() as found:
        monkeypatch.setenv("HOLDFAST_OIDC_ISSUER", found.issuer)
        monkeypatch.setenv("HOLDFAST_OIDC_CLIENT_ID", CLIENT)
        monkeypatch.setenv("HOLDFAST_LINK_KEYS", KEY)
        yield found


def _without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *more: None if name == "authlib" else found(name, *more))


async def _line() -> str:
    (finding,) = await examine(["provider"])
    return str(told([finding]))


@pytest.mark.usefixtures("provider")
def test_without_the_extra_the_front_door_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not start half: people would stand before a button that leads nowhere. Without a provider in the settings it needs nothing."""
    _without_the_extra(monkeypatch)
    with pytest.raises(UsageRefusedError, match=r"requirements/sso\.txt"):
        api_server(read_settings(signs_links=True))
    monkeypatch.delenv("HOLDFAST_OIDC_ISSUER")
    monkeypatch.delenv("HOLDFAST_OIDC_CLIENT_ID")
    api_server(read_settings(signs_links=True))


async def test_the_doctor_looks_at_the_provider(monkeypatch: pytest.MonkeyPatch, provider: Provider) -> None:
    """Answers with keys: fine, and where people come back to; another issuer, no key, nobody there, nothing installed: what to do."""
    assert "/sign-in/provider/back" in await _line()
    provider.document_lies = {"issuer": "https://elsewhere.example"}
    assert "another issuer" in await _line()
    provider.be_honest()
    keys, provider.keys = provider.keys, []
    assert "RS256" in await _line()
    provider.keys = keys
    provider.mood = {"/.well-known/openid-configuration": "down"}
    assert "HOLDFAST_OIDC_ISSUER" in await _line()
    provider.be_honest()
    _without_the_extra(monkeypatch)
    assert "sso.txt" in await _line()


def test_an_account_of_the_provider_is_let_go() -> None:
    """The operator does so for a person who has another one now: the sessions end, the next account is bound, and it is written down."""
    settings = read_settings()
    migrate(settings.database_url)
    with pytest.raises(UsageRefusedError, match="There is no person carla"):
        forget(settings, "carla")

    async def sign_in(engine: AsyncEngine) -> None:
        line = {"id": "carla", "name": "Carla", "email": "carla@example.org", "language": "en", "zone": "UTC", "roles": ["caller"]}
        async with engine.begin() as connection:
            await connection.execute(people.insert().values(line))
        assert (await recognise(engine, ACCOUNT, by_claim=False, now=NOW)).is_new
        await begin(engine, "carla", "oidc", datetime.now(UTC))

    async def sign_in_anew(engine: AsyncEngine) -> None:
        assert (await recognise(engine, replace(ACCOUNT, subject="sub-2"), by_claim=False, now=NOW)).is_new
        async with engine.connect() as connection:
            assert (await connection.execute(select(sessions))).all() == []

    on_record(settings, sign_in)
    assert "1 forgotten" in forget(settings, "Carla@example.org")
    on_record(settings, sign_in_anew)
    ended, forgotten = audit(settings, 10)
    assert "sessions_ended" in ended
    assert "identities_forgotten" in forgotten
    assert "1 identity, command line" in forgotten
