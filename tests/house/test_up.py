"""``holdfast up`` on a real machine: what dies comes back, what is stopped goes on, and nothing is left behind."""

import os
import signal

import psutil

from tests.house.whole_house import House, holdfast, is_alive, wait_until


def test_an_incident_outlives_stop_and_start(house: House) -> None:
    """A desk that is closed with Ctrl-C and opened again still has its incidents, keys and letters, and works on them."""
    house.open()
    number = house.report("Screen is black")
    key = house.key("CALLER")
    pids = house.pids()
    assert house.close() == 0
    assert not any(is_alive(pid) for pid in pids.values())
    assert not house.pids()
    house.open()
    assert house.key("CALLER") == key
    assert house.asks("GET", f"/api/v1/incidents/{number}").json()["title"] == "Screen is black"
    answer = house.asks("POST", f"/api/v1/incidents/{number}/message", json={"text": "It is still black."})
    assert answer.status_code in {200, 202}, answer.text
    assert house.close() == 0


def test_every_process_that_is_killed_comes_back(house: House) -> None:
    """Kill -9 of server, worker or API: each is started again, and incidents are taken in and worked as before."""
    house.open()
    for name, pid in house.pids().items():
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda name=name, pid=pid: house.pids().get(name) not in {None, pid}, f"a new {name}")  # type: ignore[misc]
        house.report(f"Broken after {name}")
    assert house.said().count("started again") >= 3
    assert house.close() == 0


def test_nothing_outlives_a_house_that_is_killed(house: House) -> None:
    """Kill -9 of holdfast up leaves no process and no port taken; the next start finds everything."""
    house.open()
    number = house.report("Nobody can print")
    pids = house.pids()
    assert house.process is not None
    family = {child.pid for child in psutil.Process(house.process.pid).children(recursive=True)}
    assert set(pids.values()) <= family
    house.process.kill()
    house.process.wait()
    wait_until(lambda: not any(is_alive(pid) for pid in family), "the end of all of its processes")
    house.open()
    assert house.asks("GET", f"/api/v1/incidents/{number}").json()["number"] == number
    assert house.close() == 0


def test_the_open_house(house: House) -> None:
    """While it is open: a second one refuses, the doctor is content, secrets are private, and only this machine can reach it."""
    house.open()
    second = holdfast("up", **house.settings)
    assert second.returncode == 1
    assert "Another holdfast up" in second.stderr
    assert "Traceback" not in second.stderr

    wait_until(lambda: holdfast("doctor", **house.settings).returncode == 0, "a doctor who is content")

    assert house.data_dir.stat().st_mode & 0o077 == 0
    for name in ("keys.env", "link.key"):
        assert (house.data_dir / name).stat().st_mode & 0o077 == 0, name

    for pid in house.pids().values():
        listening = [each.laddr.ip for each in psutil.Process(pid).net_connections("tcp") if each.status == psutil.CONN_LISTEN]
        assert all(place in {"127.0.0.1", "::1"} for place in listening), listening

    listed = holdfast("keys", "list", **house.settings)
    assert listed.returncode == 0
    assert "carla" in listed.stdout
    assert house.key("CALLER") not in listed.stdout
    assert house.close() == 0


def test_a_house_can_be_closed_while_it_opens(house: House) -> None:
    """Ctrl-C before everything is up ends what was started, with exit code 0 and without a traceback."""
    house.begin()
    wait_until(lambda: "temporal-server" in house.pids(), "the first process")
    family = set(house.pids().values())
    assert house.close() == 0
    assert not any(is_alive(pid) for pid in family)
    assert not house.pids()
    assert "Traceback" not in house.said()
