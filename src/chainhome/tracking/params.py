"""What the user of the tracker chooses: one frozen record, checked when it is made."""

from __future__ import annotations

from dataclasses import dataclass

from chainhome.errors import UseError


@dataclass(frozen=True)
class TrackerParams:
    """Settings of the tracker; every default is assumed, and `docs/design.md` says what was measured with it."""

    horizontal_noise_m2ps3: float = 1_000.0
    """Density of the white acceleration that stands for manoeuvres, for each horizontal axis. Measured on 160 turns of
    180 degrees seen every 12 s, Pd 0.95: with 600 one turn of 4 g in 16 loses its track, with 1,000 one in 80; with 100
    all of 2 g do. The price: straight flight is known a third less well than with 30."""
    vertical_noise_m2ps3: float = 100.0
    """The same for the vertical: below 100, dives of 100 m/s are lost near the radar."""
    gate_probability: float = 1.0 - 1e-7
    """Share of an object's own plots that the gate lets through if the motion model is true. It is wide on purpose: a
    turn of 4 g within a scan is far outside the model."""
    mean_life_s: float = 3600.0
    """Mean time for which an object stays: existence fades by exp(-t / mean life) between looks."""
    births_per_m2: float = 1e-13
    """Objects that are newly seen in one look, per square metre of ground: 0.05 in a disc of 400 km radius. Measured
    with 40 false plots a scan: one false track confirmed in 300 scans, six with ten times as many births; a target
    seen with 0.7 is confirmed 2.0 scans after its first plot, 1.6 with ten times as many."""
    birth_height_span_m: float = 15_000.0
    """Heights over which new objects and false heights are spread evenly."""
    birth_existence_max: float = 0.5
    """No single plot makes a track more likely than this: it has no velocity yet."""
    birth_speed_sigma_mps: float = 200.0
    birth_climb_sigma_mps: float = 30.0
    birth_height_m: float = 6_000.0
    birth_height_sigma_m: float = 4_000.0
    """Height above mean sea level, and its standard deviation, given to a new track whose plot has none."""
    confirm_existence: float = 0.95
    end_existence: float = 0.05
    """A confirmed track ends below this."""
    drop_existence: float = 1e-4
    """A track that was never confirmed ends below this; a plot among many false ones begins far below `end`."""
    max_position_sigma_m: float = 10_000.0
    """A track ends when its horizontal position has become less certain than this."""
    least_detection_probability: float = 0.05
    """A plot from where the caller expects none is weighed with this probability of detection."""
    greatest_detection_probability: float = 0.9
    """No sensor is trusted further than this: misses come in runs, because fading and aspect last longer than a scan.
    It makes a sure track live through three misses and end with the fourth."""
    doppler_span_mps: float = 1_200.0
    """Range rates over which those of false plots are spread evenly."""
    flight_level_sigma_m: float = 150.0
    position_sigma_m: float = 50.0
    """Standard deviation of a reported position where neither the plot nor the sensor gives one."""
    use_replies: bool = True
    """Whether Mode S addresses and Mode 3/A codes help to associate plots with tracks."""

    def __post_init__(self) -> None:
        """Refuse values that cannot work."""
        for name in ("gate_probability", "confirm_existence", "birth_existence_max"):
            if not 0.0 < getattr(self, name) < 1.0:
                raise UseError(f"tracker: {name} = {getattr(self, name)}: expected a number between 0 and 1")
        if not 0.0 <= self.drop_existence <= self.end_existence < self.confirm_existence:
            raise UseError(
                f"tracker: drop, end, confirm = {self.drop_existence}, {self.end_existence}, {self.confirm_existence}: "
                "expected 0 <= drop <= end < confirm"
            )
        for name in ("mean_life_s", "birth_height_span_m", "max_position_sigma_m", "doppler_span_mps", "births_per_m2"):
            if not getattr(self, name) > 0.0:
                raise UseError(f"tracker: {name} = {getattr(self, name)}: expected a positive number")
