"""What the user of the tracker chooses: frozen records, checked when they are made."""

from __future__ import annotations

from dataclasses import dataclass

from chainhome.errors import UseError


@dataclass(frozen=True)
class MotionModel:
    """One way to move: nearly constant velocity or turn, what is left over taken as white acceleration.

    The densities are those of the acceleration along the track, across it and in height; `turn_radps` is a fixed rate
    of turn, positive to the right; `hold_s` is how long an aircraft keeps to the model, and `start` the share of new
    tracks that begin in it.
    """

    name: str
    along_m2ps3: float
    across_m2ps3: float
    vertical_m2ps3: float
    hold_s: float
    start: float
    turn_radps: float = 0.0


AIRCRAFT = (
    MotionModel("straight", along_m2ps3=2.0, across_m2ps3=2.0, vertical_m2ps3=1.0, hold_s=100.0, start=0.35),
    MotionModel("climb", along_m2ps3=2.0, across_m2ps3=2.0, vertical_m2ps3=60.0, hold_s=40.0, start=0.25),
    MotionModel("left", 60.0, 300.0, 30.0, hold_s=15.0, start=0.2, turn_radps=-0.07),
    MotionModel("right", 60.0, 300.0, 30.0, hold_s=15.0, start=0.2, turn_radps=0.07),
)
"""Fighters and airliners: straight flight, turns of up to some 4 g, climbs and dives. Tuned on simulated flights whose
seeds no reported figure uses (docs/design.md)."""

ASSOCIATIONS = ("pmb", "gnn", "pmbm")


