"""Files through the front door: taken in whole, once and only if they are what they say; read by those who may; and able to do nothing (process.md S1, S4, S22)."""

import re
import shlex
import socket
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from sqlalchemy import func, select, update

from activities.access.throttle import UPLOADS_OF_A_PERSON, count
from activities.database.tables import file_parts, files
from activities.files.keeper import FileKeeper
from activities.files.kept_files import TOLD_WITHIN, Upload, file_id, store
from api.app import create_app
from api.delivery import key_of
from api.doorway.requests import LARGEST_BODY
from api.doorway.turnstile import UPLOADS_AT_ONCE
from api.files.names import cleaned_name, disposition
from tests.api.house import RunningDesk, running_desk
from tests.api.test_sentences import in_turkish
from tests.files import EICAR, PNG, SAMPLES, TEXT
from workflows.attachments import AttachFile
from workflows.messages import Actor, Sent
from workflows.policies.book import HOLDFAST
from workflows.policies.file_rules import KINDS, MB
from workflows.vocabulary import ActorKind, Role

__all__ = ["in_turkish"]
RULES = HOLDFAST.files[-1].rule
EVERYWHERE = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")


def _add(
    desk: RunningDesk,
    number: str,
    name: str = "screen.png",
    content: bytes = PNG,
    by: str = "carla",
    command: str | None = None,
    **fields: str,
) -> httpx.Response:
    headers = {"Command-Id": command} if command else {}
    sent = {"file": (name, content, "application/octet-stream")}
    return desk.as_(by).post(f"/api/v1/incidents/{number}/files", files=sent, data=fields, headers=headers)


def _listed(desk: RunningDesk, number: str, person: str = "asha") -> list[dict[str, Any]]:
    answer = desk.as_(person).get(f"/api/v1/incidents/{number}/files")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def _get(desk: RunningDesk, number: str, file: str, person: str = "asha") -> httpx.Response:
    return desk.as_(person).get(f"/api/v1/incidents/{number}/files/{file}")


def _kept(desk: RunningDesk) -> tuple[int, int]:
    """How many files, and parts of files, the record has."""

    async def look() -> tuple[int, int]:
        async with desk.engine.connect() as connection:
            counts = [(await connection.execute(select(func.count()).select_from(table))).scalar_one() for table in (files, file_parts)]
        return counts[0], counts[1]

    return desk.run(look())


def _is_refused(answer: httpx.Response, status: int, code: str) -> None:
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (status, code), answer.text


def test_what_goes_in_comes_out(desk: RunningDesk) -> None:
    """Whoever is in on the incident reads the same bytes under the same name, and both see on the timeline that it came."""
    number, content = desk.report(), TEXT * 20_000
    added = _add(desk, number, "Drucker – läuft nicht.txt", content)
    assert added.status_code == 200, added.text
    told = added.json()
    assert (told["name"], told["size"], told["state"], told["is_scanned"]) == (
        "Drucker – läuft nicht.txt",
        len(content),
        "available",
        False,
    )
    assert added.headers["Location"] == f"/api/v1/incidents/{number}/files/{told['id']}"
    for person in ("carla", "asha"):
        assert _listed(desk, number, person) == [told | {"added_by": "carla"}]
        read = _get(desk, number, told["id"], person)
        assert read.content == content
        assert desk.read(number, person)["timeline"][-1]["after"]["file"] == told["id"]


def test_a_download_can_do_nothing(desk: RunningDesk) -> None:
    """It is saved and not shown, is what it says, runs nothing, and stays in no cache (ecosystem 2.11)."""
    number = desk.report()
    file = _add(desk, number, 'péché "mortel".png').json()["id"]
    headers = _get(desk, number, file, "carla").headers
    assert headers["Content-Disposition"] == f"attachment; filename=\"peche _mortel_.png\"; filename*=UTF-8''{quote('péché _mortel_.png')}"
    assert headers["Content-Type"] == "image/png"
    assert headers["Content-Length"] == str(len(PNG))
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"].startswith("sandbox;")
    assert {"private", "no-store"} <= {*headers["Cache-Control"].split(", ")}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_known_by_its_content(desk: RunningDesk, kind: str) -> None:
    """What the rules can name is taken in as such, and handed out as such."""
    number = desk.report()
    added = _add(desk, number, f"sample.{kind.upper()}", SAMPLES[kind])
    assert added.status_code == 200, added.text
    assert _get(desk, number, added.json()["id"]).headers["Content-Type"] == KINDS[kind]


