"""Several processes of one house on PostgreSQL: what was true of one is true of many."""

import http.client
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import psutil
import pytest

from support.fleet import Member, database, fleet, seeded, web, worker
from support.gate import Gate
from support.process import NOTICED_S, Client, Dev, Process, eventually, hongyan, new_phone

pytestmark = pytest.mark.timeout(120)

SILENT = "19900000004"
"""Never answered by the sandbox."""
LEASE_S = 30.0
LONG_S = 30.0
"""For what takes a moment on a machine that has nothing else to do."""


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The directory of a house that tests share."""
    data = tmp_path_factory.mktemp("shared") / "data"
    with seeded(data):
        yield data


@pytest.fixture(scope="module")
def members(shared: Path) -> Iterator[tuple[list[Member], list[Member]]]:
    """Its two webs and its worker."""
    with fleet(shared) as found:
        yield found


@pytest.fixture
def webs(members: tuple[list[Member], list[Member]]) -> list[Member]:
    return members[0]


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """The directory of a house of this test's own."""
    with seeded(tmp_path / "data"):
        yield tmp_path / "data"


def operate(data: Path, *arguments: str) -> None:
    done = hongyan(*arguments, "--data", data, "--json")
    assert done.code == 0, done


# One house.


def test_dev_keeps_everything_across_a_restart(tmp_path: Path) -> None:
    with database() as url:
        with Dev(tmp_path, "--database", url) as house:
            before = house.file
            house.app.settled(house.app.sent("13800138000"), "delivered")
            assert house.stop() == 0
        with Dev(tmp_path) as house:
            after = house.file
            assert house.app.texts("13800138000")
            assert house.balance() == 999_999
            assert house.stop() == 0
    assert {**after, "base_url": ""} == {**before, "base_url": ""}
    assert not (tmp_path / "hongyan.db").exists()


def test_what_one_web_accepts_a_worker_delivers_and_all_show(webs: list[Member]) -> None:
    phone = new_phone()
    verification = webs[0].app.started(phone)
    code = webs[1].app.code(phone)
    assert webs[0].app.code(phone) == code
    assert webs[1].app.check(verification, code).status == 200
    assert webs[0].app.check(verification, code).status == 400


def test_a_proof_is_used_once_by_whichever_process(webs: list[Member]) -> None:
    proof = webs[0].app.approved(new_phone())
    used = [one.app.post("/v1/proofs/verify", {"proof": proof}).status for one in webs]
    assert used == [200, 409]


def test_all_processes_sign_with_the_same_keys(webs: list[Member]) -> None:
    keys = [one.nobody.get("/.well-known/jwks.json").json for one in webs]
    assert keys[0] == keys[1]
    assert keys[0]["keys"]


def test_a_limit_is_exact_over_all_processes(webs: list[Member]) -> None:
    phone = new_phone()
    with ThreadPoolExecutor(16) as callers:
        answers = list(callers.map(lambda n: webs[n % 2].app.start(phone).status, range(32)))
    assert Counter(answers) == {201: 1, 429: 31}


def test_a_page_of_any_web_may_call_it(webs: list[Member]) -> None:
    for one in webs:
        origin = {"Origin": one.url}
        body = {"phone": new_phone(), "purpose": "login"}
        assert one.page.call("POST", "/v1/verifications", body, origin).status == 201


def test_a_change_is_seen_by_every_process_within_a_second(
    webs: list[Member], shared: Path
) -> None:
    operate(shared, "app", "create", "Other", "--name", "app_other")
    key = hongyan("key", "add", "app_other", "--data", shared, "--json").json
    apps = [Client(one.url, key["key"]) for one in webs]

    def all_answer(status: int) -> bool:
        return all(app.get("/v1/messages/06XSFM3AW0000").status == status for app in apps)

    eventually(lambda: all_answer(404), NOTICED_S)
    operate(shared, "key", "end", "app_other", key["hint"])
    eventually(lambda: all_answer(401), NOTICED_S)


def test_a_web_hands_nothing_over(data: Path) -> None:
    with web(data) as one:
        message = one.app.sent(new_phone())
        assert one.app.message(message)["status"] == "queued"
        with worker(data):
            one.app.settled(message, "delivered")


def test_a_worker_may_tell_of_its_health(data: Path) -> None:
    with worker(data, "--port", "0") as one:
        assert one.nobody.get("/readyz").status == 200
        assert one.nobody.get("/metrics").status == 200
        assert one.nobody.get("/v1/messages/06XSFM3AW0000").problem == (404, "no_such_path")
        assert one.stop() == 0


def test_doctor_finds_a_house_on_postgresql_well(shared: Path) -> None:
    done = hongyan("doctor", "--data", shared, "--json")
    assert done.code == 0, done
    areas = [one["area"] for one in done.json]
    assert areas == ["keys", "database", "clock", "books", "routes", "routes", "routes"]


# The key file.


def test_another_houses_key_file_is_refused(shared: Path, tmp_path: Path) -> None:
    for name in ("dev.json", "hongyan.url"):
        (tmp_path / name).write_bytes((shared / name).read_bytes())
    done = hongyan("web", "--dev", "--data", tmp_path, "--port", "0", "--json")
    assert (done.code, "hongyan.key is missing" in done.json["error"]) == (1, True)
    done = hongyan("dev", "--data", tmp_path, "--port", "0", "--json")
    assert (done.code, "Copy it there" in done.json["error"]) == (1, True)


