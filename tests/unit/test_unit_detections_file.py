"""Plots as CSV and Parquet: columns by name, times of either kind, and no odd cell costs more than itself."""

from __future__ import annotations

import gzip
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainhome.errors import ChainhomeError, UseError
from chainhome.formats import column_file, write_table
from chainhome.formats.column_file import open_columns
from chainhome.formats.detections_file import Piece, is_detections, read_detections, write_detections_csv
from chainhome.tables import SENSOR_KINDS, Detections

MIDNIGHT_S = 1_714_521_600.0  # 2024-05-01T00:00:00Z


def plots_in(path: Path, **more: object) -> tuple[Detections, Counter[str], list[Piece]]:
    pieces = list(read_detections(open_columns(path), **more))  # type: ignore[arg-type]
    counts: Counter[str] = Counter()
    for piece in pieces:
        counts.update(piece.counts)
    return Detections.concat([piece.detections for piece in pieces]), counts, pieces


def written(tmp_path: Path, text: str, name: str = "plots.csv") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


number = st.one_of(st.just(np.nan), st.floats(-1e9, 1e9))


@given(
    st.lists(st.tuples(number, number, number, st.integers(-1, 2**24), st.integers(0, 3)), max_size=12), st.booleans()
)
def test_plots_come_back_from_a_file_as_they_were(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[float, float, float, int, int]], as_csv: bool
) -> None:
    path = tmp_path_factory.getbasetemp() / ("plots.csv" if as_csv else "plots.parquet")
    plots = Detections.make(
        len(rows),
        time_s=[row[0] for row in rows],
        range_m=[row[1] for row in rows],
        azimuth_rad=[row[2] for row in rows],
        sensor_id=[row[3] % 7 for row in rows],
        mode_s_address=[row[3] for row in rows],
        kind=[row[4] for row in rows],
    )
    (write_detections_csv if as_csv else write_table)(plots, path)
    back, counts, _ = plots_in(path)
    assert counts["rows"] == len(rows)
    assert not counts["unreadable_cells"]
    for name in set(plots.columns()) - {"detection_id"}:
        np.testing.assert_array_equal(getattr(back, name), getattr(plots, name), err_msg=name)


def test_missing_columns_are_missing_and_without_a_sensor_sensor_0_is_meant(tmp_path: Path) -> None:
    plots, counts, pieces = plots_in(
        written(tmp_path, "time_s,azimuth_rad,range_m,remark\n1.5,0.5,1e4,x\n2.5,,2e4,y\n")
    )
    assert plots.time_s.tolist() == [1.5, 2.5]
    assert plots.range_m.tolist() == [10_000.0, 20_000.0]
    assert np.isnan(plots.azimuth_rad[1])
    assert np.isnan(plots.elevation_rad).all()
    assert plots.sensor_id.tolist() == [0, 0]
    assert plots.mode_3a.tolist() == [-1, -1]
    assert counts == {"rows": 2}
    assert np.isnan(pieces[0].epoch_unix_s)


@pytest.mark.parametrize("name", ["time_s", "time_utc", "timestamp", "time"])
@pytest.mark.parametrize(
    "cells",
    [
        ("2024-05-01T06:00:00Z", "2024-05-01T06:00:01.25Z"),
        ("2024-05-01 06:00:00", "2024-05-01 08:00:01.25+02:00"),
    ],
)
def test_utc_times_count_from_the_midnight_before_the_first_plot(
    tmp_path: Path, name: str, cells: tuple[str, str]
) -> None:
    rows = "".join(f"{cell},1e4,0.5\n" for cell in cells)
    plots, counts, pieces = plots_in(written(tmp_path, f"{name},range_m,azimuth_rad\n{rows}"))
    assert plots.time_s.tolist() == [21_600.0, 21_601.25]
    assert pieces[0].epoch_unix_s == MIDNIGHT_S
    assert not counts["unreadable_cells"]


def test_numbers_in_a_column_time_are_unix_seconds_and_milliseconds_are_refused(tmp_path: Path) -> None:
    head = "time,range_m,azimuth_rad\n"
    plots, _, _ = plots_in(written(tmp_path, f"{head}{MIDNIGHT_S + 5.5},1e4,0.5\n"))
    assert plots.time_s.tolist() == [5.5]
    with pytest.raises(UseError, match=r"plots\.csv: time: 1714521600000 is too large for Unix seconds"):
        plots_in(written(tmp_path, f"{head}1714521600000,1e4,0.5\n"))


def test_an_odd_cell_costs_a_cell_and_an_odd_line_costs_a_line(tmp_path: Path) -> None:
    text = (
        "time_s,range_m,azimuth_rad,mode_3a,kind\n1,1e4,0.5,7700,primary\n2,about 3,0.5,x,secondary\n3,4\n4,5,6,7,8,9\n"
    )
    plots, counts, _ = plots_in(written(tmp_path, text + "5,1e4,0.5,1.5,radar\n"))
    assert plots.time_s.tolist() == [1.0, 2.0, 5.0]
    assert np.isnan(plots.range_m[1])
    assert plots.mode_3a.tolist() == [7700, -1, -1]
    assert plots.kind.tolist() == [0, SENSOR_KINDS.index("secondary"), 0]
    assert counts == {"rows": 5, "unreadable_lines": 2, "unreadable_cells": 4}


