"""The column tables: checks, selection, and the declared schema."""

import numpy as np
import pytest

from chainhome.tables import TABLES, Detections, Targets, Tracks


def test_a_column_of_the_wrong_length_is_named() -> None:
    with pytest.raises(ValueError, match=r"Detections\.range_m has shape \(3,\), expected \(2,\)"):
        Detections.make(2, time_s=[0.0, 1.0], range_m=[1.0, 2.0, 3.0])


def test_a_column_that_does_not_exist_is_refused() -> None:
    with pytest.raises(TypeError, match="Detections has no column colour"):
        Detections.make(time_s=[0.0], colour=["red"])


def test_a_plot_without_height_is_legal() -> None:
    plot = Detections.make(time_s=[0.0], range_m=10e3, azimuth_rad=1.0)
    assert np.isnan(plot.elevation_rad[0])


def test_masks_indices_and_slices_choose_rows_and_a_number_does_not() -> None:
    plots = Detections.make(time_s=[0.0, 1.0, 2.0], range_m=[5.0, 6.0, 7.0])
    assert plots[plots.range_m > 5.5].time_s.tolist() == [1.0, 2.0]
    assert plots[np.array([2, 0])].range_m.tolist() == [7.0, 5.0]
    assert len(plots[:2]) == 2
    with pytest.raises(TypeError, match="rows are never objects"):
        plots[0]


def test_a_table_cannot_be_changed_in_place_and_leaves_the_callers_array_alone() -> None:
    mine = np.array([1.0, 2.0])
    plots = Detections.make(time_s=[0.0, 1.0], range_m=mine)
    for table in (plots, plots[:1], Detections.concat([plots, plots])):
        with pytest.raises(ValueError, match="read-only"):
            table.range_m[0] = 9.0
    direct = Targets(*[np.zeros(0, column.dtype) for column in Targets.columns().values()])
    assert len(direct) == 0
    mine[0] = 3.0
    assert plots.range_m[0] == 1.0


def test_concat_of_nothing_is_an_empty_table_and_texts_of_different_length_survive() -> None:
    assert len(Tracks.concat([])) == 0
    both = Targets.concat([Targets.make(name=["a"]), Targets.make(name=["a longer name"])])
    assert both.name.tolist() == ["a", "a longer name"]


def test_sorting_keeps_ties_in_order() -> None:
    plots = Detections.make(time_s=[1.0, 0.0, 1.0], detection_id=[7, 8, 9]).sorted_by("time_s")
    assert plots.detection_id.tolist() == [8, 7, 9]


@pytest.mark.parametrize("kind", TABLES)
def test_every_column_says_what_it_means_and_numbers_name_their_unit(kind: type) -> None:
    suffixes = {"m": "_m", "s": "_s", "rad": "_rad", "deg": "_deg", "m/s": "_mps", "dB": "_db", "m2": "_m2"}
    for name, column in kind.columns().items():  # type: ignore[attr-defined]
        assert column.doc, name
        if column.unit in suffixes:
            assert name.endswith(suffixes[column.unit]), name
