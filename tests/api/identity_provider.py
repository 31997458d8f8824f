"""An identity provider on this machine: honest unless told otherwise, over real HTTP. And a front door that people enter through it."""

import asyncio
import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import uvicorn
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey
from joserfc.jws import JWSRegistry
from pydantic import SecretStr
from sqlalchemy import Row, create_engine, text

from activities.database.migrate import migrate
from activities.database.session import open_database
from activities.settings import Settings
from api.app import create_app
from tests.api.house import LINK_KEY, fill_directory
from tests.ports import free_port

CLIENT, SECRET = "the-desk", "s3cret of the desk & co"
Key = RSAKey | ECKey | OctKey


@dataclass
class Account:
    """Somebody at the provider."""

    subject: str
    claims: dict[str, Any] = field(default_factory=dict)


@dataclass
class Code:
    """What the provider gave out, and to whom."""

    asked: dict[str, str]
    account: Account


class Provider:
    """Knows accounts; ``mood`` and the rest say how it misbehaves."""

    def __init__(self) -> None:
        self.port = free_port()
        self.issuer = f"http://127.0.0.1:{self.port}"
        self.keys: list[Key] = [RSAKey.generate_key(2048, {"kid": "first", "use": "sig", "alg": "RS256"})]
        self.accounts: dict[str, Account] = {}
        self.at_the_screen: str | None = None
        self.codes: dict[str, Code] = {}
        self.asked_for: list[str] = []
        self.be_honest()

    def be_honest(self) -> None:
        """Forgets every mischief."""
        self.mood: dict[str, str] = {}
        self.lies: dict[str, Any] = {}
        self.document_lies: dict[str, Any] = {}
        self.sign: Callable[[dict[str, Any]], str] = self.signed
        self.error: str | None = None

    def signed(self, claims: dict[str, Any], key: Key | None = None, **header: Any) -> str:
        """A token by the newest key, or by that one."""
        used = key or self.keys[-1]
        algorithm = header.pop("alg", "ES256" if isinstance(used, ECKey) else "RS256")
        registry = JWSRegistry(algorithms=["RS256", "ES256", "HS256", "RS512"], strict_check_header=False)
        return jwt.encode({"alg": algorithm, "kid": used.kid, **header}, claims, used, registry=registry)

    def document(self) -> dict[str, Any]:
        """OpenID Connect Discovery."""
        told = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "end_session_endpoint": f"{self.issuer}/leave",
        }
        return told | self.document_lies

    def published(self) -> dict[str, Any]:
        """Its keys, beside one that is none."""
        return {"keys": [{"kty": "XX", "kid": "odd"}, *(key.as_dict(private=False) for key in self.keys)]}

    def authorise(self, asked: dict[str, str], login: str) -> str:
        """Where the browser goes from here."""
        back = {"state": asked["state"]}
        if self.error:
            return f"{asked['redirect_uri']}?{urlencode(back | {'error': self.error, 'error_description': '<b>x</b>'})}"
        code = secrets.token_urlsafe(16)
        self.codes[code] = Code(asked, self.accounts[login])
        return f"{asked['redirect_uri']}?{urlencode(back | {'code': code})}"

    def exchange(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """A token for a code, once, for whoever shows our secret and the verifier of the challenge."""
        name, _, secret = base64.b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
        if (name, secret) != (CLIENT, urlencode({"": SECRET})[1:]):
            return 401, {"error": "invalid_client"}
        given = self.codes.pop(form["code"], None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
        if given is None or given.asked["code_challenge"] != challenge or given.asked["redirect_uri"] != form["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": given.account.subject,
            "aud": CLIENT,
            "exp": now + 300,
            "iat": now,
            "nonce": given.asked["nonce"],
        }
        claims = {name: value for name, value in (claims | given.account.claims | self.lies).items() if value is not None}
        return 200, {"access_token": "opaque", "token_type": "Bearer", "id_token": self.sign(claims)}


class _Handler(BaseHTTPRequestHandler):
    provider: Provider
    released: threading.Event

    def log_message(self, *_: Any) -> None:
        """Says nothing."""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if not self._misbehaves(parts.path):
            self._get(parts.path, asked)

    def _get(self, path: str, asked: dict[str, str]) -> None:
        provider = self.provider
        if path == "/.well-known/openid-configuration":
            self._json(200, provider.document())
        elif path == "/keys":
            self._json(200, provider.published())
        elif path == "/authorize" and (login := asked.get("login") or provider.at_the_screen):
            self._send(303, b"", {"Location": provider.authorise(asked, login)})
        elif path == "/authorize":
            links = "".join(f'<p><a href="?{urlencode(asked | {"login": each})}">{each}</a></p>' for each in provider.accounts)
            self._send(200, f"<h1>Who are you?</h1>{links}".encode(), {"Content-Type": "text/html"})
        else:
            self._send(200, b"<h1>Signed out there</h1>", {"Content-Type": "text/html"})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        if not self._misbehaves(self.path):
            self._json(*self.provider.exchange(form, self.headers.get("Authorization", "")))

    def _misbehaves(self, path: str) -> bool:
        self.provider.asked_for.append(path)
        mood = self.provider.mood.get(path)
        if mood == "down":
            self.close_connection = True
        elif mood == "slow":
            self.released.wait(30)
        elif mood == "garbage":
            self._send(200, b"<html>Welcome to the hotel</html>", {"Content-Type": "text/html"})
        elif mood == "endless":
            self._send(200, b'{"a": "' + b"x" * 400_000 + b'"}', {"Content-Type": "application/json"})
        elif mood == "redirect":
            self._send(302, b"", {"Location": f"{self.provider.issuer}/keys"})
        elif mood == "broken":
            self._json(500, {"error": "server_error"})
        elif mood == "list":
            self._send(200, b"[1]", {"Content-Type": "application/json"})
        return mood is not None

    def _json(self, status: int, document: dict[str, Any]) -> None:
        self._send(status, json.dumps(document).encode(), {"Content-Type": "application/json"})

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def open_provider() -> Iterator[Provider]:
    """A provider that answers until the block ends."""
    provider, released = Provider(), threading.Event()
    handler = type("Handler", (_Handler,), {"provider": provider, "released": released})
    server = ThreadingHTTPServer(("127.0.0.1", provider.port), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield provider
    released.set()
    server.shutdown()
    server.server_close()
    thread.join(10)


@dataclass
class Door:
    """A front door with a record, without Temporal: people only come in and go out."""

    base_url: str
    settings: Settings

    def browser(self) -> httpx.Client:
        """Follows redirects and keeps cookies, as browsers do."""
        headers = {"Sec-Fetch-Site": "same-origin"}
        return httpx.Client(base_url=self.base_url, headers=headers, follow_redirects=True, timeout=30, trust_env=False)

    def rows(self, statement: str, **values: Any) -> list[Row[Any]]:
        """What the record says; statements that change it do so."""
        engine = create_engine(self.settings.database_url)
        with engine.begin() as connection:
            result = connection.execute(text(statement), values)
            found = list(result.all()) if result.returns_rows else []
        engine.dispose()
        return found


@contextmanager
def open_door(directory: Path, provider: Provider, **more: Any) -> Iterator[Door]:
    """The front door, served until the block ends, with the people of tests.api.house in its directory."""
    port = free_port()
    settings = Settings(
        database_url=f"sqlite:///{directory / 'door.db'}",
        listen_port=port,
        link_keys=(LINK_KEY,),
        oidc_issuer=provider.issuer,
        oidc_client_id=CLIENT,
        oidc_client_secret=SecretStr(SECRET),
        **{"oidc_label": "Example Ltd"} | more,
    )
    if not (directory / "door.db").exists():
        migrate(settings.database_url)
        _fill(settings.database_url)
    server = uvicorn.Server(
        uvicorn.Config(create_app(settings), port=port, log_level="error", access_log=False, timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield Door(settings.base_url, settings)
    server.should_exit = True
    thread.join(10)


def _fill(url: str) -> None:
    async def fill() -> None:
        engine = open_database(url)
        await fill_directory(engine)
        await engine.dispose()

    thread = threading.Thread(target=lambda: asyncio.run(fill()))
    thread.start()
    thread.join(30)
