/** Header and columns -> the state that source.js describes. */
import { summed } from './decode.js';
import { Projection } from './geo.js';
import { Motion } from './motion.js';

const TIME_STEP_S = 0.01;

/** Return the state of a decoded container. */
export function stateOf({ header, columns }) {
  const projection = new Projection(header.centre.lat_deg, header.centre.lon_deg);
  const state = {
    live: false,
    info: header,
    projection,
    tracks: tracksOf(header, columns, projection),
    truth: truthOf(header, columns, projection),
    plots: plotsOf(header, columns),
    evidence: evidenceOf(header, columns),
    events: header.events.map((e) => ({ time_s: e.t, kind: e.kind, text: e.text, tone: e.tone, track: e.track, target: e.target })),
    shots: (header.shots ?? []).map((s) => ({ ...s, a: projection.forward(...s.from), b: projection.forward(...s.to) })),
    coverage: surfacesOf(header, columns),
    ground: groundOf(header, columns, projection),
    sensors: header.sensors.map((s) => placed(s, projection)),
    batteries: header.batteries.map((b) => placed(b, projection)),
    results: header.results,
    answers: header.answers,
    method: header.method,
    believe: (number) => state.tracks.setBeliefs(beliefsOf(columns, number)),
  };
  linkPlots(state);
  return state;
}

function placed(entry, projection) {
  const known = entry.lat_deg !== null && entry.lon_deg !== null;
  const [x, y] = known ? projection.forward(entry.lat_deg, entry.lon_deg) : [NaN, NaN];
  return { ...entry, x, y, known };
}

function tracksOf(header, columns, projection) {
  const told = header.tracks;
  if (!told) return new Motion('none', { step_s: 1, pieces: 0, samples: 0, orders: {} }, none(), projection, []);
  const names = told.id.map((id, row) => ({
    id,
    name: `T${id}`,
    target: told.target[row],
    address: told.address[row],
    code: told.code[row],
  }));
  const motion = new Motion('tracks', told, columns, projection, names);
  motion.setBeliefs(beliefsOf(columns, 0));
  return motion;
}

/** Return what was believed, as it was (0) or under the evidence that the scenario compares with (1). */
export function beliefsOf(columns, number) {
  const of = (name) => columns[`beliefs.${number}.${name}`];
  return {
    track: of('track'),
    time_s: Float64Array.from(of('time'), (v) => v * TIME_STEP_S),
    side: of('declared'),
    friend: of('friend'),
    neutral: of('neutral'),
    hostile: of('hostile'),
  };
}

function none() {
  const empty = new Int32Array(0);
  return { 'none.owner': empty, 'none.start': empty, 'none.life': empty, 'none.lat': empty, 'none.lon': empty, 'none.alt': empty };
}

function truthOf(header, columns, projection) {
  if (!header.truth) return null;
  const motion = new Motion('truth', header.truth, columns, projection, header.targets);
  motion.setSides(header.targets.map((t) => t.side));
  return motion;
}

function plotsOf(header, columns) {
  const told = header.plots;
  if (!told || !told.count) return { count: 0, time_s: new Float64Array(0) };
  const time = summed(Float64Array.from(columns['plots.time']));
  return {
    count: told.count,
    thinned: told.thinned,
    kinds: told.kinds,
    time_s: time.map((v) => v * TIME_STEP_S),
    sensor: columns['plots.sensor'],
    range_m: Float32Array.from(columns['plots.range'], (v) => v * told.range_step_m),
    azimuth_rad: Float32Array.from(columns['plots.azimuth'], (v) => (v / told.azimuth_steps) * 2 * Math.PI),
    kind: columns['plots.kind'],
    track: columns['plots.track'],
  };
}

/** Make the rows of each track's plots findable: `plots.ofTrack(track)` in order of time. */
function linkPlots(state) {
  const byTrack = new Map();
  const { plots } = state;
  for (let k = 0; k < plots.count; k++) {
    const track = plots.track[k];
    if (track < 0) continue;
    if (!byTrack.has(track)) byTrack.set(track, []);
    byTrack.get(track).push(k);
  }
  plots.ofTrack = (track) => byTrack.get(track) ?? [];
}

function evidenceOf(header, columns) {
  const byTrack = new Map();
  const rows = columns['evidence.track'] ?? [];
  for (let k = 0; k < rows.length; k++) {
    if (!byTrack.has(rows[k])) byTrack.set(rows[k], []);
    byTrack.get(rows[k]).push({
      time_s: columns['evidence.time'][k] * TIME_STEP_S,
      kind: header.evidence.kinds[columns['evidence.kind'][k]],
      source: header.evidence.sources[columns['evidence.source'][k]],
      friend: columns['evidence.friend'][k] / 100,
      hostile: columns['evidence.hostile'][k] / 100,
    });
  }
  return byTrack;
}

function surfacesOf(header, columns) {
  const told = header.coverage;
  return told.surfaces.map((surface, number) => {
    const size = surface.bearings * surface.count;
    const ground_m = new Float32Array(size);
    const clearance_m = new Float32Array(size);
    const grounds = columns[`coverage.${number}.ground`];
    const clearances = columns[`coverage.${number}.clearance`];
    for (let b = 0; b < surface.bearings; b++) {
      let g = 0;
      let c = 0;
      for (let k = b * surface.count; k < (b + 1) * surface.count; k++) {
        g += grounds[k];
        c += clearances[k];
        ground_m[k] = g * told.ground_step_m;
        clearance_m[k] = c >= told.never ? Infinity : (c / told.root_step) ** 2;
      }
    }
    return { ...surface, ranges_m: Float64Array.from(surface.ranges_m), ground_m, clearance_m, gap_m: told.gap_m };
  });
}

function groundOf(header, columns, projection) {
  const told = header.ground;
  const ground = { known: told.known, shade: null, coast: [], borders: [], land: [], cities: [] };
  for (const name of ['coast', 'borders', 'land']) {
    const counts = columns[`ground.${name}.counts`] ?? [];
    const steps = columns[`ground.${name}`] ?? [];
    let at = 0;
    for (const count of counts) {
      const line = new Float32Array(2 * count);
      let lon = 0;
      let lat = 0;
      for (let k = 0; k < count; k++) {
        lon += steps[at++];
        lat += steps[at++];
        projection.into(lat * told.step_deg, lon * told.step_deg, line, 2 * k);
      }
      ground[name].push(line);
    }
  }
  ground.cities = told.cities.map(([name, lat, lon, rank]) => {
    const [x, y] = projection.forward(lat, lon);
    return { name, x, y, rank };
  });
  if (told.shade.cells) ground.shade = { ...told.shade, image: columns['ground.shade'] };
  return ground;
}
