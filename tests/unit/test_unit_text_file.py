"""Files are written whole or not at all, to where a link leads, and never over a device."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from chainhome.errors import ChainhomeError, UseError
from chainhome.formats import read_table, write_table
from chainhome.formats.parquet import TableStream
from chainhome.formats.text_file import check_target, write_bytes, write_pieces, write_text
from chainhome.report import style
from chainhome.tables import Tracks


def test_a_link_stays_a_link_and_the_file_behind_it_is_written(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    real, link = tmp_path / "far" / "real.txt", tmp_path / "link.txt"
    real.write_text("old")
    link.symlink_to(real)
    write_text(link, "new")
    assert link.is_symlink()
    assert real.read_text() == "new"
    stream = TableStream(link)
    stream.write(Tracks.make(time_s=[1.0]))
    stream.close()
    assert link.is_symlink()
    assert len(read_table(Tracks, real)) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["far", "link.txt"]
    assert [path.name for path in (tmp_path / "far").iterdir()] == ["real.txt"]


@pytest.mark.skipif(not Path("/dev/stdout").exists(), reason="no /dev/stdout on this machine")
@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/null", "/dev/fd/1", "/dev/new.html", "/proc/self/fd/1"])
def test_a_device_is_refused_directly_and_behind_a_link(name: str, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(name)
    for path in (Path(name), link):
        with pytest.raises(UseError, match="is not an ordinary file"):
            write_pieces(path, ["x"])
    assert Path("/dev/stdout").is_symlink()
    assert link.is_symlink()


def test_a_pipe_and_a_folder_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path):
        with pytest.raises(UseError, match="is not an ordinary file"):
            write_bytes(path, b"x")
    assert (tmp_path / "pipe").is_fifo()


def test_links_in_a_ring_are_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises(ChainhomeError, match=r"cannot write .*/a"):
        check_target(tmp_path / "a")


def test_where_nothing_can_be_written_the_first_failure_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_only(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    for name in ("open", "write_text", "write_bytes", "unlink"):
        monkeypatch.setattr(Path, name, read_only)
    path = tmp_path / "a"
    for write in (
        lambda: write_text(path, "x"),
        lambda: write_pieces(path, ["x"]),
        lambda: style.write_bytes(path, b"x"),
        lambda: write_table(Tracks.make(0), path),
    ):
        with pytest.raises(ChainhomeError, match=r"cannot write .*: Read-only file system"):
            write()
