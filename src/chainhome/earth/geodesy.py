"""WGS-84 geodesy: geodetic, earth-centred (ECEF) and rigid local east-north-up (ENU) coordinates, and geodesics.

In: angles in radians, lengths in metres, scalars or arrays that broadcast. Out: float64 arrays. An ENU frame is a rigid
Cartesian frame, so the earth's curvature stays exact in it at any range. Heights are above the ellipsoid.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainhome.constants import WGS84_FLATTENING, WGS84_SEMI_MAJOR_M

Floats = NDArray[np.float64]

_A = WGS84_SEMI_MAJOR_M
_F = WGS84_FLATTENING
_B = _A * (1.0 - _F)
_E2 = _F * (2.0 - _F)
_EP2 = _E2 / (1.0 - _E2)
_BOWRING_STEPS = 3  # two reach rounding from -10 km to 1000 km; the third costs little
_VINCENTY_STEPS = 200  # nearly antipodal pairs that still need more are answered with NaN
_VINCENTY_TOLERANCE_RAD = 1e-13  # 0.6 micrometres


@dataclass(frozen=True, eq=False)
class Frame:
    """A rigid local frame: its origin, and the ECEF directions of east, north and up as the rows of `rotation`."""

    lat_rad: float
    lon_rad: float
    height_m: float
    ecef: Floats
    rotation: Floats


def geodetic_to_ecef(lat_rad: ArrayLike, lon_rad: ArrayLike, height_m: ArrayLike) -> Floats:
    """Return earth-centred positions (..., 3) in metres of geodetic positions (radians, metres) [wgs84].

    >>> geodetic_to_ecef(0.0, 0.0, 100.0).tolist()
    [6378237.0, 0.0, 0.0]
    """
    lat, lon, height = np.broadcast_arrays(
        np.asarray(lat_rad, np.float64), np.asarray(lon_rad, np.float64), np.asarray(height_m, np.float64)
    )
    sin_lat, cos_lat = np.sin(lat), np.cos(lat)
    prime_vertical = _A / np.sqrt(1.0 - _E2 * sin_lat**2)
    axial = (prime_vertical + height) * cos_lat
    return np.stack(
        [axial * np.cos(lon), axial * np.sin(lon), (prime_vertical * (1.0 - _E2) + height) * sin_lat], axis=-1
    )


def ecef_to_geodetic(ecef: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Return latitude, longitude (radians) and height (m) of earth-centred positions (..., 3), by [bowring1976].

    Consistent with `geodetic_to_ecef` to a few nanometres (the rounding of the coordinates themselves) from -10 km to
    1000 km; at a pole the longitude is 0.

    >>> lat, lon, height = ecef_to_geodetic([0.0, 0.0, 6_356_752.314245179 + 50.0])
    >>> float(np.degrees(lat)), float(lon), round(float(height), 6)
    (90.0, 0.0, 50.0)
    """
    # In columns: NumPy's arctan2 rounds otherwise where the numbers do not lie side by side.
    x, y, z = np.ascontiguousarray(np.moveaxis(np.asarray(ecef, np.float64), -1, 0))
    axial = np.hypot(x, y)
    rise, run = z * _A, axial * _B  # tangent of the parametric latitude, as a quotient that survives the poles
    for _ in range(_BOWRING_STEPS):
        hypotenuse = np.hypot(rise, run)
        sin_beta, cos_beta = rise / hypotenuse, run / hypotenuse
        top = z + _EP2 * _B * sin_beta**3
        bottom = axial - _E2 * _A * cos_beta**3
        rise, run = (1.0 - _F) * top, bottom
    hypotenuse = np.hypot(top, bottom)
    sin_lat, cos_lat = top / hypotenuse, bottom / hypotenuse
    height = axial * cos_lat + z * sin_lat - _A * np.sqrt(1.0 - _E2 * sin_lat**2)
    return np.asarray(np.arctan2(top, bottom)), np.asarray(np.arctan2(y, x)), np.asarray(height)


def enu_frame(lat_rad: float, lon_rad: float, height_m: float) -> Frame:
    """Return the rigid east-north-up frame whose origin is at a geodetic position (radians, metres).

    >>> enu_frame(0.0, 0.0, 0.0).rotation.astype(int).tolist()
    [[0, 1, 0], [0, 0, 1], [1, 0, 0]]
    """
    lat, lon, height = float(lat_rad), float(lon_rad), float(height_m)
    sin_lat, cos_lat, sin_lon, cos_lon = np.sin(lat), np.cos(lat), np.sin(lon), np.cos(lon)
    rotation = np.array(
        [
            [-sin_lon, cos_lon, 0.0],
            [-sin_lat * cos_lon, -sin_lat * sin_lon, cos_lat],
            [cos_lat * cos_lon, cos_lat * sin_lon, sin_lat],
        ]
    )
    return Frame(lat, lon, height, geodetic_to_ecef(lat, lon, height), rotation)


