"""The column tables: one class for each kind of fact, one NumPy array for each column, one row for each fact.

Each column is declared once: type, unit, meaning, and the value that means "missing". Ids are stable int64 keys
(-1 = none), so that `table[mask]`, `concat` and streaming keep them true. Files know these tables by the same names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Codes = NDArray[np.int8]
Bools = NDArray[np.bool_]
Texts = NDArray[np.str_]

ALLEGIANCES = ("unknown", "friend", "neutral", "hostile")
ORIGINS = ("simulated", "recorded", "live")
SENSOR_KINDS = ("primary", "secondary", "combined", "ads_b", "mlat")
SECURE_REPLIES = ("none", "valid", "invalid", "not_asked")
TRACK_STATUSES = ("tentative", "confirmed", "ended")
LIMITS = (
    "none",
    "instrumented",
    "sensitivity",
    "clutter",
    "horizon",
    "terrain",
    "sector",
    "ceiling",
    "interceptor",
    "timeline",
)
# Sensors that report positions of what answers, and do not look; and their codes.
POSITION_KINDS = ("ads_b", "mlat")
REPORTING = tuple(SENSOR_KINDS.index(name) for name in POSITION_KINDS)
# Codes of what keeps a look from the target altogether; clutter and sensitivity do not, they make it fail.
HIDING_LIMITS = tuple(LIMITS.index(name) for name in ("none", "sector", "instrumented", "terrain", "horizon"))


class Column(NamedTuple):
    """How one column is declared: type, unit, meaning, missing value, inner shape and names of an enum's values."""

    dtype: str
    unit: str
    doc: str
    missing: Any
    shape: tuple[int, ...]
    names: tuple[str, ...]


def _column(
    dtype: str, unit: str, doc: str, *, missing: Any = None, shape: tuple[int, ...] = (), names: tuple[str, ...] = ()
) -> Any:
    if missing is None:
        missing = {"f8": np.nan, "i8": -1, "i1": 0, "?": False, "U": ""}[dtype]
    return field(metadata={"column": Column(dtype, unit, doc, missing, shape, names)})


def _number(unit: str, doc: str, shape: tuple[int, ...] = ()) -> Any:
    return _column("f8", unit, doc, shape=shape)


def _key(doc: str) -> Any:
    return _column("i8", "", doc)


def _enum(names: tuple[str, ...], doc: str) -> Any:
    return _column("i1", "", doc, names=names)


def _text(doc: str) -> Any:
    return _column("U", "", doc)


_declared: dict[type, Mapping[str, Column]] = {}


def _columns_of(kind: type[Table]) -> Mapping[str, Column]:
    if kind not in _declared:
        _declared[kind] = MappingProxyType({f.name: f.metadata["column"] for f in fields(kind)})
    return _declared[kind]


