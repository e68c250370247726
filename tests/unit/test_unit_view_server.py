"""The server of the page: what it gives, to whom, and that nobody else gets anything."""

from __future__ import annotations

import gc
import http.client
import signal
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from socket import create_connection
from typing import Any

import exported_run as made
import numpy as np
import pytest
from served_run import PATIENCE_S, Served, serving, until

from chainhome.cli import main
from chainhome.errors import ChainhomeError, UseError
from chainhome.view import guard, live, server
from chainhome.view import session as session_
from chainhome.view.frames import ROW, Rows, decode, rows_of

pytest.importorskip("starlette", reason="the extra live is not installed")
pytest.importorskip("uvicorn", reason="the extra live is not installed")
connect = pytest.importorskip("websockets.sync.client", reason="the extra live is not installed").connect
refused = pytest.importorskip("websockets.exceptions").InvalidStatus

SNAPSHOT = b"\x1f\x8b what stays"
CONTENT = server.Content("<!doctype html><title>page</title>", {"main.js": b"// module", "page.css": b"a{}"}, SNAPSHOT)


def session(speed: float = 1_000.0, rate_hz: float = 50.0, tracks: int = 0) -> session_.Session:
    """The small run, or as many tracks as asked that all move every second of an hour."""
    replay = live.replay_of(made.run()) if not tracks else moving(tracks)
    return session_.Session(replay, speed, rate_hz)


def moving(tracks: int) -> live.Replay:
    ids, times = np.arange(tracks), np.arange(0.0, 3600.0, 1.0)
    one: Rows = rows_of(ids, 0.0, np.full(tracks, 40.0), np.full(tracks, 32.0), 0.0, 0.0, 0.0, 0)
    rows = np.zeros((len(times), tracks), ROW)
    rows[:] = one
    rows["altitude_m"] = times[:, None]
    return live.Replay(np.repeat(times, tracks), rows.reshape(-1), 0.0, 3600.0)


@pytest.fixture
def plain() -> Iterator[Served]:
    with serving(CONTENT, None) as served:
        yield served


@pytest.fixture
def played() -> Iterator[Served]:
    with serving(CONTENT, session()) as served:
        yield served


def ask(served: Served, path: str, *, method: str = "GET", host: str = "") -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=PATIENCE_S)
    connection.putrequest(method, path, skip_host=True)
    connection.putheader("Host", host or f"127.0.0.1:{served.port}")
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read()
    told = {name.lower(): value for name, value in answer.getheaders()}
    connection.close()
    return answer.status, told, body


def listen(served: Served, *, origin: str | None = "", path: str = "live", **more: Any) -> Any:
    own = f"http://127.0.0.1:{served.port}"
    words = {"origin": own if origin == "" else origin, "max_size": None, "compression": None} | more
    return connect(f"ws://127.0.0.1:{served.port}/{path}", **words)


def drain(socket: Any) -> None:
    for _ in range(50):
        socket.recv(timeout=PATIENCE_S)


def test_page_modules_and_data_are_served_with_their_types(plain: Served) -> None:
    for path, kind, body in (
        ("/", "text/html; charset=utf-8", CONTENT.page.encode()),
        ("/assets/main.js", "text/javascript; charset=utf-8", b"// module"),
        ("/assets/page.css", "text/css; charset=utf-8", b"a{}"),
        ("/data", "application/octet-stream", SNAPSHOT),
    ):
        status, told, got = ask(plain, path)
        assert (status, told["content-type"], got) == (200, kind, body)