def to_enu(frame: Frame, ecef: ArrayLike) -> Floats:
    """Return positions (..., 3) in metres in the frame, of earth-centred positions (..., 3)."""
    return _turned(np.asarray(ecef, np.float64) - frame.ecef, frame.rotation)


def from_enu(frame: Frame, enu: ArrayLike) -> Floats:
    """Return earth-centred positions (..., 3) in metres, of positions (..., 3) in the frame."""
    return _turned(np.asarray(enu, np.float64), frame.rotation.T) + frame.ecef


def _turned(vectors: Floats, rotation: Floats) -> Floats:
    """Return vectors (..., 3) turned by a matrix (3, 3), number by number.

    The last bit of a product of matrices depends on how many rows there are; here a row alone is what it is in a whole.
    """
    x, y, z = vectors[..., 0], vectors[..., 1], vectors[..., 2]
    turned = np.empty(vectors.shape)
    for c, (a, b, d) in enumerate(rotation.tolist()):
        turned[..., c] = a * x + b * y + d * z
    return turned


def geodetic_to_enu(frame: Frame, lat_rad: ArrayLike, lon_rad: ArrayLike, height_m: ArrayLike) -> Floats:
    """Return positions (..., 3) in metres in the frame, of geodetic positions (radians, metres).

    A point at the frame's own height and one tenth of a degree east lies below the horizontal plane by the curvature.

    >>> frame = enu_frame(0.0, 0.0, 0.0)
    >>> geodetic_to_enu(frame, 0.0, np.radians(0.1), 0.0).round(1).tolist()
    [11131.9, 0.0, -9.7]
    """
    return to_enu(frame, geodetic_to_ecef(lat_rad, lon_rad, height_m))