def _fits(declared: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    """Return whether an inner shape is the declared one, where -1 stands for any size."""
    return all(want in (-1, got) for want, got in zip(declared, shape, strict=True))


@dataclass(frozen=True, eq=False)
class Table:
    """Columns of equal length. Rows are never objects; a table is never changed in place."""

    file_name: ClassVar[str] = ""

    def __post_init__(self) -> None:
        """Bring every column to its declared type and check the lengths."""
        rows = None
        for name, column in self.columns().items():
            given = getattr(self, name)
            array = np.asarray(given)
            if array.dtype.kind != "U" or column.dtype != "U":
                array = np.ascontiguousarray(array, dtype=np.str_ if column.dtype == "U" else column.dtype)
            rows = len(array) if rows is None and array.ndim else rows
            if array.ndim != 1 + len(column.shape) or len(array) != rows or not _fits(column.shape, array.shape[1:]):
                want = (rows, *("n" if size == -1 else size for size in column.shape))
                raise ValueError(f"{type(self).__name__}.{name} has shape {array.shape}, expected {want}")
            if array.flags.writeable:
                # The table's own view is read-only; the caller's array stays as it is.
                array = array.view()
                array.flags.writeable = False
            if array is not given:
                object.__setattr__(self, name, array)

    @classmethod
    def columns(cls) -> Mapping[str, Column]:
        """Return the declared columns in order."""
        return _columns_of(cls)

    @classmethod
    def make(cls, rows: int | None = None, **given: Any) -> Self:
        """Build a table from some of its columns; the others get their missing value. Scalars are repeated.

        >>> table = Detections.make(time_s=[1.0, 2.0], sensor_id=3)
        >>> len(table), float(table.range_m[0]), table.sensor_id.tolist()
        (2, nan, [3, 3])
        """
        declared = cls.columns()
        unknown = set(given) - set(declared)
        if unknown:
            raise TypeError(f"{cls.__name__} has no column {', '.join(sorted(unknown))}")
        if rows is None:
            rows = max((len(value) for value in given.values() if np.ndim(value)), default=0)
        arrays: dict[str, Any] = {}
        for name, column in declared.items():
            value = given.get(name, column.missing)
            inner = tuple(1 if size == -1 else size for size in column.shape)
            if np.ndim(value) == 0:
                value = np.full((rows, *inner), value, dtype=None if column.dtype == "U" else column.dtype)
            arrays[name] = np.array(value, dtype=np.str_ if column.dtype == "U" else column.dtype)
        return cls(**arrays)

    @classmethod
    def concat(cls, parts: list[Self]) -> Self:
        """Put tables of one kind under each other; no parts give an empty table."""
        if not parts:
            return cls.make(0)
        kept = [part for part in parts if len(part)] or parts[:1]
        if len(kept) == 1:
            return kept[0]
        return cls._of({name: np.concatenate([getattr(part, name) for part in kept]) for name in cls.columns()})

    @classmethod
    def _of(cls, arrays: dict[str, NDArray[Any]]) -> Self:
        """Build a table from columns that a table of this kind gave: types and lengths are right already."""
        made = object.__new__(cls)
        for array in arrays.values():
            array.flags.writeable = False
        made.__dict__.update(arrays)
        return made

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(next(iter(self.__dict__.values())))

    def __getitem__(self, rows: Any) -> Self:
        """Return the rows chosen by a mask, an index array or a slice."""
        if isinstance(rows, (int, np.integer)):
            raise TypeError("a table takes a mask, an index array or a slice; rows are never objects")
        return self._of({name: getattr(self, name)[rows] for name in self.columns()})

    def sorted_by(self, *names: str) -> Self:
        """Return the rows in the order of the named columns, the first name first; ties keep their order."""
        return self[np.lexsort([getattr(self, name) for name in reversed(names)])]


@dataclass(frozen=True, eq=False)
class Targets(Table):
    """What flies: one row for each object of a scenario or a recording."""

    file_name: ClassVar[str] = "targets"
    target_id: Ints = _key("key of the target")
    name: Texts = _text("name in the scenario, or call sign")
    class_name: Texts = _text("key of the aircraft class in the catalogue")
    allegiance: Codes = _enum(ALLEGIANCES, "true allegiance; in a trial, the role that is flown")
    origin: Codes = _enum(ORIGINS, "simulated, or a recorded or live object, which is never assigned a weapon")
    icao_address: Ints = _key("24-bit Mode S address; -1 = none")
    mode_3a: Ints = _key("Mode 3/A code, its four octal digits read as they stand (code 7700 is 7700); -1 = none")
    born_s: Floats = _number("s", "first time at which the target exists")
    gone_s: Floats = _number("s", "last time at which the target exists")


@dataclass(frozen=True, eq=False)
class Sensors(Table):
    """What looks: one row for each radar or receiver."""

    file_name: ClassVar[str] = "sensors"
    sensor_id: Ints = _key("key of the sensor")
    name: Texts = _text("name in the scenario")
    kind: Codes = _enum(SENSOR_KINDS, "what the sensor can report")
    lat_deg: Floats = _number("deg", "geodetic latitude, WGS-84")
    lon_deg: Floats = _number("deg", "longitude, WGS-84")
    height_m: Floats = _number("m", "height of the antenna above mean sea level")
    x_m: Floats = _number("m", "east of the origin in the world frame")
    y_m: Floats = _number("m", "north of the origin in the world frame")
    z_m: Floats = _number("m", "up from the origin in the world frame")
    period_s: Floats = _number("s", "time between two looks in the same direction")
    sector_centre_rad: Floats = _number("rad", "bearing of the middle of the sector; NaN = all round")
    sector_width_rad: Floats = _number("rad", "width of the sector that is watched; NaN = all round")
    sac: Ints = _key("ASTERIX system area code; -1 = none")
    sic: Ints = _key("ASTERIX system identification code; -1 = none")
    range_sigma_m: Floats = _number("m", "standard deviation of range at high SNR")
    azimuth_sigma_rad: Floats = _number("rad", "standard deviation of azimuth at high SNR")
    elevation_sigma_rad: Floats = _number("rad", "standard deviation of elevation at high SNR; NaN = a 2-D radar")
    doppler_sigma_mps: Floats = _number("m/s", "standard deviation of range rate; NaN = not measured")
    max_range_m: Floats = _number("m", "instrumented range")


@dataclass(frozen=True, eq=False)
class Truth(Table):
    """Where targets really are: one row for each target and time."""

    file_name: ClassVar[str] = "truth"
    time_s: Floats = _number("s", "since the start of the scenario")
    target_id: Ints = _key("row of targets")
    x_m: Floats = _number("m", "east of the origin in the world frame")
    y_m: Floats = _number("m", "north of the origin in the world frame")
    z_m: Floats = _number("m", "up from the origin in the world frame")
    vx_mps: Floats = _number("m/s", "velocity east")
    vy_mps: Floats = _number("m/s", "velocity north")
    vz_mps: Floats = _number("m/s", "velocity up")
    lat_deg: Floats = _number("deg", "geodetic latitude, WGS-84")
    lon_deg: Floats = _number("deg", "longitude, WGS-84")
    altitude_m: Floats = _number("m", "above mean sea level (the ellipsoid stands for it)")


@dataclass(frozen=True, eq=False)
class Looks(Table):
    """Each pass of a beam over a target, detected or not, with what the physics gave it. Truth side: never tracked."""

    file_name: ClassVar[str] = "looks"
    time_s: Floats = _number("s", "when the beam is on the target")
    sensor_id: Ints = _key("row of sensors")
    scan: Ints = _key("number of the sensor's scan, from 0")
    target_id: Ints = _key("row of targets")
    range_m: Floats = _number("m", "true slant range")
    azimuth_rad: Floats = _number("rad", "true azimuth at the sensor, clockwise from true north")
    elevation_rad: Floats = _number("rad", "true geometric elevation at the sensor")
    radial_speed_mps: Floats = _number("m/s", "true range rate, positive outbound")
    rcs_m2: Floats = _number("m2", "mean radar cross section at this aspect, before scan-to-scan fluctuation")
    snr_db: Floats = _number("dB", "mean signal-to-noise ratio of the look; NaN where the limit leaves no signal")
    detection_probability: Floats = _number("", "predicted probability of detection, 0 where a limit hides the target")
    limit: Codes = _enum(LIMITS, "what binds this look: the limit that hides the target, or sensitivity")
    detected: Bools = _column("?", "", "whether the radar made a primary plot")


@dataclass(frozen=True, eq=False)
class Detections(Table):
    """What sensors report: one row for each plot, in time order. A plot without height is legal."""

    file_name: ClassVar[str] = "detections"
    detection_id: Ints = _key("key of the plot")
    time_s: Floats = _number("s", "since the start of the scenario")
    sensor_id: Ints = _key("row of sensors")
    kind: Codes = _enum(SENSOR_KINDS, "primary, secondary or both")
    range_m: Floats = _number("m", "slant range")
    azimuth_rad: Floats = _number("rad", "at the sensor, clockwise from true north")
    elevation_rad: Floats = _number("rad", "above the sensor's horizontal, refraction removed; NaN = no height")
    doppler_mps: Floats = _number("m/s", "range rate, positive outbound")
    x_m: Floats = _number("m", "east in the world frame, where the sensor reports a position")
    y_m: Floats = _number("m", "north in the world frame, where the sensor reports a position")
    z_m: Floats = _number("m", "up in the world frame, where the sensor reports a position")
    flight_level_m: Floats = _number("m", "pressure altitude that the transponder reported, standard atmosphere")
    range_sigma_m: Floats = _number("m", "standard deviation of range of this plot")
    azimuth_sigma_rad: Floats = _number("rad", "standard deviation of azimuth of this plot")
    elevation_sigma_rad: Floats = _number("rad", "standard deviation of elevation of this plot")
    snr_db: Floats = _number("dB", "signal-to-noise ratio")
    mode_3a: Ints = _key("Mode 3/A code that the transponder replied, its four octal digits as they stand; -1 = none")
    mode_s_address: Ints = _key("24-bit address that the transponder replied; -1 = none")
    secure_reply: Codes = _enum(SECURE_REPLIES, "answer to the secure IFF question")
    target_id: Ints = _key("true target; -1 = false alarm, or not known (recordings)")


@dataclass(frozen=True, eq=False)
class Tracks(Table):
    """What the tracker believes: one row for each track and update."""

    file_name: ClassVar[str] = "tracks"
    time_s: Floats = _number("s", "time of the estimate")
    track_id: Ints = _key("key of the track")
    x_m: Floats = _number("m", "east of the origin in the world frame")
    y_m: Floats = _number("m", "north of the origin in the world frame")
    z_m: Floats = _number("m", "up from the origin in the world frame")
    vx_mps: Floats = _number("m/s", "velocity east")
    vy_mps: Floats = _number("m/s", "velocity north")
    vz_mps: Floats = _number("m/s", "velocity up")
    covariance: Floats = _number("m, m/s", "covariance of x y z vx vy vz", (6, 6))
    existence: Floats = _number("", "probability that the track follows a real object")
    mode_probability: Floats = _number("", "probability of each motion model", (-1,))
    detection_id: Ints = _key("plot that updated the track most; -1 = coasted")
    lat_deg: Floats = _number("deg", "geodetic latitude, WGS-84")
    lon_deg: Floats = _number("deg", "longitude, WGS-84")
    altitude_m: Floats = _number("m", "above mean sea level (the ellipsoid stands for it)")
    status: Codes = _enum(TRACK_STATUSES, "life of the track")


@dataclass(frozen=True, eq=False)
class Identities(Table):
    """Who the tracks are believed to be: one row each time the belief of a track changes."""

    file_name: ClassVar[str] = "identities"
    time_s: Floats = _number("s", "time of the belief")
    track_id: Ints = _key("row of tracks")
    p_friend: Floats = _number("", "probability of friend")
    p_neutral: Floats = _number("", "probability of neutral")
    p_hostile: Floats = _number("", "probability of hostile")
    declared: Codes = _enum(ALLEGIANCES, "what is declared; without enough evidence, unknown")
    class_name: Texts = _text("most probable aircraft class; empty = not estimated")
    p_class: Floats = _number("", "probability of that class")


@dataclass(frozen=True, eq=False)
class Evidence(Table):
    """Why a belief changed: one row for each piece of evidence. No reply is no evidence."""

    file_name: ClassVar[str] = "evidence"
    time_s: Floats = _number("s", "time of the evidence")
    track_id: Ints = _key("row of tracks")
    kind: Texts = _text("kind of evidence")
    llr_friend: Floats = _number("", "log-likelihood ratio of friend against neutral")
    llr_hostile: Floats = _number("", "log-likelihood ratio of hostile against neutral")
    source: Texts = _text("sensor or rule that gave it")


@dataclass(frozen=True, eq=False)
class Events(Table):
    """What happened: one row for each event, for the replay and the event log."""

    file_name: ClassVar[str] = "events"
    time_s: Floats = _number("s", "time of the event")
    kind: Texts = _text("kind of event")
    actor: Texts = _text("who or what acted")
    target_id: Ints = _key("row of targets")
    track_id: Ints = _key("row of tracks")
    value: Floats = _number("", "a number that belongs to the kind of event")
    cause: Ints = _key("row of the earlier event that caused this one; -1 = none")


@dataclass(frozen=True, eq=False)
class Scores(Table):
    """How well it went: one row for each score and time (NaN = over the whole run), with its interval."""

    file_name: ClassVar[str] = "scores"
    time_s: Floats = _number("s", "time of the score; NaN = the whole run")
    name: Texts = _text("name of the score")
    value: Floats = _number("", "value, in the unit that the name ends with")
    low: Floats = _number("", "low end of the 95 % interval; NaN = none")
    high: Floats = _number("", "high end of the 95 % interval; NaN = none")


TABLES: tuple[type[Table], ...] = (
    Targets,
    Sensors,
    Truth,
    Looks,
    Detections,
    Tracks,
    Identities,
    Evidence,
    Events,
    Scores,
)
