"""A whole desk that encrypts what Temporal stores: its key is told, missed, and taken back (design rule 10)."""

import json

import pytest

from activities.house.up.embedded_server import server_file
from activities.payloads.keys import PLAIN, key_bytes, key_id, new_key, problem_of
from activities.settings import SettingsError, read_settings
from tests.house.whole_house import House, holdfast, wait_until

KEY, OTHER = new_key(), new_key()
NAME = key_id(key_bytes(KEY))


def test_keys_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first encrypts, all decrypt; the word plain stands for no key in the first place."""
    monkeypatch.setenv("HOLDFAST_PAYLOAD_KEYS", f"{PLAIN}, {KEY},{OTHER}")
    assert [key.get_secret_value() for key in read_settings().payload_keys] == [PLAIN, KEY, OTHER]


def test_a_wrong_key_is_refused_without_being_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence says how to make one."""
    monkeypatch.setenv("HOLDFAST_PAYLOAD_KEYS", "my-own-secret")
    with pytest.raises(SettingsError) as refused:
        read_settings()
    assert str(refused.value).startswith("HOLDFAST_PAYLOAD_KEYS: needs keys of 32 random bytes")
    assert "holdfast payloads key" in str(refused.value)
    assert "my-own-secret" not in str(refused.value)


def test_the_command_makes_a_key_and_the_settings_hide_it() -> None:
    """What is printed can be put into the setting, and is never shown again."""
    made = holdfast("payloads", "key").stdout.strip()
    assert problem_of([made]) is None
    shown = holdfast("settings", HOLDFAST_PAYLOAD_KEYS=f"{made},{KEY}").stdout
    assert "HOLDFAST_PAYLOAD_KEYS=2 key(s)" in shown
    assert made not in shown


def _found(house: House, **settings: str) -> tuple[int, list[dict[str, str]]]:
    """What the doctor says of payloads."""
    place = house.settings | {"HOLDFAST_PAYLOAD_KEYS": ""} | settings
    done = holdfast("doctor", "--only", "payloads", "--json", **place)
    return done.returncode, json.loads(done.stdout)


def test_a_desk_that_misses_its_key_waits_for_it(house: House) -> None:
    """Nothing is lost or decided meanwhile: one plain line says what is missing, the doctor fails, and with the key the message is applied once."""
    house.settings["HOLDFAST_PAYLOAD_KEYS"] = KEY
    house.open()
    number = house.report("zqtitle of the network")
    code, (encryption, legibility) = _found(house, HOLDFAST_PAYLOAD_KEYS=KEY)
    assert (code, NAME in encryption["finding"], "1 running incident looked at" in legibility["finding"]) == (0, True, True)
    assert holdfast("payloads", "usage", **house.settings).stdout.splitlines()[1] == f"       1  key {NAME}, which encrypts"
    assert house.close() == 0
    assert b"zqtitle" not in server_file(read_settings().model_copy(update={"data_dir": house.data_dir})).read_bytes()

    house.settings["HOLDFAST_PAYLOAD_KEYS"] = OTHER
    house.open()
    said = house.asks("POST", f"/api/v1/incidents/{number}/message", json={"text": "still down"})
    assert said.status_code == 202, said.text
    log = house.data_dir / "logs" / "worker.log"
    wait_until(lambda: f"it needs key {NAME}" in log.read_text(encoding="utf-8"), "a line about the key")
    code, found = _found(house, HOLDFAST_PAYLOAD_KEYS=OTHER)
    assert (code, found[1]["level"]) == (1, "fail")
    assert f"key {NAME} (1 incident)" in found[1]["finding"]
    usage = holdfast("payloads", "usage", **house.settings)
    assert (usage.returncode, f"1  key {NAME}, which is missing here" in usage.stdout) == (1, True)
    assert house.close() == 0
    lines = log.read_text(encoding="utf-8")
    assert "Traceback" not in lines
    assert "UnreadablePayloadError" not in lines

    house.settings["HOLDFAST_PAYLOAD_KEYS"] = f"{OTHER},{KEY}"
    house.open()
    wait_until(lambda: _messages(house, number) == ["still down"], "the message in the record")
    assert house.close() == 0


def _messages(house: House, number: str) -> list[str]:
    timeline = house.asks("GET", f"/api/v1/incidents/{number}").json()["timeline"]
    return [each["after"]["text"] for each in timeline if "text" in each["after"]]