# Ends.


def test_children_that_die_are_begun_again_and_end_with_their_supervisor(data: Path) -> None:
    with web(data, "--processes", "2") as supervisor:
        process = psutil.Process(supervisor.pid)
        before = {child.pid for child in process.children()}
        assert len(before) == 2
        killed = before.pop()
        psutil.Process(killed).send_signal(signal.SIGKILL)
        eventually(lambda: len(_pids(process) - before - {killed}) == 1, LONG_S)
        assert "process.ended" in supervisor.err
        assert supervisor.nobody.get("/readyz").status == 200
        children = process.children()
        supervisor.kill()
        assert psutil.wait_procs(children, timeout=LONG_S)[1] == []


def test_a_stop_under_load_loses_nothing_and_sends_nothing_twice(data: Path) -> None:
    accepted: list[str] = []
    slow = {"HONGYAN__PROVIDERS__SANDBOX__RATE": "300"}
    with web(data, "--processes", "2") as front, worker(data, **slow) as back:
        app, enough = front.app, threading.Event()

        def ask() -> None:
            while True:
                try:
                    answer = app.send([new_phone() for _ in range(10)])
                except (OSError, http.client.HTTPException):
                    return
                accepted.extend(one["id"] for one in answer.json["messages"])
                if len(accepted) > 600:
                    enough.set()

        callers = [threading.Thread(target=ask) for _ in range(8)]
        for caller in callers:
            caller.start()
        assert enough.wait(LONG_S)
        back.terminate()
        front.terminate()
        assert (front.wait(), back.wait()) == (0, 0)
        for caller in callers:
            caller.join()
    with web(data) as front, worker(data):
        arrived = eventually(lambda: _texts(front.app, len(accepted)), LONG_S)
    assert len(set(arrived)) == len(arrived)
    assert set(accepted) <= set(arrived)


def test_a_worker_that_is_killed_is_noticed_within_its_lease(data: Path) -> None:
    slow = {"HONGYAN__PROVIDERS__SANDBOX__RATE": "20"}
    with web(data) as front, worker(data, **slow) as back:
        silent = front.app.sent(SILENT)
        front.app.settled(silent, "sending")
        others = [
            one["id"] for one in front.app.send([new_phone() for _ in range(200)]).json["messages"]
        ]
        front.app.settled(others[0], "delivered", "submitted")
        back.kill()
        with worker(data):
            front.app.settled(silent, "unconfirmed", seconds=LEASE_S + 10)
            arrived = eventually(lambda: _texts(front.app, 100), LONG_S)
            for one in others:
                front.app.settled(one, "delivered", "submitted", "unconfirmed", seconds=LONG_S)
    assert max(Counter(arrived).values()) == 1


# The database goes away and comes back.


def test_readiness_follows_the_database(data: Path) -> None:
    url = (data / "hongyan.url").read_text().strip()
    with Gate(url) as gate:
        through = {"HONGYAN__STORE__DATABASE": gate.url}
        with web(data, **through) as front, worker(data, "--port", "0", **through) as back:
            app = front.app
            before = app.sent(new_phone())
            app.settled(before, "delivered")
            gate.shut()
            for one in (front, back):
                eventually(partial(_is_ready, one, ready=False), LONG_S)
            assert front.nobody.get("/readyz").json["reasons"]
            assert app.send(new_phone()).status == 503
            assert front.nobody.get("/healthz").status == 200
            gate.open()
            for one in (front, back):
                eventually(partial(_is_ready, one, ready=True), LONG_S)
            app.settled(app.sent(new_phone()), "delivered")
            assert (front.stop(), back.stop()) == (0, 0)


@pytest.mark.parametrize("how", [Gate.shut, Gate.hold])
def test_a_stop_while_the_database_is_away_is_bounded(
    data: Path, how: Callable[[Gate], None]
) -> None:
    url = (data / "hongyan.url").read_text().strip()
    with Gate(url) as gate:
        through = {"HONGYAN__STORE__DATABASE": gate.url}
        with web(data, **through) as front, worker(data, **through) as back:
            front.app.settled(front.app.sent(new_phone()), "delivered")
            how(gate)
            eventually(partial(_is_ready, front, ready=False), LONG_S)
            front.terminate()
            assert (back.stop(), front.wait()) == (0, 0)


def test_a_start_waits_until_the_database_is_there(data: Path) -> None:
    url = (data / "hongyan.url").read_text().strip()
    with Gate(url) as gate:
        gate.shut()
        arguments = ("web", "--dev", "--json", "--port", "0", "--data", data)
        with Process(*arguments, HONGYAN__STORE__DATABASE=gate.url) as process:
            eventually(lambda: "store.waiting" in process.err, LONG_S)
            gate.open()
            assert Client(process.ready()["listening"]).get("/readyz").status == 200


def _is_ready(member: Member, *, ready: bool) -> bool:
    return member.nobody.get("/readyz").status == (200 if ready else 503)


def _pids(process: psutil.Process) -> set[int]:
    return {child.pid for child in process.children()}


def _texts(app: Client, least: int) -> list[str]:
    """The ids of all texts, once there are so many."""
    found = [text["id"] for text in app.get("/sandbox/messages").json["messages"]]
    return found if len(found) >= least else []