CONTENTS = [
    ("a program", "setup.exe", b"MZ" + bytes(200), "file-kind-not-taken"),
    ("a page", "index.html", b"<!doctype html><script>alert(1)</script>", "file-kind-not-taken"),
    ("a drawing with a script", "logo.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "file-kind-not-taken"),
    ("no end", "README", TEXT, "file-kind-not-taken"),
    ("a program behind a document", "report.pdf.exe", b"MZ" + bytes(200), "file-kind-not-taken"),
    ("a program turned round", "report\u202efdp.exe", b"MZ" + bytes(200), "file-kind-not-taken"),
    ("a hidden end", "report.pdf\x00.exe", b"MZ" + bytes(200), "file-kind-not-taken"),
    ("a program as a picture", "setup.png", b"MZ" + bytes(200), "content-differs"),
    ("a program as text", "setup.txt", b"MZ\x90\x00" + bytes(200), "content-differs"),
    ("a page as a picture", "page.png", b"<!doctype html><script>alert(1)</script>", "content-differs"),
    ("a picture as a document", "page.pdf", PNG, "content-differs"),
    ("text in another codec", "menu.txt", "kâğıt".encode("iso-8859-9"), "content-differs"),
    ("text cut in a letter", "menu.txt", TEXT[:-4] + "ı".encode()[:1], "content-differs"),
    ("NUL late in a text", "menu.txt", b"x" * 600_000 + b"\x00", "content-differs"),
    ("a text as an archive", "menu.zip", TEXT, "content-differs"),
    ("nothing", "menu.txt", b"", "empty-file"),
    ("a byte too much", "large.txt", b"x" * (RULES.largest + 1), "file-too-large"),
]
STATUSES = {"file-kind-not-taken": 415, "content-differs": 415, "empty-file": 422, "file-too-large": 413}


@pytest.mark.parametrize(("name", "content", "code"), [each[1:] for each in CONTENTS], ids=[each[0] for each in CONTENTS])
def test_what_is_not_what_it_says_stays_outside(desk: RunningDesk, name: str, content: bytes, code: str) -> None:
    """Programs, pages, disguises, empty and endless files: refused with a sentence, and nothing of them is kept (S4)."""
    number, before = desk.report(), _kept(desk)
    _is_refused(_add(desk, number, name, content), STATUSES[code], code)
    assert _kept(desk) == before
    assert _listed(desk, number) == []


NAMES = [
    ("../../etc/passwd.txt", "passwd.txt"),
    ("C:\\Users\\carla\\error.txt", "error.txt"),
    ("invoice\u202egnp.txt", "invoicegnp.txt"),
    ("a\u200bb\u2066c\ufeff.txt", "abc.txt"),
    ("line\r\nSet-Cookie: x=y.txt", "lineSet-Cookie_ x=y.txt"),
    ("setup.exe.txt", "setup_exe.txt"),
    ("page.html.old.txt", "page_html.old.txt"),
    ("report.2026.final.txt", "report.2026.final.txt"),
    ('<img src=x onerror="alert(1)">.txt', "_img src=x onerror=_alert(1)__.txt"),
    ("con.txt", "_con.txt"),
    ("Nul.2026.txt", "_Nul.2026.txt"),
    ("COM¹.txt", "_COM¹.txt"),
    ("..hidden.txt", "hidden.txt"),
    ("  spaced   out .txt", "spaced out.txt"),
    ("x" * 500 + ".txt", "x" * 116 + ".txt"),
    ("kâğıt\u2028sıkıştı.txt", "kâğıt sıkıştı.txt"),
    ("100%2e2e.txt", "100_2e2e.txt"),
]


@pytest.mark.parametrize(("name", "cleaned"), NAMES)
def test_names_are_cleaned(desk: RunningDesk, name: str, cleaned: str) -> None:
    """No path, no control, no turned writing, no second end that runs, at most 120 characters, and the header stays one header (S4)."""
    number = desk.report()
    # By hand: clients of today would not send such a name.
    body = b'--b\r\nContent-Disposition: form-data; name="file"; filename="%s"\r\n\r\n%s\r\n--b--\r\n'
    escaped = name.replace("\\", "\\\\").replace('"', '\\"').replace("\r", "").replace("\n", "").encode()
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    added = desk.as_("carla").post(f"/api/v1/incidents/{number}/files", content=body % (escaped, TEXT), headers=headers)
    assert added.status_code == 200, added.text
    assert added.json()["name"] == cleaned
    said = _get(desk, number, added.json()["id"]).headers["Content-Disposition"]
    assert said.isascii()
    assert not EVERYWHERE.search(said)


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("a\u2024exe.txt", "a_exe.txt"),
        ("a\uff0eHTA\u2024b.txt", "a_HTA.b.txt"),
        ("\u3164.txt", "file.txt"),
        ("péché.mortel.PNG", "peche.mortel.PNG"),
    ],
)
def test_the_plain_name_of_a_download_is_as_safe(name: str, plain: str) -> None:
    """What old readers are told has no end in the middle that runs, out of whatever letters it was made, and keeps the one at the end."""
    assert f'filename="{plain}"' in disposition(cleaned_name(name))


