"""Signing in through an identity provider (process.md S22): a real one on this machine, honest and not."""

import base64
import hmac
import itertools
import json
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256, SHA512, HashAlgorithm
from joserfc.jwk import ECKey, RSAKey

from activities.access.single_sign_on import provider as asking
from tests.api.identity_provider import CLIENT, Account, Door, Key, Provider, open_door, open_provider

_SHA256 = SHA256()
_SUBJECTS = itertools.count(1)


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    """One for all tests here."""
    with open_provider() as found:
        yield found


@pytest.fixture(scope="module")
def _door(tmp_path_factory: pytest.TempPathFactory, provider: Provider) -> Iterator[Door]:
    with open_door(tmp_path_factory.mktemp("door"), provider) as found:
        yield found


@pytest.fixture
def door(_door: Door, provider: Provider) -> Iterator[Door]:
    """Nobody is bound, the provider is honest, and carla sits at the screen."""
    for table in ("identities", "sessions", "throttles", "security_events"):
        _door.rows(f"DELETE FROM {table}")  # noqa: S608 -- names of ours
    provider.be_honest()
    provider.accounts = {"carla": account("carla@example.org")}
    provider.at_the_screen = "carla"
    yield _door
    provider.be_honest()


def account(email: str | None, verified: Any = True, **more: Any) -> Account:
    """A new account of the provider with this address."""
    return Account(f"sub-{next(_SUBJECTS)}", {"email": email, "email_verified": verified, **more})


def come(door: Door, browser: httpx.Client | None = None, **query: str) -> httpx.Response:
    """All the way: to the provider and back, and on to the page."""
    return (browser or door.browser()).get("/sign-in/provider", params=query)


def is_in(answer: httpx.Response) -> bool:
    """Whether somebody was let in."""
    return answer.status_code == 200 and not urlsplit(str(answer.url)).path.startswith("/sign-in")


def sessions(door: Door) -> list[Any]:
    """Who has a session, and by which way."""
    return [tuple(row) for row in door.rows("SELECT person, way FROM sessions ORDER BY began_at")]


def test_all_the_way(door: Door, provider: Provider) -> None:
    """Button, provider, back: a session of this person like any other, bound to the account, written down; and out again, here and there."""
    browser = door.browser()
    page = browser.get("/sign-in").text
    assert "Sign in with Example Ltd" in page
    answer = come(door, browser, next="/portal?q=printer")
    assert (answer.status_code, urlsplit(str(answer.url)).path) == (200, "/portal")
    assert sessions(door) == [("carla", "oidc")]
    assert [row.person for row in door.rows("SELECT person FROM identities")] == ["carla"]
    events = [tuple(row) for row in door.rows("SELECT kind, person, address FROM security_events ORDER BY at, id")]
    assert events == [("identity_bound", "carla", "127.0.0.1"), ("signed_in", "carla", "127.0.0.1")]
    left = browser.post("/sign-out")
    assert "sign out there, too" in left.text
    assert f"{provider.issuer}/leave?client_id={CLIENT}" in left.text
    assert sessions(door) == []


def test_what_the_browser_is_sent_with(door: Door, provider: Provider) -> None:
    """Code flow, PKCE with S256, a state and a nonce of their own each time, exactly our address to come back to; nothing of it can be read by scripts."""
    browser = httpx.Client(base_url=door.base_url, trust_env=False)
    asked = []
    for _ in range(2):
        answer = browser.get("/sign-in/provider?next=https://evil.example/")
        asked.append({name: value[0] for name, value in parse_qs(urlsplit(answer.headers["Location"]).query).items()})
    assert answer.headers["Location"].startswith(f"{provider.issuer}/authorize?")
    for each in asked:
        assert each["redirect_uri"] == f"{door.base_url}/sign-in/provider/back"
        assert (each["response_type"], each["code_challenge_method"], each["scope"]) == ("code", "S256", "openid email profile")
    for own in ("state", "nonce", "code_challenge"):
        assert asked[0][own] != asked[1][own]
        assert len(asked[0][own]) == 43
    cookie = answer.headers["Set-Cookie"]
    assert all(part in cookie for part in ("HttpOnly", "SameSite=lax", "Path=/", "Max-Age=600"))