@dataclass(frozen=True)
class TrackerParams:
    """Settings of the tracker; every default is assumed, and `docs/design.md` says what was measured with it."""

    models: tuple[MotionModel, ...] = AIRCRAFT
    association: str = "pmb"
    """"pmb": every plot is shared by probability (Poisson multi-Bernoulli); "gnn": each goes to one track; "pmbm":
    as "pmb", but tracks that compete for plots keep joint hypotheses (slower, surer where tracks cross), and their rows
    tell the likeliest one: where it has no object, `existence` is low."""
    gate_probability: float = 1.0 - 1e-5
    """Share of an object's own plots that the gate of its best motion model lets through."""
    first_gate_probability: float = 1.0 - 1e-3
    """The same of a track of one plot, whose gate is as wide as its unknown velocity: what lies at its edge has little
    weight and much company."""
    mean_life_s: float = 3600.0
    """Mean time for which an object stays: existence fades by exp(-t / mean life)."""
    births_per_m2ps: float = 4e-14
    """Objects that appear in a second on a square metre of ground: one in 50 s in a disc of 400 km radius."""
    unseen_per_m2: float = 2e-11
    """Objects that are there, not yet seen, on a square metre of ground when the tracker starts: 10 in such a disc."""
    new_share_min: float = 0.001
    """At least this share of what no track explains is taken to be of new objects, however dense the false plots."""
    new_share_first: float = 0.2
    """The same where the sensor has not looked before."""
    companions: float = 0.2
    """How many others that are not known yet fly near a new object, on average: aircraft come in formations."""
    companion_distance_m: float = 5_000.0
    """How near, on the ground; further away a plot says nothing of its neighbours."""
    birth_cell_m: float = 25_000.0
    """Size of the square cells in which objects not yet seen are counted."""
    birth_height_span_m: float = 15_000.0
    """Heights over which new objects and false heights are spread evenly."""
    birth_existence_max: float = 0.9
    """No single plot makes a track more likely than this: it has no velocity yet."""
    birth_existence_min: float = 9e-4
    """A plot that is less likely of a new object than this begins no track; below `new_share_min`, or else where that
    share alone says that a plot may be new, none would."""
    birth_speed_sigma_mps: float = 185.0
    """Of each horizontal axis: half fighters of 200 to 400 m/s, half airliners of 150 to 260 m/s."""
    birth_climb_sigma_mps: float = 30.0
    birth_height_m: float = 6_000.0
    birth_height_sigma_m: float = 4_000.0
    """Height above mean sea level, and its standard deviation, given to a new track whose plot has none."""
    young_existence: float = 0.2
    """A track that was never confirmed and is less likely than this is young: each of its plots makes another."""
    hypotheses: int = 4
    """How many hypotheses of its past plots a track keeps where plots are ambiguous; 1 = none, all are averaged."""
    hypothesis_share_min: float = 3e-3
    """Hypotheses with less of their track than this are dropped."""
    hypothesis_distance: float = 0.1
    """Bhattacharyya distance up to which two hypotheses of a track are one."""
    joint_hypotheses: int = 100
    """How many joint hypotheses a cluster of competing tracks keeps ("pmbm" only, like all `joint_` settings)."""
    joint_weight_min: float = 1e-4
    """Joint hypotheses less likely than this share of the likeliest are dropped."""
    joint_claim_min: float = 1e-4
    """Two tracks compete where each has at least this probability of the same plot."""
    joint_distance: float = 0.1
    """Bhattacharyya distance up to which two states in joint hypotheses are one."""
    joint_window: float = 10.0
    """Tracks stay in a cluster until so many detections were expected of them after they last competed."""
    merge_distance: float = 0.5
    """Bhattacharyya distance up to which two young tracks are the same possible object; 0 merges nothing."""
    merge_existence: float = 1.1
    """Only tracks whose probabilities of existence sum to no more than this are merged."""
    confirm_existence: float = 0.9
    end_existence: float = 0.01
    """A confirmed track ends below this."""
    show_existence: float = 0.1
    """A confirmed track less likely than this has no rows: it may come back under its own number until it ends."""
    drop_existence: float = 9e-4
    """A track that was never confirmed ends below this; a plot among many false ones begins far below `end`."""
    report_existence: float = 0.01
    """Tentative tracks less likely than this have no rows."""
    max_position_sigma_m: float = 10_000.0
    """A track ends when its horizontal position has become less certain than this."""
    least_detection_probability: float = 0.05
    """A plot from where the caller expects none is weighed with this probability of detection."""
    greatest_detection_probability: float = 0.95
    """No sensor is trusted further than this: misses come in runs, because fading lasts longer than a scan."""
    doppler_span_mps: float = 1_200.0
    """Range rates over which those of false plots are spread evenly."""
    false_reply_share: float = 0.02
    """Share of false plots that carry a reply (code or address): false replies are rarer than false echoes."""
    flight_level_sigma_m: float = 150.0
    position_sigma_m: float = 50.0
    """Standard deviation of a reported position where neither the plot nor the sensor gives one."""
    use_replies: bool = True
    """Whether Mode S addresses and Mode 3/A codes help to associate plots with tracks."""
    same_address_m: float = 5_000.0
    """Of two tracks with one Mode S address, one is left where one aircraft can be both: no farther apart than this on
    the ground, and as far as it flies ..."""
    same_address_mps: float = 370.0
    """... at this speed since the one that took no plot was last seen; where both are 0, nearly all tracks are left."""
    slice_s: float = 2.0
    """With several sensors, the length of a part of a scan that is taken in at once."""

    def __post_init__(self) -> None:
        """Refuse values that cannot work."""
        for name in (
            "gate_probability",
            "first_gate_probability",
            "confirm_existence",
            "birth_existence_max",
            "false_reply_share",
        ):
            if not 0.0 < getattr(self, name) < 1.0:
                raise UseError(f"tracker: {name} = {getattr(self, name)}: expected a number between 0 and 1")
        if not 0.0 <= self.drop_existence <= self.end_existence < self.confirm_existence:
            raise UseError(
                f"tracker: drop, end, confirm = {self.drop_existence}, {self.end_existence}, {self.confirm_existence}: "
                "expected 0 <= drop <= end < confirm"
            )
        positive = ("mean_life_s", "birth_height_span_m", "max_position_sigma_m", "doppler_span_mps")
        for name in (*positive, "births_per_m2ps", "unseen_per_m2", "birth_cell_m", "companion_distance_m", "slice_s"):
            if not getattr(self, name) > 0.0:
                raise UseError(f"tracker: {name} = {getattr(self, name)}: expected a positive number")
        for name in ("companions", "same_address_m", "same_address_mps"):
            if not getattr(self, name) >= 0.0:
                raise UseError(f"tracker: {name} = {getattr(self, name)}: expected 0 or more")
        if self.hypotheses < 1:
            raise UseError(f"tracker: hypotheses = {self.hypotheses}: expected 1 or more")
        if self.joint_hypotheses < 1:
            raise UseError(f"tracker: joint_hypotheses = {self.joint_hypotheses}: expected 1 or more")
        for name in ("joint_weight_min", "joint_claim_min", "joint_distance", "joint_window"):
            if not getattr(self, name) >= 0.0:
                raise UseError(f"tracker: {name} = {getattr(self, name)}: expected 0 or more")
        if self.association not in ASSOCIATIONS:
            raise UseError(f'tracker: association = "{self.association}": expected {" or ".join(ASSOCIATIONS)}')
        _check_models(self.models)


def _check_models(models: tuple[MotionModel, ...]) -> None:
    if not models:
        raise UseError("tracker: models is empty: expected at least one motion model")
    for model in models:
        noise = (model.along_m2ps3, model.across_m2ps3, model.vertical_m2ps3)
        if not (min(noise) >= 0.0 and model.hold_s > 0.0 and 0.0 < model.start <= 1.0):
            raise UseError(
                f'tracker: motion model "{model.name}": expected densities >= 0, hold_s > 0, start in (0, 1]'
            )
    total = sum(model.start for model in models)
    if abs(total - 1.0) > 1e-9:
        raise UseError(f"tracker: the shares `start` of the motion models sum to {total}, expected 1")