def _begun(desk: RunningDesk, number: str, person: str) -> socket.socket:
    """An upload that stops in the middle."""
    wire = socket.create_connection(("127.0.0.1", desk.settings.listen_port), timeout=30)
    head = f"POST /api/v1/incidents/{number}/files HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {desk.keys[person]}\r\n"
    body = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n' + TEXT
    wire.sendall(f"{head}Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 9000\r\n\r\n".encode() + body)
    return wire


def test_nobody_fills_the_disk_with_uploads_that_do_not_end(desk: RunningDesk) -> None:
    """Four of one person may be under way; the next one is told to come back, in API and portal, others notice nothing, and one that ends makes room."""
    number, theirs = desk.report("dora"), desk.report()
    under_way = [_begun(desk, number, "dora") for _ in range(UPLOADS_AT_ONCE)]
    while (answer := _add(desk, number, "setup.exe", by="dora")).status_code == 415:
        pass
    _is_refused(answer, 503, "busy")
    assert answer.headers["Retry-After"]
    with desk.signed_in("dora") as dora:
        page = dora.post(f"/portal/incidents/{number}/message", data={"text": "x", "nonce": "n"}, files={"files": ("a.txt", TEXT)})
    assert (page.status_code, "Too many at once" in page.text) == (503, True)
    assert _add(desk, theirs).status_code == 200
    under_way.pop().close()
    while (answer := _add(desk, number, by="dora")).status_code == 503:
        pass
    assert answer.status_code == 200
    for wire in under_way:
        wire.close()


def test_the_same_command_is_one_file(desk: RunningDesk) -> None:
    """Sent again under its id it is the file that is there; another one under the same id is refused, and nothing of it stays (design rule 3)."""
    number = desk.report()
    first = _add(desk, number, command="upload-1")
    kept = _kept(desk)
    again = _add(desk, number, command="upload-1")
    assert (again.status_code, again.json()) == (200, first.json())
    _is_refused(_add(desk, number, "screen.png", PNG + b"more", command="upload-1"), 422, "command-id-reused")
    assert _kept(desk) == kept
    assert len(_listed(desk, number)) == 1
    assert _get(desk, number, first.json()["id"]).content == PNG


def test_a_refusal_of_the_incident_leaves_nothing(desk: RunningDesk) -> None:
    """Over, full, or seen at another version: the answer says which rule it was, and the bytes are gone (S12)."""
    before, closed, number = _kept(desk), desk.closed(), desk.report()
    _is_refused(_add(desk, closed, command="late"), 409, "closed-is-final")
    _is_refused(_add(desk, closed, command="late"), 409, "closed-is-final")
    stale = {"file": ("screen.png", PNG, "image/png")}
    answer = desk.as_("carla").post(f"/api/v1/incidents/{number}/files", files=stale, headers={"If-Match": '"1"'})
    _is_refused(answer, 412, "changed-meanwhile")
    assert _kept(desk) == before
    for _ in range(RULES.most):
        assert _add(desk, number, by="noah").status_code == 200
    kept = _kept(desk)
    _is_refused(_add(desk, number, by="noah"), 409, "too-many-files")
    assert _kept(desk) == kept