def enu_to_geodetic(frame: Frame, enu: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Return latitude, longitude (radians) and height (m) of positions (..., 3) in the frame."""
    return ecef_to_geodetic(from_enu(frame, enu))


def frame_rotation(from_frame: Frame, to_frame: Frame) -> Floats:
    """Return the matrix (3, 3) that turns components in one frame into components in the other.

    Up at a place 90 degrees further east is east here.

    >>> rotation = frame_rotation(enu_frame(0.0, np.pi / 2, 0.0), enu_frame(0.0, 0.0, 0.0))
    >>> (rotation @ [0.0, 0.0, 1.0]).round(12).tolist()
    [1.0, 0.0, 0.0]
    """
    return np.asarray(to_frame.rotation @ from_frame.rotation.T)


def destination(
    lat_rad: ArrayLike, lon_rad: ArrayLike, bearing_rad: ArrayLike, distance_m: ArrayLike
) -> tuple[Floats, Floats]:
    """Return latitude and longitude (radians) at a distance along the geodesic of a bearing, by [vincenty1975].

    The arguments broadcast; longitudes come back in [-pi, pi).

    >>> lat, lon = destination(0.0, 0.0, np.pi / 2, 111_319.490793)
    >>> round(float(np.degrees(lat)), 9), round(float(np.degrees(lon)), 9)
    (0.0, 1.0)
    """
    lat, lon, bearing, distance = np.broadcast_arrays(
        *(np.asarray(value, np.float64) for value in (lat_rad, lon_rad, bearing_rad, distance_m))
    )
    sin_a1, cos_a1 = np.sin(bearing), np.cos(bearing)
    sin_u1, cos_u1 = _reduced(lat)
    sigma_1 = np.arctan2(sin_u1, cos_u1 * cos_a1)
    sin_alpha = cos_u1 * sin_a1
    cos2_alpha = 1.0 - sin_alpha**2
    big_a, big_b = _series(cos2_alpha)
    sigma_0 = distance / (_B * big_a)
    sigma = sigma_0
    for _ in range(_VINCENTY_STEPS):
        previous = sigma
        sigma = sigma_0 + _delta_sigma(big_b, np.sin(sigma), np.cos(sigma), np.cos(2.0 * sigma_1 + sigma))
        if not np.any(np.abs(sigma - previous) > _VINCENTY_TOLERANCE_RAD):
            break
    sin_s, cos_s, cos_2m = np.sin(sigma), np.cos(sigma), np.cos(2.0 * sigma_1 + sigma)
    across = np.hypot(sin_alpha, sin_u1 * sin_s - cos_u1 * cos_s * cos_a1)
    lat_2 = np.arctan2(sin_u1 * cos_s + cos_u1 * sin_s * cos_a1, (1.0 - _F) * across)
    longitude = np.arctan2(sin_s * sin_a1, cos_u1 * cos_s - sin_u1 * sin_s * cos_a1)
    longitude = longitude - _longitude_correction(sin_alpha, cos2_alpha, sigma, sin_s, cos_s, cos_2m)
    return np.asarray(lat_2), np.asarray(np.mod(lon + longitude + np.pi, 2.0 * np.pi) - np.pi)


def inverse(
    lat_1_rad: ArrayLike, lon_1_rad: ArrayLike, lat_2_rad: ArrayLike, lon_2_rad: ArrayLike
) -> tuple[Floats, Floats]:
    """Return the geodesic distance (m) and the bearing at the first point, in [0, 2 pi), by [vincenty1975].

    The arguments broadcast. Nearly antipodal pairs, where the iteration does not converge, give NaN; the bearing from a
    point to itself is 0.

    >>> distance, bearing = inverse(0.0, 0.0, 0.0, np.radians(1.0))
    >>> round(float(distance), 3), float(np.degrees(bearing))
    (111319.491, 90.0)
    """
    lat_1, lon_1, lat_2, lon_2 = np.broadcast_arrays(
        *(np.asarray(value, np.float64) for value in (lat_1_rad, lon_1_rad, lat_2_rad, lon_2_rad))
    )
    sin_u1, cos_u1 = _reduced(lat_1)
    sin_u2, cos_u2 = _reduced(lat_2)
    apart = np.mod(lon_2 - lon_1 + np.pi, 2.0 * np.pi) - np.pi
    longitude, moved = apart, np.full(apart.shape, np.inf)
    for _ in range(_VINCENTY_STEPS):
        east = cos_u2 * np.sin(longitude)
        north = cos_u1 * sin_u2 - sin_u1 * cos_u2 * np.cos(longitude)
        sin_s = np.hypot(east, north)
        cos_s = sin_u1 * sin_u2 + cos_u1 * cos_u2 * np.cos(longitude)
        sigma = np.arctan2(sin_s, cos_s)
        sin_alpha = np.divide(cos_u1 * east, sin_s, out=np.zeros_like(sin_s), where=sin_s > 0.0)
        cos2_alpha = 1.0 - sin_alpha**2
        equatorial = cos2_alpha <= 0.0
        cos_2m = cos_s - 2.0 * sin_u1 * sin_u2 / np.where(equatorial, 1.0, cos2_alpha)
        cos_2m = np.where(equatorial, 0.0, cos_2m)
        previous = longitude
        longitude = apart + _longitude_correction(sin_alpha, cos2_alpha, sigma, sin_s, cos_s, cos_2m)
        moved = np.abs(longitude - previous)
        if not np.any(moved > _VINCENTY_TOLERANCE_RAD):
            break
    big_a, big_b = _series(cos2_alpha)
    distance = _B * big_a * (sigma - _delta_sigma(big_b, sin_s, cos_s, cos_2m))
    failed = ~(moved <= _VINCENTY_TOLERANCE_RAD) | (np.abs(longitude) > np.pi)
    bearing = np.mod(np.arctan2(east, north), 2.0 * np.pi)
    return np.where(failed, np.nan, distance), np.where(failed, np.nan, bearing)


def _reduced(lat: Floats) -> tuple[Floats, Floats]:
    rise, run = (1.0 - _F) * np.sin(lat), np.cos(lat)
    hypotenuse = np.hypot(rise, run)
    return np.asarray(rise / hypotenuse), np.asarray(run / hypotenuse)


def _series(cos2_alpha: Floats) -> tuple[Floats, Floats]:
    u2 = cos2_alpha * _EP2
    big_a = 1.0 + u2 / 16384.0 * (4096.0 + u2 * (-768.0 + u2 * (320.0 - 175.0 * u2)))
    big_b = u2 / 1024.0 * (256.0 + u2 * (-128.0 + u2 * (74.0 - 47.0 * u2)))
    return big_a, big_b


def _delta_sigma(big_b: Floats, sin_s: Floats, cos_s: Floats, cos_2m: Floats) -> Floats:
    third = big_b / 6.0 * cos_2m * (-3.0 + 4.0 * sin_s**2) * (-3.0 + 4.0 * cos_2m**2)
    second = cos_s * (-1.0 + 2.0 * cos_2m**2)
    return big_b * sin_s * (cos_2m + big_b / 4.0 * (second - third))


def _longitude_correction(
    sin_alpha: Floats, cos2_alpha: Floats, sigma: Floats, sin_s: Floats, cos_s: Floats, cos_2m: Floats
) -> Floats:
    c = _F / 16.0 * cos2_alpha * (4.0 + _F * (4.0 - 3.0 * cos2_alpha))
    return (1.0 - c) * _F * sin_alpha * (sigma + c * sin_s * (cos_2m + c * cos_s * (-1.0 + 2.0 * cos_2m**2)))
