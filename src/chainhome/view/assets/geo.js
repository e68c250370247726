/** The map's plane: azimuthal equidistant about the centre, kilometres east and north, on the WGS-84 ellipsoid. */
const A_KM = 6378.137;
const F = 1 / 298.257223563;
const E2 = F * (2 - F);
const RADIANS = Math.PI / 180;
const TURN = 2 * Math.PI;

/**
 * Distances from the centre are those of the geodesic to a metre in 500 km: the chord between two points of the
 * ellipsoid is exact, and the arc over it differs from the chord so little that a mean radius serves.
 */
export class Projection {
  constructor(lat_deg, lon_deg) {
    const lat = lat_deg * RADIANS;
    const lon = lon_deg * RADIANS;
    this.lat_deg = lat_deg;
    this.lon_deg = lon_deg;
    this.sinLat = Math.sin(lat);
    this.cosLat = Math.cos(lat);
    this.lon = lon;
    const w = 1 - E2 * this.sinLat * this.sinLat;
    this.normal = A_KM / Math.sqrt(w);
    this.radius = (A_KM * Math.sqrt(1 - E2)) / w; // the Gaussian mean radius of curvature
    this.axis = this.normal * this.cosLat;
    this.height = this.normal * (1 - E2) * this.sinLat;
  }

  /** Write kilometres east and north of a place in degrees to out[at], out[at + 1]. */
  into(lat_deg, lon_deg, out, at) {
    const lat = lat_deg * RADIANS;
    const turn = lon_deg * RADIANS - this.lon;
    const s = Math.sin(lat);
    const normal = A_KM / Math.sqrt(1 - E2 * s * s);
    const across = normal * Math.cos(lat);
    const dx = across * Math.cos(turn) - this.axis;
    const dz = normal * (1 - E2) * s - this.height;
    const east = across * Math.sin(turn);
    const north = this.cosLat * dz - this.sinLat * dx;
    const level = Math.sqrt(east * east + north * north);
    const half = Math.sqrt(east * east + dx * dx + dz * dz) / (2 * this.radius);
    const scale = level > 1e-9 ? (2 * this.radius * Math.asin(Math.min(1, half))) / level : 1;
    out[at] = east * scale;
    out[at + 1] = north * scale;
  }

  /** Return [east_km, north_km]. */
  forward(lat_deg, lon_deg) {
    const out = [0, 0];
    this.into(lat_deg, lon_deg, out, 0);
    return out;
  }

  /** Return [lat_deg, lon_deg]: the sphere's answer, then corrected until the forward projection agrees. */
  inverse(east_km, north_km) {
    const reach = Math.hypot(east_km, north_km);
    if (reach < 1e-9) return [this.lat_deg, this.lon_deg];
    let e = east_km;
    let n = north_km;
    let place = [this.lat_deg, this.lon_deg];
    const trial = [0, 0];
    for (let pass = 0; pass < 6; pass++) {
      const away = Math.hypot(e, n);
      const c = away / this.radius;
      const sinC = Math.sin(c);
      const cosC = Math.cos(c);
      const sine = cosC * this.sinLat + (away > 0 ? (n * sinC * this.cosLat) / away : 0);
      const lat = Math.asin(Math.max(-1, Math.min(1, sine)));
      const lon = this.lon + Math.atan2(e * sinC, away * this.cosLat * cosC - n * this.sinLat * sinC);
      place = [lat / RADIANS, ((lon / RADIANS + 540) % 360) - 180];
      this.into(place[0], place[1], trial, 0);
      const missE = east_km - trial[0];
      const missN = north_km - trial[1];
      if (Math.abs(missE) + Math.abs(missN) < 1e-6) break;
      e += missE;
      n += missN;
    }
    return place;
  }
}

/** Return the bearing from true north, radians in [0, 2 pi). */
export function bearing(east, north) {
  const angle = Math.atan2(east, north);
  return angle < 0 ? angle + TURN : angle;
}

/** Return an angle in radians brought to [0, 2 pi). */
export function turned(angle) {
  return ((angle % TURN) + TURN) % TURN;
}
