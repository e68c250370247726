"""`chainhome view`: where the page goes, what is opened, and what is served."""

from __future__ import annotations

import contextlib
import errno
from pathlib import Path
from typing import Any

import exported_run as made
import pytest

from chainhome.cli import main, view_command
from chainhome.view import guard, served, server
from chainhome.view.bundle import asset


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that a browser was asked to open."""
    asked: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda address: asked.append(address) or True)  # type: ignore[func-returns-value]
    return asked


def test_the_page_goes_into_the_run_folder_and_is_opened(
    tmp_path: Path, opened: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = made.write_run(tmp_path / "run")
    before = {path: path.read_bytes() for path in folder.iterdir()}
    assert main(["view", str(folder)]) == 0
    page = folder / "view.html"
    assert capsys.readouterr().out == f"wrote {page}\n"
    assert opened == [page.as_uri()]
    assert made.HOSTILE_TEXT not in page.read_text(encoding="utf-8")
    assert {path: path.read_bytes() for path in before} == before
    assert {path.name for path in folder.iterdir()} - {path.name for path in before} == {"view.html"}
    assert main(["view", str(folder), "--no-open"]) == 0, "it is written anew"
    assert len(opened) == 1


def test_a_page_of_somebody_else_is_left_alone(
    tmp_path: Path, opened: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = made.write_run(tmp_path / "run")
    mine = "<!DOCTYPE html><title>my notes on a run of chainhome view 1</title>"
    (folder / "view.html").write_text(mine)
    assert main(["view", str(folder)]) == 2
    assert "is not a page that chainhome wrote" in capsys.readouterr().err
    assert (folder / "view.html").read_text() == mine
    assert opened == []


def test_a_run_that_cannot_be_written_to_is_shown_from_elsewhere(
    tmp_path: Path, opened: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = made.write_run(tmp_path / "run")

    def picky(real: Any) -> Any:
        def act(path: Path, *what: Any, **more: Any) -> Any:
            if path.parent == folder:
                raise OSError(errno.EROFS, "Read-only file system", str(path))
            return real(path, *what, **more)

        return act

    # Taking the half-written file away fails as well.
    for name in ("write_bytes", "unlink"):
        monkeypatch.setattr(Path, name, picky(getattr(Path, name)))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert main(["view", str(folder)]) == 0
    told = capsys.readouterr()
    assert "Read-only file system; the page goes elsewhere" in told.err
    path = Path(told.out.removeprefix("wrote ").strip())
    assert path.is_file()
    assert path.parent.parent == tmp_path
    assert opened == [path.as_uri()]


def test_without_a_browser_the_address_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("webbrowser.open", lambda address: False)
    folder = made.write_run(tmp_path / "run", finish=False)
    assert main(["view", str(folder)]) == 0
    told = capsys.readouterr().out
    assert "is marked incomplete" in told
    assert f"no browser could be started; open {(folder / 'view.html').as_uri()}" in told


def test_what_is_no_run_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["view", str(tmp_path), "--no-open"]) == 2
    assert "is not a run" in capsys.readouterr().err


@pytest.mark.parametrize(("options", "live"), [([], False), (["--replay", "--speed", "3"], True)])
def test_the_server_gets_the_page_its_assets_and_the_data(
    options: list[str],
    live: bool,
    tmp_path: Path,
    opened: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pytest.importorskip("uvicorn", reason="the extra live is not installed")
    given: list[Any] = []
    monkeypatch.setattr(server, "application", lambda *what: given.append(what))
    monkeypatch.setattr(server, "run_server", lambda app, socket, ready: ready(server.address_of(socket)))
    folder = made.write_run(tmp_path / "run")
    assert main(["view", str(folder), "--serve", "--port", "0", *options]) == 0
    ((content, session, host),) = given
    assert host == "127.0.0.1"
    assert content.data[:2] == b"\x1f\x8b"
    assert {"main.js", "live.js", "style.css"} <= set(content.assets)
    assert content.page == served.served(made.HOSTILE_TEXT, live=live)
    assert (session is not None) == live
    if live:
        assert session.speed == 3.0
    told = capsys.readouterr()
    assert opened[0].startswith("http://127.0.0.1:")
    assert f"is at {opened[0]}" in told.out
    assert ("played 3 times as fast" in told.out) == live
    assert told.err == ""


def test_listening_beyond_this_machine_is_warned_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, opened: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("uvicorn", reason="the extra live is not installed")
    monkeypatch.setattr(server, "run_server", lambda app, socket, ready: ready(server.address_of(socket)))
    folder = made.write_run(tmp_path / "run")
    assert main(["view", str(folder), "--serve", "--port", "0", "--host", "0.0.0.0"]) == 0
    assert "whoever reaches this machine over the network can see this run" in capsys.readouterr().err
    assert opened[0].startswith("http://127.0.0.1:"), "no browser opens 0.0.0.0"


def test_a_used_port_is_refused_before_the_run_is_prepared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("uvicorn", reason="the extra live is not installed")
    folder = made.write_run(tmp_path / "run")
    with contextlib.closing(server.open_socket("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["view", str(folder), "--serve", "--port", str(port), "--no-open"]) == 2
    error = capsys.readouterr().err
    assert error == f"chainhome: port {port} of 127.0.0.1 is in use; choose another with --port (0 takes any)\n"


def test_the_default_address_is_this_machine_alone() -> None:
    assert guard.is_loopback(view_command.HOST)


def test_the_served_page_runs_nothing_inline() -> None:
    page = served.served(made.HOSTILE_TEXT, live=True)
    assert page.count("<script") == 1
    assert '<script type="module" src="assets/main.js"></script>' in page
    assert "<style" not in page
    assert " style=" not in page
    assert "<img" not in page.replace(asset("page.html"), "")
    assert '<body data-live="live">' in page
    assert '<body data-source="data">' in served.served("x", live=False)