def test_sensors_go_by_name_and_addresses_by_their_hexadecimal_digits(tmp_path: Path) -> None:
    text = "time_s,range_m,azimuth_rad,sensor,icao24\n1,1e4,0.5,North,4b1805\n2,1e4,0.5,South,\n3,1e4,0.5,,zz\n"
    path = written(tmp_path, text)
    plots, counts, _ = plots_in(path, sensor_ids={"North": 4, "South": 9})
    assert plots.sensor_id.tolist() == [4, 9, -1]
    assert plots.mode_s_address.tolist() == [0x4B1805, -1, -1]
    assert counts["unreadable_cells"] == 1
    with pytest.raises(
        UseError, match=r'plots\.csv: sensor "South" is not declared in the sensors file, which has "Nor'
    ):
        plots_in(path, sensor_ids={"North": 4})
    assert plots_in(path, sensor_ids={"North": 4}, skip_undeclared=True)[0].sensor_id.tolist() == [4, -1, -1]


def test_a_byte_order_mark_other_line_ends_and_letters_of_any_kind_do_no_harm(tmp_path: Path) -> None:
    text = "\ufefftime_s,range_m,azimuth_rad,sensor,remark\r\n1,1e4,0.5,Mürted,größe\r\n"
    path = tmp_path / "plots.csv"
    path.write_bytes(text.encode() + "2,1e4,0.5,Mürted,".encode() + "größe\n".encode("latin1"))
    plots, counts, _ = plots_in(path, sensor_ids={"Mürted": 3})
    assert plots.time_s.tolist() == [1.0, 2.0]
    assert plots.sensor_id.tolist() == [3, 3]
    assert counts == {"rows": 2}


def test_a_long_file_comes_in_pieces_that_make_the_same_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    plots = Detections.make(time_s=np.arange(5_000.0), sensor_id=0, range_m=rng.random(5_000), azimuth_rad=0.5)
    write_detections_csv(plots, tmp_path / "plots.csv")
    whole, _, pieces = plots_in(tmp_path / "plots.csv")
    assert len(pieces) == 1
    monkeypatch.setattr(column_file, "BATCH_BYTES", 10_000)
    again, counts, pieces = plots_in(tmp_path / "plots.csv")
    assert len(pieces) > 10
    assert counts["rows"] == 5_000
    assert np.array_equal(again.range_m, whole.range_m)


def test_what_a_cut_file_still_holds_is_read_and_the_cut_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(column_file, "BATCH_BYTES", 10_000)
    plots = Detections.make(time_s=np.arange(9_000.0), sensor_id=0, range_m=np.linspace(1, 2, 9_000), azimuth_rad=0.5)
    path = tmp_path / "plots.csv"
    write_detections_csv(plots, path)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    back, _, pieces = plots_in(path)
    assert 4_000 < len(back) < 5_000
    assert [piece.cut for piece in pieces if piece.cut] == [
        f"plots.csv ends in the middle of a line, after row {len(back):,}"
    ]
    packed = tmp_path / "plots.csv.gz"
    squeezed = gzip.compress(content)
    packed.write_bytes(squeezed[: len(squeezed) // 2])
    back, _, pieces = plots_in(packed)
    assert 0 < len(back) < 9_000
    (cut,) = [piece.cut for piece in pieces if piece.cut]
    assert cut.startswith("plots.csv.gz cannot be read beyond row")


def test_files_that_are_empty_cut_or_something_else_are_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ChainhomeError, match="is empty"):
        open_columns(written(tmp_path, ""))
    with pytest.raises(UseError, match="no such file"):
        open_columns(tmp_path / "none.csv")
    parquet = tmp_path / "plots.parquet"
    write_table(Detections.make(3, time_s=1.0), parquet)
    parquet.write_bytes(parquet.read_bytes()[:500])
    with pytest.raises(ChainhomeError, match="its footer cannot be read"):
        open_columns(parquet)
    file = open_columns(written(tmp_path, "a,b\n1,2\n"))
    assert not is_detections(file)
    with pytest.raises(UseError, match=r"expected the columns time_s, range_m and azimuth_rad .*it has a, b"):
        next(read_detections(file))
    assert plots_in(written(tmp_path, "time_s,range_m,azimuth_rad\n"))[0].time_s.tolist() == []
    binary = tmp_path / "binary.csv"
    binary.write_bytes(bytes(range(256)) * 10)
    with pytest.raises(UseError, match=r"binary\.csv"):
        next(read_detections(open_columns(binary)))