def test_nobody_fills_the_record_alone(desk: RunningDesk) -> None:
    """A hundred files in a quarter of an hour are enough for anybody; the next one is refused with the time to wait (ecosystem 3.14)."""
    number = desk.report("dora")
    for _ in range(UPLOADS_OF_A_PERSON.tries):
        desk.run(count(desk.engine, UPLOADS_OF_A_PERSON, "dora", datetime.now(UTC)))
    _is_refused(_add(desk, number, by="dora"), 429, "too-many-uploads")


FORMS = [
    ("JSON", b"{}", "application/json", 415, "not-a-form"),
    ("no boundary", b"x", "multipart/form-data", 400, "malformed-request"),
    ("another codec", b"--b--", "multipart/form-data; boundary=b; charset=punycode", 415, "not-a-form"),
    ("no file", b'--b\r\nContent-Disposition: form-data; name="inside"\r\n\r\ntrue\r\n--b--\r\n', "multipart/form-data; boundary=b", 422, "invalid"),
    ("a text for a file", b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nx\r\n--b--\r\n', "multipart/form-data; boundary=b", 422, "invalid"),
    ("an unknown field", b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\nx\r\n--b--\r\n', "multipart/form-data; boundary=b", 422, "invalid"),
    ("two files", b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nx\r\n' * 2 + b"--b--\r\n", "multipart/form-data; boundary=b", 400, "malformed-request"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "kind", "status", "code"), [each[1:] for each in FORMS], ids=[each[0] for each in FORMS])
def test_only_a_form_with_one_file_is_read(desk: RunningDesk, body: bytes, kind: str, status: int, code: str) -> None:
    """Whatever else comes is a clear problem, never a fault."""
    answer = desk.as_("carla").post(f"/api/v1/incidents/{desk.report()}/files", content=body, headers={"Content-Type": kind})
    _is_refused(answer, status, code)


def test_more_than_any_upload_is_not_read(desk: RunningDesk) -> None:
    """Beyond the limit of the desk bytes are thrown away as they come; where no files come in, the small limit holds as ever (ecosystem 3.14)."""
    number, large = desk.report(), b"x" * (desk.settings.upload_mb * MB)
    _is_refused(_add(desk, number, "large.txt", large), 413, "too-large")
    form = {"Content-Type": "multipart/form-data; boundary=b"}
    elsewhere = desk.as_("carla").post(f"/api/v1/incidents/{number}/message", content=b"x" * (LARGEST_BODY + 1), headers=form)
    _is_refused(elsewhere, 413, "too-large")


def test_an_upload_that_takes_too_long_ends(desk: RunningDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sends a form drop by drop is told so in the end, and nothing of it is kept (ecosystem 3.14)."""
    number, before = desk.report(), _kept(desk)
    monkeypatch.setattr("api.files.uploads.PATIENCE", timedelta(0))
    _is_refused(_add(desk, number, "large.txt", b"x" * 3 * MB), 408, "too-slow")
    assert _kept(desk) == before


# who may


def test_inner_files_do_not_exist_for_callers(desk: RunningDesk) -> None:
    """Neither in lists nor in timelines, pages or searches, not by their address, and not when they go; the desk has all of it (S22)."""
    number, secret = desk.report(), "hush9202"
    added = _add(desk, number, f"{secret}.txt", TEXT, by="asha", inside="true").json()
    gone = _add(desk, number, f"{secret} again.txt", TEXT, by="asha", inside="true").json()
    assert desk.tell(number, "remove_file", file=gone["id"], reason=secret).status_code == 200
    with desk.signed_in("carla") as carla:
        pages = [carla.get(f"/portal/incidents/{number}").text, carla.get("/portal").text]
        statuses = [carla.get(f"{door}/{number}/files/{added['id']}").status_code for door in ("/portal/incidents", "/console")]
    shown = [desk.as_("carla").get(f"/api/v1/incidents{place}").text for place in (f"/{number}", f"/{number}/files", "", f"?q={secret}")]
    for text in (*pages, *shown):
        assert secret not in text
        assert added["id"] not in text
        assert gone["id"] not in text
    assert statuses == [404, 403]
    assert _get(desk, number, added["id"], "carla").status_code == 404
    assert _get(desk, number, added["id"], "carla").json() == _get(desk, number, "0" * 32, "carla").json()
    assert number in desk.as_("asha").get(f"/api/v1/incidents?q={secret}").text
    assert [each["state"] for each in _listed(desk, number)] == ["available", "removed"]
    with desk.signed_in("asha") as asha:
        assert secret in asha.get(f"/console/{number}").text


def test_callers_add_nothing_inner(desk: RunningDesk) -> None:
    """What only the desk sees, only the desk adds, and only the desk removes anything (S22)."""
    number = desk.report()
    _is_refused(_add(desk, number, inside="true"), 403, "not-permitted")
    file = _add(desk, number).json()["id"]
    _is_refused(desk.tell(number, "remove_file", "carla", file=file, reason="mine"), 403, "not-permitted")


WHO = {"carla": (200, 200), "dora": (404, 404), "asha": (200, 200), "noah": (200, 200), "ines": (200, 200)}
WHO |= dict.fromkeys(("omar", "aude", "adam"), (403, 200))


@pytest.mark.parametrize("person", WHO)
def test_files_by_role(desk: RunningDesk, person: str) -> None:
    """Who writes to the incident adds, who sees it reads; to strangers file and incident are the same 404 (S22)."""
    number = desk.report()
    file = _add(desk, number).json()["id"]
    assert (_add(desk, number, by=person).status_code, _get(desk, number, file, person).status_code) == WHO[person]
    other = desk.report("dora")
    assert _get(desk, other, file, person).status_code == 404


def test_callers_do_not_learn_who_of_the_desk_added_it(desk: RunningDesk) -> None:
    """An agent's public file is the desk's."""
    number = desk.report()
    _add(desk, number, by="noah")
    assert [each["added_by"] for each in _listed(desk, number, "carla")] == ["desk"]
    assert "noah" not in desk.as_("carla").get(f"/api/v1/incidents/{number}").text


def test_files_are_found_by_their_names(desk: RunningDesk) -> None:
    """Caller and desk find the incident by what its public file is called; of a removed one nothing is left to find (S1)."""
    number, word = desk.report(), "zebrafinch"
    file = _add(desk, number, f"{word} in the printer.txt", TEXT).json()["id"]
    for person in ("carla", "asha"):
        assert number in desk.as_(person).get(f"/api/v1/incidents?q={word}").text
    assert desk.tell(number, "remove_file", file=file, reason="no animals").status_code == 200
    assert number not in desk.as_("asha").get(f"/api/v1/incidents?q={word}").text
    _is_refused(_get(desk, number, file), 410, "file-gone")
    (left,) = _listed(desk, number, "carla")
    assert (left["state"], left["name"]) == ("removed", "")


def test_neither_name_nor_content_is_in_a_history(desk: RunningDesk) -> None:
    """Temporal knows that a file came, of which size and kind; what it is called and what is in it the record alone knows (design rule 10)."""
    number, name, content = desk.report(), "hush9202.txt", b"planted-0815 " * 50
    file = _add(desk, number, name, content).json()["id"]

    async def everything() -> bytes:
        history = await desk.client.get_workflow_handle(number).fetch_history()
        return b"".join(event.SerializeToString() for event in history.events)

    told = desk.run(everything())
    assert file.encode() in told
    assert b"hush9202" not in told
    assert b"planted-0815" not in told


# crashes and scanners


def test_a_front_door_that_died_left_the_file_to_its_keeper(desk: RunningDesk) -> None:
    """Stored, and dead before the incident heard of it: the keeper tells it; who sends it again adds nothing twice (design rule 8)."""
    number, carla = desk.report(), Actor(ActorKind.PERSON, "carla", (Role.CALLER,))
    key = key_of(carla, "upload-7")
    message = AttachFile(file_id(number, key), len(PNG), "png", "ab" * 32)

    async def die_in_between() -> None:
        async def content() -> Any:
            yield PNG

        at = datetime.now(UTC) - TOLD_WITHIN - timedelta(seconds=1)
        await store(desk.engine, Upload(number, "screen.png", Sent(key, carla, at, message), is_to_be_scanned=False), content(), at)
        await _look(desk, datetime.now(UTC))

    desk.run(die_in_between())
    _until(desk, number, "available")
    assert _get(desk, number, message.file, "carla").content == PNG
    # Not the same words, so it is told apart; that it is one file is what counts.
    _is_refused(_add(desk, number, "screen.png", PNG, command="upload-7"), 422, "command-id-reused")
    assert len(_listed(desk, number)) == 1


def _until(desk: RunningDesk, number: str, state: str) -> None:
    """Waits until the newest file of the incident stands so."""
    while not (found := _listed(desk, number)) or found[-1]["state"] != state:
        pass


class _Unreachable:
    """A line to Temporal that is broken."""

    def get_workflow_handle(self, _: str) -> "_Unreachable":
        """As if it were there."""
        return self

    async def signal(self, *_: Any, **__: Any) -> None:
        """As the SDK does it before the first connection."""
        raise RuntimeError("Failed client connect")


def test_a_file_is_safe_although_temporal_is_away(desk: RunningDesk) -> None:
    """Stored is accepted: 202, and its keeper tells the incident when it can; meanwhile it is listed as on its way (design rule 8)."""
    number = desk.report()
    away = create_app(desk.settings, engine=desk.engine, temporal=_Unreachable())  # type: ignore[arg-type]

    async def send() -> httpx.Response:
        headers = {"Authorization": f"Bearer {desk.keys['carla']}", "Command-Id": "through-the-storm"}
        async with httpx.AsyncClient(transport=httpx.ASGITransport(away), base_url="http://desk.test", headers=headers) as client:
            return await client.post(f"/api/v1/incidents/{number}/files", files={"file": ("screen.png", PNG)})

    answer = desk.run(send())
    assert (answer.status_code, answer.headers["Location"]) == (202, f"/api/v1/incidents/{number}/commands/through-the-storm")
    assert [each["state"] for each in _listed(desk, number, "carla")] == ["on_its_way"]
    desk.run(_look(desk, datetime.now(UTC) + TOLD_WITHIN + timedelta(seconds=1)))
    _until(desk, number, "available")
    assert desk.as_("carla").get(answer.headers["Location"]).json()["result"] == "applied"
    assert _add(desk, number, command="through-the-storm").status_code == 200
    assert len(_listed(desk, number)) == 1


def test_sent_again_too_late_it_is_still_safe(desk: RunningDesk) -> None:
    """Accepted with 202, and sent again after somebody else has moved the incident: that one is refused, and the bytes stay for the incident to decide about."""
    number = desk.report()
    away = create_app(desk.settings, engine=desk.engine, temporal=_Unreachable())  # type: ignore[arg-type]
    shown = desk.as_("carla").get(f"/api/v1/incidents/{number}").headers["ETag"]
    headers = {"Command-Id": "twice-through-the-storm", "If-Match": shown}

    async def send() -> httpx.Response:
        own = headers | {"Authorization": f"Bearer {desk.keys['carla']}"}
        async with httpx.AsyncClient(transport=httpx.ASGITransport(away), base_url="http://desk.test", headers=own) as client:
            return await client.post(f"/api/v1/incidents/{number}/files", files={"file": ("screen.png", PNG)})

    assert desk.run(send()).status_code == 202
    desk.tell(number, "note", text="Looked at it.")
    kept = _kept(desk)
    _is_refused(desk.run(send()), 412, "changed-meanwhile")
    assert _kept(desk) == kept


async def _look(desk: RunningDesk, now: datetime) -> None:
    while await FileKeeper(desk.engine, desk.settings, desk.client).look_at_next(now):
        pass


CAREFUL = f"{shlex.quote(sys.executable)} -c " + shlex.quote("import sys; sys.exit(b'EICAR-STANDARD-' in sys.stdin.buffer.read())")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def checked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDesk]:
    """A desk with a virus scanner, on either database. Its keeper looks when it is told to."""
    place = tmp_path_factory.mktemp("checked")
    more = {"database_url": request.getfixturevalue("checked_url")} if request.param == "postgresql" else {}
    with running_desk(place, file_scanner=CAREFUL, **more) as running:
        yield running


@pytest.fixture(scope="module")
def checked_url(postgres_server: str) -> str:
    """The first database of the session's server, which nobody else uses."""
    return postgres_server


def _keep(desk: RunningDesk) -> None:
    """All that is due about files is done."""
    desk.run(_look(desk, datetime.now(UTC)))


def test_nobody_reads_what_is_not_checked(checked: RunningDesk) -> None:
    """Until the scanner has spoken a file is listed and cannot be read, by anybody; found clean, it can (S4)."""
    number = checked.report()
    added = _add(checked, number)
    assert (added.status_code, added.json()["state"]) == (200, "being_checked"), added.text
    for person in ("carla", "asha"):
        _is_refused(_get(checked, number, added.json()["id"], person), 409, "file-not-ready")
    _keep(checked)
    (found,) = _listed(checked, number, "carla")
    assert (found["state"], found["is_scanned"]) == ("available", True)
    assert _get(checked, number, found["id"], "carla").content == PNG


def test_an_infected_file_is_gone_before_anybody_reads_it(checked: RunningDesk) -> None:
    """Its bytes are destroyed, the timeline says so to caller and desk, and the page tells who sent it (S4)."""
    number = checked.report()
    file = _add(checked, number, "harmless.txt", EICAR).json()["id"]
    _keep(checked)
    _until(checked, number, "infected")
    for person in ("carla", "asha"):
        _is_refused(_get(checked, number, file, person), 410, "file-gone")
        while checked.read(number, person)["timeline"][-1]["kind"] != "file_infected":
            pass
    with checked.signed_in("carla") as carla:
        page = carla.get(f"/portal/incidents/{number}").text
        assert "infected, destroyed" in page
        assert "harmless.txt" in page

    async def parts() -> int:
        async with checked.engine.connect() as connection:
            counted = select(func.count()).select_from(file_parts).where(file_parts.c.file == file)
            return int((await connection.execute(counted)).scalar_one())

    assert checked.run(parts()) == 0


# pages


def test_a_report_stands_although_a_file_does_not(desk: RunningDesk) -> None:
    """The incident exists, the good file is on it, and the page says of the other which one and why; the same form again changes nothing (S1)."""
    with desk.signed_in("carla") as carla:
        key = re.search(r'name="key" value="(\w+)"', carla.get("/portal/report").text)
        assert key is not None
        chosen = [("files", ("screen.png", PNG)), ("files", ("setup.exe", b"MZ" + bytes(99)))]
        pages = [carla.post("/portal/report", data={"key": key[1], "title": "It hums"}, files=chosen) for _ in range(2)]
        (number,) = {found for page in pages for found in re.findall(r'"number">(INC-\d+-\d)<', page.text)}
        assert all(page.status_code == 200 for page in pages)
        assert "setup.exe” was not added" in pages[0].text
        assert [each["name"] for each in _listed(desk, number, "carla")] == ["screen.png"]
        assert "screen.png" in carla.get(f"/portal/incidents/{number}").text


def test_what_was_typed_comes_back_although_files_do_not(desk: RunningDesk) -> None:
    """A report that cannot be sent is shown with its texts, and says that its files must be chosen again."""
    with desk.signed_in("carla") as carla:
        page = carla.post("/portal/report", data={"title": "", "description": "It hums."}, files={"files": ("screen.png", PNG)})
    assert page.status_code == 422
    assert "It hums." in page.text
    assert "choose your files again" in page.text


@pytest.mark.parametrize("text", ["", "See the picture."])
def test_a_file_goes_with_a_message_or_alone(desk: RunningDesk, text: str) -> None:
    """One form for both, without a script; pressed twice it is one message and one file (S4)."""
    number = desk.report()
    with desk.signed_in("carla") as carla:
        for _ in range(2):
            page = carla.post(
                f"/portal/incidents/{number}/message",
                data={"text": text, "nonce": "n1"},
                files={"files": ("screen.png", PNG)},
                follow_redirects=True,
            )
            assert page.status_code == 200
        file = re.search(r"/files/(\w{32})", page.text)
        assert file is not None
        assert carla.get(f"/portal/incidents/{number}/files/{file[1]}").content == PNG
    kinds = [event["kind"] for event in desk.read(number)["timeline"]]
    assert kinds.count("caller_added_file") == 1
    assert kinds.count("caller_wrote") == bool(text)


def test_a_message_is_not_lost_with_its_file(desk: RunningDesk) -> None:
    """The message is with the desk, and the page says that the file is not; nothing at all is nothing."""
    number = desk.report()
    with desk.signed_in("carla") as carla:
        send = f"/portal/incidents/{number}/message"
        page = carla.post(send, data={"text": "See the picture.", "nonce": "n1"}, files={"files": ("screen.png", b"no picture")})
        assert page.status_code == 422
        assert "Your message is with the service desk." in page.text
        assert "screen.png” was not added" in page.text
        empty = carla.post(send, data={"text": "", "nonce": "n2"}, files={"files": ("", b"")})
        assert empty.status_code == 422
        assert "choose a file" in empty.text
    assert [event["kind"] for event in desk.read(number)["timeline"]][-1] == "caller_wrote"


def test_files_are_told_in_the_language_of_the_caller(in_turkish: RunningDesk) -> None:
    """What can be chosen, what was not added and why, what became of a file: nothing of it is English for somebody who reads Turkish."""
    number = in_turkish.report()
    with in_turkish.signed_in("carla") as carla:
        chosen = [
            ("files", ("screen.png", PNG)),
            ("files", ("setup.exe", b"MZ")),
            ("files", ("empty.txt", b"")),
            ("files", ("page.pdf", PNG)),
        ]
        page = carla.post(f"/portal/incidents/{number}/message", data={"text": "", "nonce": "n"}, files=chosen).text
    for said in ("Bir defada en çok 5 dosya", "“setup.exe” eklenmedi. Hizmet masası bu türden", "eklenmedi. Boş.", "bir dosya ekledi"):
        assert said in page
    assert not re.search(r"not added|Up to|Please|UTF-8; |added a file", page)


def test_the_desk_says_who_sees_a_file(desk: RunningDesk) -> None:
    """In the console nothing is chosen beforehand: a file for the desk alone must not reach the caller by oversight (S22)."""
    number = desk.report()
    with desk.signed_in("asha") as asha:
        add, chosen = f"/console/{number}/files", {"files": ("screen.png", PNG)}
        assert asha.post(add, data={"nonce": "n"}, files=chosen).status_code == 422
        assert asha.post(add, data={"nonce": "n", "inside": "yes"}).status_code == 422
        for inside in ("yes", "no"):
            assert asha.post(add, data={"nonce": "n", "inside": inside}, files=chosen).status_code == 303
        page = asha.get(f"/console/{number}").text
        assert page.count("not scanned") == 2
        assert (
            asha.post(
                f"/console/{number}/files", data={"nonce": "n", "inside": "no"}, files=chosen, headers={"Sec-Fetch-Site": "cross-site"}
            ).status_code
            == 403
        )
    assert [each["inside"] for each in _listed(desk, number)] == [True, False]
    assert len(_listed(desk, number, "carla")) == 1


def test_too_much_for_any_upload_is_said_on_a_page(desk: RunningDesk) -> None:
    """People get a page in words, not a document for machines."""
    with desk.signed_in("carla") as carla:
        large = {"files": ("large.txt", b"x" * (desk.settings.upload_mb * MB))}
        answer = carla.post(f"/portal/incidents/{desk.report()}/message", data={"text": "x"}, files=large)
    assert answer.status_code == 413
    assert answer.headers["Content-Type"].startswith("text/html")


def test_a_file_under_way_is_told_apart(desk: RunningDesk) -> None:
    """While its incident has not answered, a file is listed as on its way and cannot be read."""
    number = desk.report()
    file = _add(desk, number).json()["id"]

    async def set_back() -> None:
        async with desk.engine.begin() as connection:
            await connection.execute(update(files).where(files.c.id == file).values(state="received"))

    desk.run(set_back())
    assert [each["state"] for each in _listed(desk, number, "carla")] == ["on_its_way"]
    _is_refused(_get(desk, number, file), 409, "file-not-ready")