LIES: dict[str, dict[str, Any]] = {
    "another nonce": {"nonce": "of-somebody-else"},
    "no nonce": {"nonce": None},
    "another audience": {"aud": "another-desk"},
    "no audience": {"aud": None},
    "many audiences and no party": {"aud": [CLIENT, "another-desk"]},
    "another party": {"aud": [CLIENT, "another-desk"], "azp": "another-desk"},
    "another issuer": {"iss": "http://127.0.0.1:1"},
    "no issuer": {"iss": None},
    "expired": {"exp": 1_000_000_000},
    "never ends": {"exp": None},
    "ends in words": {"exp": "tomorrow"},
    "made in the future": {"iat": 9_000_000_000, "exp": 9_000_000_300},
    "not yet good": {"nbf": 9_000_000_000},
    "no subject": {"sub": None},
    "subject is a number": {"sub": 7},
    "subject is endless": {"sub": "x" * 256},
    "subject has signs nobody sees": {"sub": "sub\x00-1"},
    "hash of another access token": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
}


@pytest.mark.parametrize("lie", LIES)
def test_a_token_that_is_not_for_this_errand(door: Door, provider: Provider, lie: str) -> None:
    """Nobody is let in or bound by a token of another issuer, time, audience or errand; the audit says that it was doubted, and repeats nothing of it."""
    provider.lies = LIES[lie]
    answer = come(door)
    assert (answer.status_code, sessions(door)) == (403, [])
    assert "did not prove who you are" in answer.text
    assert door.rows("SELECT * FROM identities") == []
    ((kind, detail),) = door.rows("SELECT kind, detail FROM security_events")
    assert kind == "provider_doubted"
    assert "carla" not in detail


def _a_clock_ahead() -> dict[str, Any]:
    return {"exp": int(time.time()) + 300, "iat": int(time.time()) + 20}


@pytest.mark.parametrize("claims", [lambda: {"aud": [CLIENT]}, lambda: {"aud": [CLIENT, "x"], "azp": CLIENT}, _a_clock_ahead])
def test_what_a_token_may_say(door: Door, provider: Provider, claims: Callable[[], dict[str, Any]]) -> None:
    """A list of audiences that names us as the party, and a clock half a minute ahead, are in order."""
    provider.lies = claims()
    assert is_in(come(door))


def _by_hand(header: dict[str, Any], claims: dict[str, Any], sign: Callable[[bytes], bytes]) -> str:
    """A token that no library would make."""
    parts = [json.dumps(header).encode(), json.dumps(claims).encode()]
    signed = b".".join(base64.urlsafe_b64encode(each).rstrip(b"=") for each in parts)
    return (signed + b"." + base64.urlsafe_b64encode(sign(signed)).rstrip(b"=")).decode()


def _rightly(key: Key, digest: HashAlgorithm = _SHA256) -> Callable[[bytes], bytes]:
    private = key.private_key
    assert isinstance(private, RSAPrivateKey)
    return lambda signed: private.sign(signed, PKCS1v15(), digest)


def test_signatures_that_prove_nothing(door: Door, provider: Provider) -> None:
    """No signature, the public key as a secret, a key brought along in the token, another algorithm, a header nobody understands, a changed token."""
    public = provider.keys[0].as_pem(private=False) if isinstance(provider.keys[0], RSAKey) else b""
    stranger = RSAKey.generate_key(2048, {"kid": "first"})
    forgeries = {
        "none": lambda claims: _by_hand({"alg": "none"}, claims, lambda _: b""),
        "none, with a known key": lambda claims: _by_hand({"alg": "None", "kid": "first"}, claims, lambda _: b""),
        "public key as secret": lambda claims: _by_hand(
            {"alg": "HS256", "kid": "first"}, claims, lambda signed: hmac.digest(public, signed, "sha256")
        ),
        "stranger's key under a known name": lambda claims: provider.signed(claims, stranger),
        "brought along": lambda claims: provider.signed(claims, stranger, jwk=stranger.as_dict(private=False)),
        "another algorithm": lambda claims: _by_hand({"alg": "RS512", "kid": "first"}, claims, _rightly(provider.keys[0], SHA512())),
        "changed": lambda claims: provider.signed(claims)[:-8] + "AAAAAAAA",
        "no token": lambda _: "no.token",
        "nothing": lambda _: "",
        "critical header": lambda claims: _by_hand(
            {"alg": "RS256", "kid": "first", "crit": ["x-unheard-of"], "x-unheard-of": 1}, claims, _rightly(provider.keys[0])
        ),
    }
    for name, forge in forgeries.items():
        provider.sign = forge
        answer = come(door)
        assert (answer.status_code, sessions(door)) == (403, []), name
    provider.sign = lambda claims: _by_hand({"alg": "RS256", "kid": "first"}, claims, _rightly(provider.keys[0]))
    assert is_in(come(door))