@pytest.mark.parametrize("path", ["/", "/assets/main.js", "/data", "/nothing"])
def test_every_answer_carries_the_strict_policy(plain: Served, path: str) -> None:
    _, told, _ = ask(plain, path)
    policy = told["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
    assert told["x-content-type-options"] == "nosniff"
    assert told["cross-origin-resource-policy"] == "same-origin"
    assert "access-control-allow-origin" not in told
    assert "server" not in told


@pytest.mark.parametrize(
    "path",
    [
        "/assets", "/assets/", "/assets/../server.py", "/assets/..%2fserver.py", "/assets/%2e%2e/server.py",
        "/assets/..%5cserver.py", "/etc/passwd", "//etc/passwd", "/assets//main.js", "/assets/main.js%00",
        "/assets/live.js/", "/.git/config", "/live",
    ],
)  # fmt: skip
def test_nothing_else_is_there_no_listing_and_no_way_out(plain: Served, path: str) -> None:
    status, _, body = ask(plain, path)
    assert status == 404
    assert b"import" not in body
    assert b"root:" not in body
    assert b"<li>" not in body


def test_only_reading_is_possible(plain: Served) -> None:
    assert {method: ask(plain, "/", method=method)[0] for method in ("POST", "PUT", "DELETE")} == dict.fromkeys(
        ("POST", "PUT", "DELETE"), 405
    )


def test_a_foreign_name_in_the_host_header_is_not_answered(played: Served) -> None:
    """A page from elsewhere can let its name point to 127.0.0.1; the browser then sends that name."""
    for host in ("evil.example", f"evil.example:{played.port}", "127.0.0.1.evil.example", "10.0.0.1", "localhost."):
        status, told, body = ask(played, "/data", host=host)
        assert (status, body) == (421, b"this server does not answer to that name\n")
        assert "content-security-policy" in told
        # And not with a Host and an Origin that agree with each other, either.
    assert {ask(played, "/", host=f"{name}:{played.port}")[0] for name in ("localhost", "127.0.0.1", "[::1]")} == {200}
    # Behind a tunnel (ssh -L) the port is another.
    assert ask(played, "/", host="localhost:9999")[0] == 200


@pytest.mark.parametrize("origin", [None, "null", "http://evil.example", "http://127.0.0.1", "http://localhost:PORT"])
def test_a_websocket_is_opened_by_the_page_alone(played: Served, origin: str | None) -> None:
    with pytest.raises(refused) as failed, listen(played, origin=origin and origin.replace("PORT", str(played.port))):
        pass
    assert failed.value.response.status_code == 403
    with pytest.raises(refused), listen(played, origin="http://evil.example", additional_headers={}):
        pass


def test_beyond_the_loopback_addresses_are_answered_and_names_are_not() -> None:
    assert guard.fits_host("192.168.1.7:8765", "0.0.0.0")
    assert guard.fits_host("[fe80::1]:8765", "::")
    assert not guard.fits_host("evil.example:8765", "0.0.0.0")
    assert guard.fits_host("radar.local:8765", "radar.local")
    assert guard.is_loopback("127.0.0.9")
    assert not guard.is_loopback("0.0.0.0")


def test_a_late_joiner_gets_what_stays_what_was_and_all_that_is(played: Served) -> None:
    assert played.session is not None
    until(lambda: played.session is not None and played.session.picture.ended)
    with listen(played) as socket:
        assert socket.recv() == SNAPSHOT
        frames = decode(socket.recv())
    assert [frame.full for frame in frames] == [False] * (len(frames) - 1) + [True]
    times = [frame.time_s for frame in frames]
    assert times == sorted(times)
    whole = frames[-1]
    assert (whole.time_s, whole.ended, whole.rows["id"].tolist()) == (110.0, True, [5]), "track 4 has ended"
    assert {int(key) for frame in frames[:-1] for key in frame.rows["id"]} == {4, 5}


def test_who_comes_back_gets_only_what_it_missed(played: Served) -> None:
    assert played.session is not None
    until(lambda: played.session is not None and played.session.picture.ended)
    key = played.session.key

    def times(path: str) -> list[float]:
        with listen(played, path=path) as socket:
            socket.recv()
            return [frame.time_s for frame in decode(socket.recv())]

    everything = times("live")
    middle = everything[len(everything) // 2]
    assert times(f"live?session={key}&after={middle}") == [time for time in everything[:-1] if time > middle] + [110.0]
    assert times(f"live?session={key + 1}&after={middle}") == everything, "another session's times mean nothing"
    assert times("live?session=x&after=y") == everything


def test_the_next_frame_waits_until_the_last_is_taken() -> None:
    with serving(CONTENT, session(speed=10.0, rate_hz=50.0, tracks=3)) as played, listen(played) as socket:
        socket.recv()
        first = decode(socket.recv())[-1]
        assert played.session is not None
        until(lambda: played.session is not None and played.session.picture.number > first.number + 10)
        with pytest.raises(TimeoutError):
            socket.recv(timeout=0.2)
        socket.send(str(first.number))
        (newest,) = decode(socket.recv(timeout=PATIENCE_S))
        assert newest.number > first.number + 10
        assert newest.rows["id"].tolist() == [0, 1, 2]


def test_a_slow_client_costs_no_memory_and_gets_the_newest_frame() -> None:
    """5,000 tracks that all move in every frame are 160 kB a frame: 300 frames would be 48 MB."""
    with serving(CONTENT, session(speed=50.0, rate_hz=200.0, tracks=5_000)) as played, listen(played) as socket:
        socket.recv()
        first = decode(socket.recv())[-1]
        assert played.session is not None
        picture = lambda: played.session.picture  # type: ignore[union-attr]  # noqa: E731
        # The time buffer is bounded; it is filled before the slow client's cost is measured.
        until(lambda: len(played.session.history.after(-1.0)) > 0.9 * live.HISTORY_BYTES)  # type: ignore[union-attr]
        gc.collect()
        tracemalloc.start()
        number = picture().number
        until(lambda: picture().number > number + 300, patience_s=60.0)
        # A frame that is being made holds memory for a moment; frames that queue would hold it at every moment.
        readings = []
        for later in range(310, 410, 10):
            until(lambda later=later: picture().number > number + later, patience_s=60.0)  # type: ignore[misc]
            gc.collect()
            readings.append(tracemalloc.get_traced_memory()[0])
        tracemalloc.stop()
        grown = min(readings)
        a_few_frames_and_the_time_buffer = live.HISTORY_BYTES + 5 * 160_000
        assert grown < a_few_frames_and_the_time_buffer
        socket.send(str(first.number))
        (newest,) = decode(socket.recv(timeout=PATIENCE_S))
        assert newest.number > number + 300
        assert set(newest.rows["altitude_m"].tolist()) == {np.floor(newest.time_s)}


@pytest.mark.parametrize("word", ["x", "-1", "9" * 65, "1.5", ""])
def test_a_client_that_says_anything_else_is_cut_off(word: str) -> None:
    with serving(CONTENT, session(speed=1.0)) as played, listen(played) as socket:
        socket.recv()
        socket.send(word)
        closed = pytest.importorskip("websockets.exceptions").ConnectionClosed
        with pytest.raises(closed):
            drain(socket)
        until(lambda: played.session is not None and not played.session.waiting)


def test_listeners_beyond_the_limit_are_told_to_come_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_, "LISTENERS_AT_MOST", 1)
    closed = pytest.importorskip("websockets.exceptions").ConnectionClosed
    with serving(CONTENT, session(speed=1.0)) as played, listen(played) as first:
        first.recv()
        with listen(played) as second, pytest.raises(closed):
            second.recv(timeout=PATIENCE_S)


def test_a_used_port_is_one_sentence(plain: Served) -> None:
    with pytest.raises(UseError, match=rf"^port {plain.port} of 127\.0\.0\.1 is in use; choose another with --port"):
        server.open_socket("127.0.0.1", plain.port)
    with pytest.raises(UseError, match="no address of this machine"):
        server.open_socket("no-such-host.invalid", 0)
    with pytest.raises(UseError, match="cannot listen"):
        server.open_socket("192.0.2.1", 0)


def test_without_the_extra_one_sentence_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(ChainhomeError, match=r'pip install "chainhome\[live\]"'):
        server.check_extra()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--port", "99999"], "not a port"),
        (["--port", "80"], "--port belongs to --serve"),
        (["--replay"], "--replay belongs to --serve"),
        (["--serve", "--speed", "5"], "--speed belongs to --replay"),
        (["--serve", "--replay", "--speed", "0"], "not a speed"),
        (["--serve", "--host", ""], "is no address"),
        (["--serve", "--host", "a..b"], "is no address"),
        (["--serve", "--host", 300 * "a"], "is no address"),
        (["--serve", "--host", "a\nb\x1b[2J"], r'"a\nb\x1b[2J" is no address'),
        (["--serve", "--port", "٣"], "not a port"),
        (["--serve", "--host=--"], '--host: "--" is not a value'),
    ],
)
def test_wrong_use_of_view_is_one_sentence(
    options: list[str], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = made.write_run(tmp_path / "run")
    assert main(["view", str(folder), "--no-open", *options]) == 2
    error = capsys.readouterr().err
    assert sentence in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("presses", [1, 2])
def test_ctrl_c_ends_the_server_cleanly_and_nonsense_is_not_told(presses: int, tmp_path: Path) -> None:
    folder = made.write_run(tmp_path / "run")
    command = [sys.executable, "-m", "chainhome", "view", str(folder), "--serve", "--port", "0", "--no-open"]
    command += ["--replay", "--speed", "1"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert "Ctrl-C ends it" in line, process.communicate(timeout=PATIENCE_S)
        port = int(line.split("127.0.0.1:")[1].split("/")[0])
        served = Served(f"http://127.0.0.1:{port}/", port, None, None)
        until(lambda: ask(served, "/")[0] == 200)
        with create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as nonsense:
            nonsense.sendall(b"nonsense\r\n\r\n")
            assert nonsense.recv(100).startswith(b"HTTP/1.1 400")
        with listen(served) as socket:
            assert socket.recv()[:2] == b"\x1f\x8b"
            for _ in range(presses):
                process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=PATIENCE_S)
        assert (process.returncode, errors) == (0, "")
    finally:
        process.kill()
