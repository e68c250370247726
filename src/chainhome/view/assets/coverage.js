/** What a radar sees at the height of the slider: the surface of lowest visible heights, cut at that height. */

/** Return how high (metres, as the slider counts) a target must be at sample k of a surface to be seen. */
function needs(surface, k, aboveGround) {
  return aboveGround ? surface.clearance_m[k] : surface.clearance_m[k] + surface.ground_m[k];
}

/** Return how far, metres, a radar's echo of the chosen target carries at a bearing; 0 outside of its sector. */
export function limitAt(sensor, surface, b, reference) {
  const azimuth = (b * 2 * Math.PI) / surface.bearings;
  if (sensor.sector_rad) {
    const [centre, width] = sensor.sector_rad;
    const off = Math.abs(((azimuth - centre + 3 * Math.PI) % (2 * Math.PI)) - Math.PI);
    if (off > width / 2 + 1e-9) return 0;
  }
  let limit = sensor.max_range_m ?? Infinity;
  if (sensor.limits_m && reference >= 0 && reference < sensor.limits_m.length) {
    const factor = sensor.boresight_factor ? sensor.boresight_factor[b] : 1;
    limit = Math.min(limit, sensor.limits_m[reference] * factor);
  }
  return limit;
}

/** Return for one bearing how far a target is held: gaps up to gap_m are bridged, the end is interpolated. */
function heldTo(surface, b, height_m, aboveGround, limit_m) {
  const { ranges_m, count } = surface;
  const row = b * count;
  let held = 0;
  let at = -1;
  for (let k = 0; k < count; k++) {
    if (needs(surface, row + k, aboveGround) <= height_m) {
      held = ranges_m[k];
      at = k;
    } else if (ranges_m[k] - held > surface.gap_m) break;
  }
  if (at >= 0 && at < count - 1) {
    const need = needs(surface, row + at, aboveGround);
    const next = needs(surface, row + at + 1, aboveGround);
    if (Number.isFinite(next) && next > height_m) held += ((ranges_m[at + 1] - ranges_m[at]) * (height_m - need)) / (next - need);
  }
  return Math.min(held, limit_m);
}

/**
 * Return what a radar sees at a height: {radius_m by bearing, inView: bearings that it looks at, median_m, least_m, most_m,
 * share of the headline disc that is in view, cells: Path2D of all that is in view (km, y to the south)}.
 */
export function coverageOf(sensor, surface, { height_m, aboveGround, reference }) {
  const { bearings, count, ranges_m } = surface;
  const radius_m = new Float64Array(bearings);
  const watched = [];
  const cells = new Path2D();
  const half = Math.PI / bearings;
  const headline = sensor.headline_m ?? sensor.max_range_m ?? ranges_m[count - 1];
  let area = 0;
  for (let b = 0; b < bearings; b++) {
    const limit = limitAt(sensor, surface, b, reference);
    if (limit > 0) {
      radius_m[b] = heldTo(surface, b, height_m, aboveGround, limit);
      watched.push(radius_m[b]);
    }
    const azimuth = (2 * Math.PI * b) / bearings;
    const ends = [Math.sin(azimuth - half), -Math.cos(azimuth - half), Math.sin(azimuth + half), -Math.cos(azimuth + half)];
    let from = 0;
    let open = false;
    let inner = 0;
    for (let k = 0; k < count && inner < limit; k++) {
      const seen = needs(surface, b * count + k, aboveGround) <= height_m;
      const outer = Math.min(limit, k + 1 < count ? (ranges_m[k] + ranges_m[k + 1]) / 2 : ranges_m[k]);
      if (seen) {
        if (!open) from = inner;
        open = true;
        const r1 = Math.min(outer, headline);
        const r0 = Math.min(inner, headline);
        area += r1 * r1 - r0 * r0;
      }
      const closes = open && (!seen || k === count - 1 || outer >= limit);
      if (closes) {
        wedge(cells, ends, from / 1000, (seen ? outer : inner) / 1000);
        open = false;
      }
      inner = outer;
    }
  }
  watched.sort((a, b) => a - b);
  const middle = watched.length ? (watched[(watched.length - 1) >> 1] + watched[watched.length >> 1]) / 2 : 0;
  return {
    radius_m,
    bearings,
    median_m: middle,
    least_m: watched[0] ?? 0,
    most_m: watched[watched.length - 1] ?? 0,
    share: area / (bearings * headline * headline),
    headline_m: headline,
    cells,
    outline: outline(radius_m, sensor),
  };
}

function wedge(path, [ax, ay, bx, by], from, to) {
  path.moveTo(ax * from, ay * from);
  path.lineTo(ax * to, ay * to);
  path.lineTo(bx * to, by * to);
  path.lineTo(bx * from, by * from);
  path.closePath();
}

/** Return the contour as a path in kilometres, y to the south; a sector is closed over its site. */
function outline(radius_m, sensor) {
  const path = new Path2D();
  const n = radius_m.length;
  let first = 0;
  if (sensor.sector_rad) while (first < n && !(radius_m[first] > 0 && radius_m[(first + n - 1) % n] === 0)) first++;
  let begun = false;
  for (let i = 0; i < n; i++) {
    const b = (first + i) % n;
    const azimuth = (2 * Math.PI * b) / n;
    const r = radius_m[b] / 1000;
    if (begun) path.lineTo(r * Math.sin(azimuth), -r * Math.cos(azimuth));
    else path.moveTo(r * Math.sin(azimuth), -r * Math.cos(azimuth));
    begun = true;
  }
  path.closePath();
  return path;
}

/** Return ground and lowest visible height (both above sea level, metres) along a bearing, for the profile. */
export function alongBearing(surface, bearing_rad) {
  const place = (bearing_rad / (2 * Math.PI)) * surface.bearings;
  const b = Math.round(place) % surface.bearings;
  const row = b * surface.count;
  const ground = surface.ground_m.subarray(row, row + surface.count);
  const lowest = Float64Array.from(ground, (g, k) => g + surface.clearance_m[row + k]);
  return { ranges_m: surface.ranges_m, ground, lowest };
}