def test_keys_are_exchanged(door: Door, provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key we do not know is looked for at the provider once more: a published one is taken, of the other kind too; one that stays unknown is not."""
    assert is_in(come(door))
    old = provider.keys
    try:
        monkeypatch.setattr(asking, "_KEYS_AT_MOST_EVERY", 0.0)
        unpublished = RSAKey.generate_key(2048, {"kid": "nobody's"})
        provider.sign = lambda claims: provider.signed(claims, unpublished)
        assert come(door).status_code == 403
        provider.be_honest()
        provider.keys = [ECKey.generate_key("P-256", {"kid": "second", "use": "sig"})]
        assert is_in(come(door))
        provider.sign = lambda claims: provider.signed(claims, old[0])
        assert come(door).status_code == 403
        monkeypatch.setattr(asking, "_KEYS_AT_MOST_EVERY", 1000.0)
        before = provider.asked_for.count("/keys")
        assert come(door).status_code == 403
        assert provider.asked_for.count("/keys") == before
    finally:
        provider.keys = old
        monkeypatch.setattr(asking, "_KEYS_AT_MOST_EVERY", 0.0)
        provider.be_honest()
        assert is_in(come(door))


def test_an_answer_to_another_browser(door: Door, provider: Provider) -> None:
    """Whoever lures somebody to their own answer signs nobody in: without the cookie of the errand, with another's, or with a made-up state."""
    attacker = httpx.Client(base_url=door.base_url, trust_env=False)
    to_provider = attacker.get("/sign-in/provider").headers["Location"]
    answer = httpx.get(to_provider, trust_env=False).headers["Location"].removeprefix(door.base_url)
    victim = door.browser()
    assert victim.get(answer).status_code == 400
    victim_on_own_errand = httpx.Client(base_url=door.base_url, trust_env=False)
    victim_on_own_errand.get("/sign-in/provider")
    assert victim_on_own_errand.get(answer).status_code == 400
    made_up = door.browser()
    made_up.cookies.set("holdfast-errand", "WyJhIiwiIl0.aaaaaa.bbbb")
    assert made_up.get("/sign-in/provider/back?state=x&code=y").status_code == 400
    assert made_up.get("/sign-in/provider/back").status_code == 400
    assert sessions(door) == []
    assert provider.codes
    assert attacker.get(answer.replace("back?", "back?iss=https://evil.example&")).status_code == 400
    assert sessions(door) == []


def test_a_code_is_good_once(door: Door, provider: Provider) -> None:
    """The same answer again finds no errand; with a copied cookie, the provider refuses its code; a code of one errand is no good for another."""
    browser = httpx.Client(base_url=door.base_url, trust_env=False)
    to_provider = browser.get("/sign-in/provider").headers["Location"]
    cookie = browser.cookies["holdfast-errand"]
    back = httpx.get(to_provider, trust_env=False).headers["Location"].removeprefix(door.base_url)
    assert browser.get(back).headers["Location"] == "/welcome"
    assert "holdfast-errand" not in browser.cookies
    assert browser.get(back).status_code == 400
    copied = httpx.Client(base_url=door.base_url, trust_env=False, headers={"Cookie": f"holdfast-errand={cookie}"})
    assert copied.get(back).status_code == 403
    other = httpx.Client(base_url=door.base_url, trust_env=False)
    theirs = httpx.get(other.get("/sign-in/provider").headers["Location"], trust_env=False).headers["Location"]
    mine = browser.get("/sign-in/provider").headers["Location"]
    state, code = (parse_qs(urlsplit(each).query)[name][0] for each, name in ((mine, "state"), (theirs, "code")))
    assert browser.get(f"/sign-in/provider/back?state={state}&code={code}").status_code == 403
    assert len(sessions(door)) == 1


MOODS = list(
    itertools.product(
        ("down", "slow", "garbage", "endless", "redirect", "broken", "list"), ("/.well-known/openid-configuration", "/keys", "/token")
    )
)


@pytest.mark.parametrize(("mood", "where"), MOODS)
def test_a_provider_that_is_away(
    tmp_path_factory: pytest.TempPathFactory, door: Door, provider: Provider, monkeypatch: pytest.MonkeyPatch, mood: str, where: str
) -> None:
    """Down, slow, or somebody else answering: a page says that it is not the person's fault, nobody is let in, and the other ways stay open."""
    if mood == "slow":
        monkeypatch.setattr(asking, "_ANSWERS_WITHIN", 0.5)
    # What is kept of the provider is as good as over.
    monkeypatch.setattr(asking, "_GOOD_FOR", -1.0)
    provider.mood = {where: mood}
    browser = door.browser()
    answer = come(door, browser)
    assert (answer.status_code, sessions(door)) == (503, [])
    assert "cannot be reached" in answer.text
    assert "Another way to sign in" in answer.text
    assert browser.get("/sign-in").status_code == 200
    provider.be_honest()
    monkeypatch.setattr(asking, "_ANSWERS_WITHIN", 30.0)
    assert is_in(come(door, browser))


@pytest.mark.parametrize(
    "lie",
    [
        {"issuer": "https://elsewhere.example"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"token_endpoint": "http://intranet.example/token"},
        {"jwks_uri": None},
        {"jwks_uri": "file:///etc/passwd"},
        {"token_endpoint": "http://user:secret@127.0.0.1/"},
        {"token_endpoint": ["http://127.0.0.1/"]},
        {"authorization_endpoint": "http://[::1"},
    ],
)
def test_a_document_that_leads_elsewhere(door: Door, provider: Provider, monkeypatch: pytest.MonkeyPatch, lie: dict[str, Any]) -> None:
    """Only https, or this machine itself where the provider stands on it; and it must be the issuer of the settings."""
    monkeypatch.setattr(asking, "_GOOD_FOR", -1.0)
    provider.document_lies = lie
    assert (come(door).status_code, sessions(door)) == (503, [])


@pytest.mark.parametrize(
    ("error", "said"),
    [("access_denied", "stopped before the end"), ("server_error", "did not let you through"), ("<script>", "did not let you through")],
)
def test_the_provider_says_no(door: Door, provider: Provider, error: str, said: str) -> None:
    """In a plain sentence of ours; what the provider wrote is not repeated."""
    provider.error = error
    answer = come(door)
    assert (answer.status_code, sessions(door)) == (403, [])
    assert said in answer.text
    assert "<b>x</b>" not in answer.text
    assert "<script>" not in answer.text


def test_who_nobody_knows(door: Door, provider: Provider) -> None:
    """No account is created: the page says which one they used, and whom to ask."""
    provider.accounts["carla"] = account("stranger<i>@example.org")
    answer = come(door)
    assert (answer.status_code, sessions(door)) == (403, [])
    assert "does not know you yet" in answer.text
    assert "stranger&lt;i&gt;@example.org" in answer.text
    assert door.rows("SELECT * FROM identities") == []


@pytest.mark.parametrize("verified", [False, None, "true", 1, "yes"])
def test_an_address_that_nobody_checked(door: Door, provider: Provider, verified: Any) -> None:
    """Anybody can write somebody else's address into their account: without the provider's word that it is theirs it means nothing."""
    provider.accounts["carla"] = account("carla@example.org", verified)
    answer = come(door)
    assert (answer.status_code, sessions(door)) == (403, [])
    assert "not confirmed" in answer.text


def test_an_address_that_several_people_have(door: Door, provider: Provider) -> None:
    """It does not say who of them."""
    door.rows("UPDATE people SET email = 'Carla@example.org' WHERE id = 'dora'")
    try:
        answer = come(door)
        assert (answer.status_code, sessions(door)) == (403, [])
        assert "several people" in answer.text
    finally:
        door.rows("UPDATE people SET email = 'dora@example.org' WHERE id = 'dora'")


def test_who_was_meant_once_is_meant_for_ever(door: Door, provider: Provider) -> None:
    """An account that takes on somebody else's address stays who it was; another account with the address of a bound person opens nothing."""
    assert is_in(come(door))
    provider.accounts["carla"].claims["email"] = "adam@example.org"
    assert is_in(come(door))
    assert [person for person, _ in sessions(door)] == ["carla", "carla"]
    provider.accounts["carla"] = account("carla@example.org")
    answer = come(door)
    assert answer.status_code == 403
    assert "Another account is in use" in answer.text
    assert len(sessions(door)) == 2
    door.rows("DELETE FROM identities")
    assert is_in(come(door))


def test_who_left_the_directory(door: Door, provider: Provider) -> None:
    """Is known by the provider still, and not by us: no session begins, and one that ran is over."""
    browser = door.browser()
    assert is_in(come(door, browser))
    ((roles, name, language, zone),) = door.rows("SELECT roles, name, language, zone FROM people WHERE id = 'carla'")
    door.rows("DELETE FROM people WHERE id = 'carla'")
    try:
        assert urlsplit(str(browser.get("/portal").url)).path == "/sign-in"
        answer = come(door, browser)
        assert answer.status_code == 403
        assert "does not know you" in answer.text
    finally:
        line = {"roles": roles, "name": name, "language": language, "zone": zone}
        door.rows(
            "INSERT INTO people (id, name, email, language, zone, roles) VALUES ('carla', :name, 'carla@example.org', :language, :zone, :roles)",
            **line,
        )


@pytest.mark.parametrize(
    "back_to", ["https://evil.example", "//evil.example", "/\\evil.example", "/sign-out", "/portal/" + "x" * 4000, "javascript:alert(1)"]
)
def test_it_leads_nowhere_else(door: Door, back_to: str) -> None:
    """After signing in, people land on our own pages, whatever stood in the address."""
    answer = come(door, next=back_to)
    assert is_in(answer)
    assert str(answer.url) == f"{door.base_url}/portal"


def test_tries_that_come_to_nothing_are_counted(door: Door, provider: Provider) -> None:
    """One address does not make us ask the provider without end; who gets in does not count."""
    provider.accounts["carla"].claims["email_verified"] = False
    door.rows(
        "INSERT INTO throttles (key, began_at, count) VALUES ('returns from 127.0.0.1', :now, 49)",
        now=f"{time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime())}.000000",
    )
    assert come(door).status_code == 403
    before = provider.asked_for.count("/token")
    assert come(door).status_code == 429
    assert provider.asked_for.count("/token") == before


def test_by_a_claim(tmp_path_factory: pytest.TempPathFactory, provider: Provider) -> None:
    """Where the settings name a claim, it holds the id of the person, and the address means nothing."""
    with open_door(tmp_path_factory.mktemp("claim"), provider, oidc_claim="employee") as door:
        provider.be_honest()
        provider.at_the_screen = "x"
        for claims, status in (({"employee": "noah"}, 200), ({"employee": "nobody"}, 403), ({}, 403), ({"employee": ["asha"]}, 403)):
            provider.accounts = {"x": account("adam@example.org", **claims)}
            assert come(door).status_code == status, claims
        assert sessions(door) == [("noah", "oidc")]


@pytest.mark.parametrize("only", ["passwords", "everything"])
def test_instead_of_passwords(tmp_path_factory: pytest.TempPathFactory, provider: Provider, only: str) -> None:
    """No form asks for a password and none is taken, right or wrong; links by mail stay where the settings say so; links made by the operator work always."""
    with open_door(tmp_path_factory.mktemp("only"), provider, oidc_only=only) as door:
        provider.be_honest()
        provider.accounts, provider.at_the_screen = {"x": account("carla@example.org")}, "x"
        browser = door.browser()
        page = browser.get("/sign-in").text
        assert 'type="password"' not in page
        assert ("Mail me a link" in page) == (only == "passwords")
        refused = browser.post("/sign-in", data={"name": "carla", "password": "blue whale, green lamp"})
        assert refused.status_code == 403
        assert "Sign in with Example Ltd" in refused.text
        assert browser.post("/sign-in", data={"name": "carla", "how": "link"}).status_code == (200 if only == "passwords" else 403)
        assert is_in(come(door, browser))
        assert 'type="password"' not in browser.get("/account").text
        assert browser.post("/account/password", data={"present": "x", "password": "y", "again": "y"}).status_code == 403
        assert door.rows("SELECT * FROM accounts") == []


def test_without_a_provider_there_is_no_such_door(desk: Any) -> None:
    """No button, and nothing behind its address."""
    stranger = desk.as_(None)
    assert "/sign-in/provider" not in stranger.get("/sign-in").text
    assert stranger.get("/sign-in/provider").status_code == 404
    assert stranger.get("/sign-in/provider/back?code=x&state=y").status_code == 404
