/** Labels of what moves: the most pressing first, each where nothing else is, or none. */
import { haloText } from './symbols.js';
import { FONT } from './theme.js';
import { shortHeight, speed } from './words.js';

const MANY = 800; // tracks from which on a label is a name
const MOST_LABELS = 140;
const TRIED_LABELS = 700;
const PRIORITY = [2, 3, 4, 1]; // of unknown, friend, neutral, hostile: the lower, the sooner labelled
const FARTHEST_PX = 80;

export function drawLabels(map, g, tracks, truth, colours) {
  const { places, fixed, model, view } = map;
  const { x: tx, y: ty, k } = view;
  places.taken.set(fixed.taken);
  const radius = map.stamps?.half ?? 8;
  const showTracks = model.layers.tracks;
  const many = tracks.count > MANY;
  const small = many ? 3 : 7;
  map.brief = many; // in a crowd a label is a name
  for (const [shown, on] of [[tracks, showTracks], [truth, truth !== null]]) {
    if (!on) continue;
    for (let i = 0; i < shown.count; i++) places.take(shown.x[i] * k + tx - small, -shown.y[i] * k + ty - small, 2 * small, 2 * small);
  }
  const wanted = [];
  if (showTracks) for (let i = 0; i < tracks.count; i++) wish(map, wanted, tracks, i, 'track', PRIORITY[tracks.side[i]]);
  if (truth) for (let i = 0; i < truth.count; i++) wish(map, wanted, truth, i, 'truth', truth.side[i] === 2 ? 6 : 2.5);
  wanted.sort((a, b) => a.rank - b.rank || a.object - b.object);
  g.textBaseline = 'alphabetic';
  g.textAlign = 'left';
  map.drawn.labels = [];
  let tried = 0;
  for (const want of wanted) {
    if (map.drawn.labels.length >= MOST_LABELS || ++tried > TRIED_LABELS) break;
    label(map, g, want, radius, small, colours);
  }
}

function wish(map, wanted, shown, i, kind, rank) {
  const u = shown.x[i] * map.view.k + map.view.x;
  const v = -shown.y[i] * map.view.k + map.view.y;
  if (u < 0 || v < 0 || u > map.width || v > map.height) return;
  const object = shown.object[i];
  const { selection } = map.model;
  const picked = selection && selection.kind === kind && selection.object === object;
  wanted.push({ u, v, i, kind, object, side: shown.side[i], altitude_m: shown.altitude_m[i], rank: picked ? 0 : rank });
}

function label(map, g, want, radius, small, colours) {
  const { places } = map;
  const motion = want.kind === 'track' ? map.state.tracks : map.state.truth;
  const name = motion.names[want.object].name;
  const key = want.kind === 'track' ? want.object : -1 - want.object;
  let second = '';
  if (want.kind === 'track' && (!map.brief || want.rank === 0)) {
    const pace = [0, 0];
    motion.pace(want.i, map.model.time_s, pace);
    second = [shortHeight(want.altitude_m), speed(1000 * Math.hypot(pace[0], pace[1]))].filter(Boolean).join('  ');
  }
  // Widths by count: measuring a text costs more than drawing it.
  const w = Math.max(name.length * 6.4, second.length * 5.7) + 4;
  const h = second ? 24 : 13;
  const near = map.brief ? 8 : want.kind === 'track' ? radius - 1 : small + 5;
  const first = map.remembered.get(key) ?? (want.kind === 'track' ? 1 : 7);
  let at = places.beside(want.u, want.v, w, h, near, first);
  // What matters most gets a label farther away, on a line.
  const leads = at < 0 && want.rank <= 1;
  for (let gap = near + 18; leads && at < 0 && gap < near + FARTHEST_PX; gap += 18) at = places.beside(want.u, want.v, w, h, gap, first);
  if (at < 0) return;
  if (leads) {
    g.strokeStyle = want.kind === 'track' ? colours.sides[want.side] : colours.truth;
    g.lineWidth = 1;
    g.beginPath();
    g.moveTo(want.u, want.v);
    g.lineTo(Math.max(places.x, Math.min(places.x + w, want.u)), Math.max(places.y + 3, Math.min(places.y + h - 3, want.v)));
    g.stroke();
  }
  map.remembered.set(key, at);
  const { x, y } = places;
  // The text stands at the side of its symbol, whatever the box is wide.
  const [align, edge] = x >= want.u ? ['left', x + 2] : x + w <= want.u ? ['right', x + w - 2] : ['center', x + w / 2];
  g.textAlign = align;
  map.drawn.labels.push({ kind: want.kind, object: want.object, x, y, w, h, edge, u: want.u });
  if (want.kind === 'track') {
    haloText(g, name, edge, y + 11, colours.sides[want.side], colours.halo, `600 11px ${FONT}`);
    if (second) haloText(g, second, edge, y + 22, colours.ink, colours.halo, `10px ${FONT}`);
  } else {
    haloText(g, name, edge, y + 10, colours.truth, colours.halo, `italic 11px ${FONT}`);
  }
  g.textAlign = 'left';
}
