"""Whether an object exists: the arithmetic of Poisson multi-Bernoulli tracking, number by number, by hand."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from tracking_scenes import (
    CONFIRMED,
    ENDED,
    TENTATIVE,
    believed,
    point_setup,
    reports,
    tracks_at,
    tracks_of,
    whole_look,
)

from chainhome.errors import UseError
from chainhome.tables import Detections
from chainhome.tracking import TrackerParams, step

BY_HAND = 1e-9  # relative
PERIOD, SIGMA = 4.0, 30.0
SPREAD = np.diag([40.0, 40.0, 20.0, 5.0, 5.0, 2.0]) ** 2
HERE = np.array([50e3, 20e3, 6e3, 120.0, -80.0, 3.0])
ASIDE = np.array([50.0, -20.0, 10.0])
EAST, NORTH = np.array([60.0, 0.0, 0.0]), np.array([0.0, 90.0, 0.0])
NOTHING = Detections.make(0)


def predicted(
    mean: np.ndarray, covariance: np.ndarray, dt: float, q: tuple[float, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """Nearly constant velocity, in matrices."""
    f = np.kron([[1.0, dt], [0.0, 1.0]], np.eye(3))
    noise = np.kron([[dt**3 / 3.0, dt**2 / 2.0], [dt**2 / 2.0, dt]], np.diag(q))
    return f @ mean, f @ covariance @ f.T + noise


def density_of(plot: np.ndarray, mean: np.ndarray, covariance: np.ndarray) -> float:
    ahead, spread = predicted(mean, covariance, PERIOD, (9.0, 9.0, 1.0))
    return float(multivariate_normal.pdf(plot, ahead[:3], spread[:3, :3] + SIGMA**2 * np.eye(3)))


@pytest.mark.parametrize("probability", [0.3, 0.9])
@pytest.mark.parametrize("existence", [0.15, 0.5, 0.97])
def test_a_miss_lowers_existence_as_bayes_says(probability: float, existence: float) -> None:
    setup = point_setup(detection_probability=probability, mean_life_s=600.0)
    before = tracks_at(setup, [HERE], [SPREAD], [existence])
    after, rows = step(before, NOTHING, [whole_look(PERIOD)], setup)
    after = tracks_of(after)
    alive = existence * np.exp(-PERIOD / 600.0)
    # A young track is a share of a Poisson field: its intensity only thins out.
    young = alive < setup.params.young_existence
    expected = alive * (1.0 - probability) / (1.0 if young else 1.0 - alive * probability)
    assert after.existence == pytest.approx([expected], rel=BY_HAND)
    assert rows.existence == pytest.approx([expected], rel=BY_HAND)
    assert (rows.detection_id.tolist(), rows.time_s.tolist()) == ([-1], [PERIOD])
    assert np.allclose(after.mean[0, 0], predicted(HERE, SPREAD, PERIOD, (9.0, 9.0, 1.0))[0], rtol=BY_HAND)


def test_no_sensor_is_trusted_further_than_the_setting() -> None:
    setup = point_setup(detection_probability=1.0)
    after, _ = step(tracks_at(setup, [HERE], [SPREAD], [0.9]), NOTHING, [whole_look(PERIOD)], setup)
    after = tracks_of(after)
    most = TrackerParams().greatest_detection_probability
    assert after.existence == pytest.approx([0.9 * (1.0 - most) / (1.0 - 0.9 * most)], rel=BY_HAND)


def test_where_nothing_is_expected_a_miss_is_no_blame_and_a_plot_still_counts() -> None:
    setup = point_setup(detection_probability=0.0, clutter_density=1e-9)
    before = tracks_at(setup, [HERE], [SPREAD], [0.6])
    missed, _ = step(before, NOTHING, [whole_look(PERIOD)], setup)
    missed = tracks_of(missed)
    assert missed.existence == pytest.approx([0.6], rel=BY_HAND)
    plot = reports(HERE[:3] + PERIOD * HERE[3:], PERIOD, 7)
    seen, _ = step(before, plot, [whole_look(PERIOD, plot)], setup)
    seen = tracks_of(seen)
    assert seen.existence[seen.track_id == 0] > 0.9


@pytest.mark.parametrize("clutter", [1e-11, 1e-8, 1e-6])
def test_a_plot_raises_existence_and_leaves_a_share_for_a_new_track(clutter: float) -> None:
    setup = point_setup(clutter_density=clutter)
    p = setup.params
    existence, pd, unseen = 0.4, 0.9, 3e-4
    before = tracks_at(setup, [HERE], [SPREAD], [existence])
    before.unseen_per_m2[:] = unseen
    plot = reports(HERE[:3] + PERIOD * HERE[3:] + ASIDE, PERIOD, 7)
    after, _ = step(before, plot, [whole_look(PERIOD, plot)], setup)
    after = tracks_of(after)
    weight = existence * pd * density_of(np.array([plot.x_m[0], plot.y_m[0], plot.z_m[0]]), HERE, SPREAD)
    new = max(unseen * pd / p.birth_height_span_m, p.new_share_min * clutter)
    other = new + clutter
    beta = weight / (weight + (1.0 - existence * pd) * other)
    left = (1.0 - beta) * existence * (1.0 - pd) / (1.0 - existence * pd)
    assert after.existence[0] == pytest.approx(beta + left, rel=BY_HAND)
    born = (1.0 - beta) * new / other
    assert after.existence[1:].tolist() == pytest.approx([born] if born >= p.birth_existence_min else [], rel=1e-6)


@pytest.mark.parametrize(("unseen", "bound"), [(0.0, "least"), (1e-9, "between"), (1.0, "most")])
def test_a_lonely_plot_is_new_with_its_share_of_what_it_may_be(unseen: float, bound: str) -> None:
    setup = point_setup(clutter_density=1e-13)
    p = setup.params
    before = tracks_at(setup, np.zeros((0, 6)), np.zeros((0, 6, 6)), [])
    before.unseen_per_m2[:] = unseen
    plot = reports([50e3, 20e3, 6e3], PERIOD, 7)
    after, rows = step(before, plot, [whole_look(PERIOD, plot)], setup)
    after = tracks_of(after)
    least = p.new_share_min / (1.0 + p.new_share_min)
    new = unseen * 0.9 / p.birth_height_span_m
    expected = {"least": least, "between": new / (new + 1e-13), "most": p.birth_existence_max}[bound]
    # What is born while the clock runs from 0 to the look is too rare to be seen here.
    assert after.existence == pytest.approx([expected], rel=1e-6)
    assert after.status.tolist() == [TENTATIVE]
    assert rows.detection_id.tolist() == ([7] if expected >= p.report_existence else [])


def test_where_the_sensor_has_not_looked_before_more_of_the_plots_are_new() -> None:
    setup = point_setup(clutter_density=1e-9, new_share_min=0.003, new_share_first=0.2, unseen_per_m2=1e-25)
    before = tracks_at(setup, np.zeros((0, 6)), np.zeros((0, 6, 6)), [])
    plot = reports([50e3, 20e3, 6e3], 0.0, 7)
    found = []
    for unseen in (1e-25, 0.0):
        before.unseen_per_m2[:] = unseen
        after, _ = step(before, plot, [whole_look(0.0, plot)], setup)
        found.append(float(tracks_of(after).existence[0]))
    assert found == pytest.approx([0.2 / 1.2, 0.003 / 1.003], rel=1e-6)


def test_a_formation_that_is_new_is_likelier_than_as_many_plots_far_apart() -> None:
    clutter, share = 1e-14, 0.2
    setup = point_setup(clutter_density=clutter, new_share_min=share, new_share_first=share)
    p = setup.params
    before = tracks_at(setup, np.zeros((0, 6)), np.zeros((0, 6, 6)), [])
    beside = np.array([[0.0, 0.0, 0.0], [1500.0, 0.0, 0.0], [0.0, 1500.0, 0.0], [1500.0, 1500.0, 0.0]])
    found = []
    for apart in (10.0, 1.0):
        plots = reports(HERE[:3] + apart * beside, PERIOD, 7)
        after, _ = step(before, plots, [whole_look(PERIOD, plots)], setup)
        found.append(tracks_of(after).existence)
    alone = share / (1.0 + share)
    assert found[0] == pytest.approx(np.full(4, alone), rel=1e-6)
    around = p.companions / (np.pi * p.companion_distance_m**2)
    new = share * clutter + 3.0 * alone * around * 0.9 / p.birth_height_span_m
    expected = min(new / (new + clutter), p.birth_existence_max)
    assert found[1] == pytest.approx(np.full(4, expected), rel=1e-6)
    assert expected > 0.5 > alone


def test_plots_of_tracks_that_are_known_tell_nothing_of_their_neighbours() -> None:
    setup = point_setup(clutter_density=1e-14, new_share_min=0.2, new_share_first=0.2)
    before = tracks_at(setup, [HERE], [SPREAD], [0.99])
    there = HERE[:3] + PERIOD * HERE[3:]
    plots = reports([there, there + 20.0 * EAST], PERIOD, 7)
    after, _ = step(before, plots, [whole_look(PERIOD, plots)], setup)
    other = tracks_of(after)
    assert other.existence[other.plot_now == 8] == pytest.approx([0.2 / 1.2], rel=1e-3)


def test_what_is_written_of_a_track_is_its_mean_over_all_hypotheses() -> None:
    setup = point_setup(clutter_density=1e-9, hypothesis_distance=0.01)
    before = tracks_at(setup, [HERE], [SPREAD], [0.9])
    there = HERE[:3] + PERIOD * HERE[3:]
    plots = reports([there + EAST, there - NORTH], PERIOD, 7)
    after, rows = step(before, plots, [whole_look(PERIOD, plots)], setup)
    existence, mean, covariance = believed(after, 0)
    assert (after.track_id == 0).sum() == 2
    row = rows[rows.track_id == 0]
    told = np.column_stack([row.x_m, row.y_m, row.z_m, row.vx_mps, row.vy_mps, row.vz_mps])
    np.testing.assert_allclose(told, [mean], rtol=BY_HAND)
    np.testing.assert_allclose(row.covariance, [covariance], rtol=BY_HAND, atol=1e-6)
    assert row.existence == pytest.approx([existence], rel=BY_HAND)
    likeliest = after[(after.track_id == 0) & (after.rank == 0)]
    assert row.detection_id.tolist() == likeliest.plot_now.tolist()
    assert abs(likeliest.mean[0, 0, 0] - mean[0]) > 1.0


@pytest.mark.parametrize(("name", "value"), [("companions", -0.1), ("companion_distance_m", 0.0)])
def test_settings_of_companions_that_cannot_work_are_refused(name: str, value: float) -> None:
    with pytest.raises(UseError, match=name):
        TrackerParams(**{name: value})


def test_what_a_look_has_shown_is_no_longer_unseen_and_new_objects_come_in_time() -> None:
    setup = point_setup(births_per_m2ps=1e-9, mean_life_s=50.0)
    before = tracks_at(setup, np.zeros((0, 6)), np.zeros((0, 6, 6)), [])
    before.unseen_per_m2[:] = 4e-6
    after, _ = step(before, NOTHING, [whole_look(PERIOD)], setup)
    after = tracks_of(after)
    there = (4e-6 * np.exp(-PERIOD / 50.0) + 1e-9 * PERIOD) * (1.0 - setup.watchers[0].cell_probability)
    assert np.allclose(after.unseen_per_m2, there, rtol=BY_HAND)
    centre = tuple(n // 2 for n in setup.grid.shape)
    assert there[centre] < 0.2 * 4e-6


def test_the_first_plots_tell_how_many_objects_there_are() -> None:
    """A hundred reports where ten objects were supposed: each is likely new, though one alone would not be."""
    setup = point_setup(clutter_density=1e-15, unseen_per_m2=1e-12)
    fresh = tracks_at(setup, np.zeros((0, 6)), np.zeros((0, 6, 6)), [], unseen_s=np.nan)
    fresh.unseen_per_m2[:] = 1e-12
    place = 10e3 * np.stack(np.meshgrid(np.arange(10.0), np.arange(10.0), [0.6]), axis=-1).reshape(-1, 3)
    many, one = reports(place, 0.0, 0), reports(place[:1], 0.0, 0)
    of_many, _ = step(fresh, many, [whole_look(0.0, many)], setup)
    of_many = tracks_of(of_many)
    of_one, _ = step(fresh, one, [whole_look(0.0, one)], setup)
    of_one = tracks_of(of_one)
    assert of_one.existence[0] < 0.2
    assert (of_many.existence > 0.6).all()


def test_a_young_track_parts_into_the_missed_one_and_one_for_each_of_its_plots() -> None:
    clutter, existence, pd = 1e-9, 0.15, 0.9
    setup = point_setup(clutter_density=clutter, merge_distance=0.0, birth_existence_min=0.0, drop_existence=0.0)
    before = tracks_at(setup, [HERE], [SPREAD], [existence])
    there = HERE[:3] + PERIOD * HERE[3:]
    plots = reports([there + EAST, there - NORTH], PERIOD, 7)
    after, _ = step(before, plots, [whole_look(PERIOD, plots)], setup)
    after = tracks_of(after)
    weight = np.array([existence * pd * density_of(z, HERE, SPREAD) for z in (there + EAST, there - NORTH)])
    new = setup.params.new_share_min * clutter
    other = new + clutter + weight
    expected = {"missed": existence * (1.0 - pd)}
    # Rows of the state: what was missed, the two branches, the two that are new.
    assert after.existence == pytest.approx([expected["missed"], *(weight / other), *(new / other)], rel=BY_HAND)
    # The likeliest part keeps the name, and no name is given twice.
    assert after.track_id[np.argmax(after.existence)] == 0
    assert len(set(after.track_id.tolist())) == 5
    assert after.plot_now.tolist()[1:] == [7, 8, 7, 8]


@pytest.mark.parametrize("hypotheses", [1, 64])
def test_marginals_of_a_small_scene_equal_the_enumeration_of_all_joint_associations(hypotheses: int) -> None:
    clutter, pd = 1e-10, 0.9
    setup = point_setup(
        clutter_density=clutter,
        merge_distance=0.0,
        gate_probability=1.0 - 1e-12,
        hypotheses=hypotheses,
        hypothesis_share_min=0.0,
        hypothesis_distance=0.0,
    )
    rng = np.random.default_rng(4)
    mean = HERE + np.array([[0.0] * 6, [150.0, 40, 0, 1, 2, 0], [-90.0, 120, 30, -3, 1, 1]])
    existence = np.array([0.95, 0.7, 0.35])
    before = tracks_at(setup, mean, [SPREAD] * 3, existence)
    there = (mean[:, :3] + PERIOD * mean[:, 3:])[[0, 1, 2, 0]] + rng.normal(size=(4, 3)) * 80.0
    plots = reports(there, PERIOD, 0)
    after, _ = step(before, plots, [whole_look(PERIOD, plots)], setup)
    other = clutter * (1.0 + setup.params.new_share_min)
    weight = existence[:, None] * pd * np.array([[density_of(z, x, SPREAD) for z in there] for x in mean])
    assert (weight > 1e-4 * other).sum() >= 9  # every track fits several plots
    beta, total = np.zeros((3, 5)), 0.0
    for chosen in product(range(-1, 4), repeat=3):
        taken = [c for c in chosen if c >= 0]
        if len(set(taken)) < len(taken):
            continue
        joint = np.prod([weight[t, c] / other if c >= 0 else 1.0 - existence[t] * pd for t, c in enumerate(chosen)])
        total += joint
        for t, c in enumerate(chosen):
            beta[t, c] += joint
    beta /= total
    # If it was missed it may still not be there: that part is no state of the object.
    beta[:, 4] *= existence * (1.0 - pd) / (1.0 - existence * pd)
    for t in range(3):
        ahead, spread = predicted(mean[t], SPREAD, PERIOD, (9.0, 9.0, 1.0))
        gain = spread[:, :3] @ np.linalg.inv(spread[:3, :3] + SIGMA**2 * np.eye(3))
        parts = [ahead + gain @ (z - ahead[:3]) for z in there] + [ahead]
        kept = [spread - gain @ spread[:3]] * 4 + [spread]
        share = beta[t] / beta[t].sum()
        shared = share @ np.array(parts)
        mixed = sum(b * (c + np.outer(x - shared, x - shared)) for b, x, c in zip(share, parts, kept, strict=True))
        found = believed(after, t)
        assert found[0] == pytest.approx(beta[t].sum(), rel=BY_HAND)
        assert np.allclose(found[1], shared, rtol=0.0, atol=1e-6)
        assert np.allclose(found[2], mixed, rtol=1e-7, atol=1e-6)
    rows = (after.track_id < 3).sum()
    assert rows == 3 if hypotheses == 1 else rows > 9


def test_two_unsure_tracks_of_one_object_become_one_with_the_sum_of_their_existence() -> None:
    setup = point_setup(detection_probability=0.0)
    aside = np.array([10.0, -5.0, 3.0, 0.4, -0.2, 0.1])
    before = tracks_at(setup, [HERE, HERE + aside], [SPREAD, 1.2 * SPREAD], [0.22, 0.3])
    after, _ = step(before, NOTHING, [whole_look(0.0)], setup)
    after = tracks_of(after)
    assert after.existence == pytest.approx([0.52], rel=BY_HAND)
    assert after.track_id.tolist() == [1]
    mean = (0.22 * HERE + 0.3 * (HERE + aside)) / 0.52
    apart = np.outer(aside, aside) * 0.22 * 0.3 / 0.52**2
    assert np.allclose(after.mean[0, 0], mean, rtol=BY_HAND)
    assert np.allclose(after.covariance[0, 0], (0.22 * SPREAD + 0.3 * 1.2 * SPREAD) / 0.52 + apart, rtol=1e-9)


@pytest.mark.parametrize(
    ("change", "existence"),
    [({}, [0.95, 0.96]), ({}, [0.5, 0.65]), ({"mode_s_address": np.array([5, 6])}, [0.3, 0.4])],
    ids=["two real objects", "more than one object", "different addresses"],
)
def test_what_cannot_be_one_object_is_never_merged(change: dict[str, np.ndarray], existence: list[float]) -> None:
    setup = point_setup(detection_probability=0.0)
    before = tracks_at(setup, [HERE, HERE], [SPREAD, SPREAD], existence, **change)
    after, _ = step(before, NOTHING, [whole_look(0.0)], setup)
    after = tracks_of(after)
    assert after.existence == pytest.approx(existence, rel=BY_HAND)


@pytest.mark.parametrize(
    ("distance", "merged"), [(0.49, True), (0.51, False)], ids=["just inside the limit", "just outside it"]
)
def test_the_bhattacharyya_distance_decides_what_is_merged(distance: float, merged: bool) -> None:
    setup = point_setup(detection_probability=0.0)
    aside = np.zeros(6)
    aside[1] = np.sqrt(8.0 * distance) * 40.0  # equal covariances: an eighth of the squared Mahalanobis distance
    before = tracks_at(setup, [HERE, HERE + aside], [SPREAD, SPREAD], [0.3, 0.4])
    after, _ = step(before, NOTHING, [whole_look(0.0)], setup)
    after = tracks_of(after)
    assert len(after) == (1 if merged else 2)


def test_a_confirmed_track_keeps_its_name_against_a_likelier_young_one() -> None:
    setup = point_setup(detection_probability=0.0)
    before = tracks_at(setup, [HERE, HERE], [SPREAD, SPREAD], [0.3, 0.5], status=np.array([CONFIRMED, 0], np.int8))
    after, rows = step(before, NOTHING, [whole_look(0.0)], setup)
    after = tracks_of(after)
    assert (after.track_id.tolist(), after.status.tolist()) == ([0], [CONFIRMED])
    assert after.existence == pytest.approx([0.8], rel=BY_HAND)
    assert len(rows) == 0  # where nothing can be seen there is no news


def test_tracks_are_confirmed_above_one_limit_end_below_another_and_the_unsure_vanish_silently() -> None:
    setup = point_setup(detection_probability=0.0)
    far = np.arange(5)[:, None] * [0.0, 30e3, 0.0, 0.0, 0.0, 0.0]
    status = np.array([TENTATIVE, TENTATIVE, CONFIRMED, CONFIRMED, TENTATIVE], np.int8)
    before = tracks_at(setup, HERE + far, [SPREAD] * 5, [0.91, 0.89, 0.011, 0.009, 5e-5], status=status)
    after, rows = step(before, NOTHING, [whole_look(0.0)], setup)
    after = tracks_of(after)
    assert (rows.track_id.tolist(), rows.status.tolist()) == ([3], [ENDED])
    assert (after.track_id.tolist(), after.status.tolist()) == ([0, 1, 2], [CONFIRMED, TENTATIVE, CONFIRMED])


def test_a_different_address_forbids_a_pair_and_an_equal_one_is_worth_its_number_of_addresses() -> None:
    clutter, pd, existence = 1e-4, 0.9, 0.5
    setup = point_setup(clutter_density=clutter, new_share_min=1e-9, new_share_first=1e-9)
    before = tracks_at(setup, [HERE], [SPREAD], [existence], mode_s_address=np.array([77]))
    there = HERE[:3] + PERIOD * HERE[3:]
    found = {}
    for address in (-1, 77, 78):
        plot = reports(there, PERIOD, 7, mode_s_address=address)
        after, _ = step(before, plot, [whole_look(PERIOD, plot)], setup)
        after = tracks_of(after)
        found[address] = after.existence[0]
    g = existence * pd * density_of(there, HERE, SPREAD)
    missed = 1.0 - existence * pd
    left = existence * (1.0 - pd) / missed

    def raised(weight: float, false: float) -> float:
        beta = weight / (weight + missed * false * (1.0 + 1e-9))
        return beta + (1.0 - beta) * left

    false_reply = clutter * setup.params.false_reply_share
    assert found[-1] == pytest.approx(raised(g, clutter), rel=1e-6)
    assert found[77] == pytest.approx(raised(2.0**24 * g, false_reply), rel=1e-6)
    assert found[78] == pytest.approx(left, rel=1e-6)
