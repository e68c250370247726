/** What moves on the map: truth, trails, speed vectors, tracks, shots, and the sites that all of it passes over. */
import { context } from './dom.js';
import { drawLabels } from './map_labels.js';
import { Stamps, drawSite, haloText } from './symbols.js';
import { FONT } from './theme.js';

export const MANY = 800; // tracks from which on everything is drawn more simply
const TRAIL_S = 120;
const VECTOR_S = 60;
const SHOT_STAYS_S = 12;

export function drawMoving(map, colours) {
  const { state, width, height } = map;
  const { layers, time_s } = map.model;
  const g = context(map.live, width, height);
  const truth = layers.truth && state.truth ? state.truth.locate(time_s) : null;
  const tracks = state.tracks.locate(time_s);
  if (truth) truthCrosses(map, g, truth, colours);
  if (layers.trails && layers.tracks) trails(map, g, tracks, colours);
  if (layers.vectors && layers.tracks) vectors(map, g, tracks, colours);
  shots(map, g, colours);
  sites(map, g, colours);
  if (layers.tracks) stamps(map, g, tracks, colours);
  if (layers.labels) drawLabels(map, g, tracks, truth, colours);
  corners(map, g, colours);
  map.drawn.tracks = layers.tracks ? tracks.count : 0;
}

function truthCrosses(map, g, truth, colours) {
  const { x: tx, y: ty, k } = map.view;
  const { width, height, points } = map;
  const many = truth.count > MANY;
  g.strokeStyle = colours.truth;
  g.lineWidth = 1;
  g.globalAlpha = 0.55;
  g.beginPath();
  for (let i = 0; i < truth.count; i++) {
    const u = truth.x[i] * k + tx;
    const v = -truth.y[i] * k + ty;
    if (u < -40 || v < -40 || u > width + 40 || v > height + 40) continue;
    const n = map.state.truth.trail(i, map.model.time_s, many ? TRAIL_S : 3 * TRAIL_S, points, many ? 4 : 40);
    for (let j = 0; j < n; j++) {
      const px = points[2 * j] * k + tx;
      const py = -points[2 * j + 1] * k + ty;
      if (j) g.lineTo(px, py);
      else g.moveTo(px, py);
    }
    g.lineTo(u, v);
  }
  g.stroke();
  g.globalAlpha = 1;
  g.beginPath();
  for (let i = 0; i < truth.count; i++) {
    const u = truth.x[i] * k + tx;
    const v = -truth.y[i] * k + ty;
    if (u < -5 || v < -5 || u > width + 5 || v > height + 5) continue;
    g.moveTo(u - 3, v - 3);
    g.lineTo(u + 3, v + 3);
    g.moveTo(u + 3, v - 3);
    g.lineTo(u - 3, v + 3);
  }
  g.lineWidth = 1.2;
  g.stroke();
}

function trails(map, g, tracks, colours) {
  const { x: tx, y: ty, k } = map.view;
  const { width, height, points } = map;
  const most = tracks.count > MANY ? 4 : 30;
  g.lineWidth = 1;
  g.globalAlpha = 0.6;
  for (let side = 0; side < 4; side++) {
    g.strokeStyle = colours.sides[side];
    g.beginPath();
    for (let i = 0; i < tracks.count; i++) {
      if (tracks.side[i] !== side) continue;
      const u = tracks.x[i] * k + tx;
      const v = -tracks.y[i] * k + ty;
      if (u < -40 || v < -40 || u > width + 40 || v > height + 40) continue;
      const n = map.state.tracks.trail(i, map.model.time_s, TRAIL_S, points, most);
      for (let j = 0; j < n; j++) {
        const px = points[2 * j] * k + tx;
        const py = -points[2 * j + 1] * k + ty;
        if (j) g.lineTo(px, py);
        else g.moveTo(px, py);
      }
      g.lineTo(u, v);
    }
    g.stroke();
  }
  g.globalAlpha = 1;
}

/** A line ahead of each track: where it is in a minute at its speed. */
function vectors(map, g, tracks, colours) {
  const { x: tx, y: ty, k } = map.view;
  const pace = [0, 0];
  g.lineWidth = tracks.count > MANY ? 1 : 1.2;
  for (let side = 0; side < 4; side++) {
    g.strokeStyle = colours.sides[side];
    g.beginPath();
    for (let i = 0; i < tracks.count; i++) {
      if (tracks.side[i] !== side) continue;
      const u = tracks.x[i] * k + tx;
      const v = -tracks.y[i] * k + ty;
      if (u < 0 || v < 0 || u > map.width || v > map.height) continue;
      map.state.tracks.pace(i, map.model.time_s, pace);
      g.moveTo(u, v);
      g.lineTo(u + pace[0] * VECTOR_S * k, v - pace[1] * VECTOR_S * k);
    }
    g.stroke();
  }
}

function stamps(map, g, tracks, colours) {
  const { x: tx, y: ty, k } = map.view;
  const radius = tracks.count > MANY ? 4.5 : 6.5;
  const dpr = window.devicePixelRatio || 1;
  if (map.stamps?.key !== Stamps.key(colours, radius, dpr)) map.stamps = new Stamps(colours, radius, dpr);
  g.setTransform(1, 0, 0, 1, 0, 0);
  // The rarest and most pressing come last, on top.
  for (const side of [2, 1, 0, 3]) {
    for (let i = 0; i < tracks.count; i++) {
      if (tracks.side[i] !== side) continue;
      const u = tracks.x[i] * k + tx;
      const v = -tracks.y[i] * k + ty;
      if (u > -12 && v > -12 && u < map.width + 12 && v < map.height + 12) map.stamps.draw(g, side, u, v);
    }
  }
  g.setTransform(dpr, 0, 0, dpr, 0, 0);
}

/** What was fired: a line that grows from the battery to where it meets its target, and how it ended. */
function shots(map, g, colours) {
  const now = map.model.time_s;
  for (const shot of map.state.shots) {
    if (now < shot.t0 || now > shot.t1 + SHOT_STAYS_S) continue;
    const share = shot.t1 > shot.t0 ? Math.min(1, (now - shot.t0) / (shot.t1 - shot.t0)) : 1;
    const [u, v] = map.toScreen(...shot.a);
    const [eu, ev] = map.toScreen(shot.a[0] + (shot.b[0] - shot.a[0]) * share, shot.a[1] + (shot.b[1] - shot.a[1]) * share);
    g.strokeStyle = colours.shot;
    g.lineWidth = 1.2;
    g.setLineDash([2, 3]);
    g.beginPath();
    g.moveTo(u, v);
    g.lineTo(eu, ev);
    g.stroke();
    g.setLineDash([]);
    g.beginPath();
    if (share < 1) {
      g.fillStyle = colours.shot;
      g.arc(eu, ev, 2.6, 0, 7);
      g.fill();
    } else if (shot.outcome === 'hit') {
      g.strokeStyle = colours.hit;
      g.lineWidth = 2;
      g.arc(eu, ev, 11, 0, 7);
      g.stroke();
    } else {
      g.strokeStyle = colours.quiet;
      g.lineWidth = 2;
      for (const s of [-1, 1]) {
        g.moveTo(eu - 6, ev - 6 * s);
        g.lineTo(eu + 6, ev + 6 * s);
      }
      g.stroke();
    }
  }
}

function sites(map, g, colours) {
  g.textAlign = 'left';
  g.textBaseline = 'middle';
  for (const site of map.sites ?? []) {
    const [u, v] = map.toScreen(site.x, site.y);
    drawSite(g, u, v, colours, site.chosen, site.battery);
    if (site.place) haloText(g, site.label, u + site.place[0], v + site.place[1], colours.sensor, colours.halo, `600 12px ${FONT}`);
  }
}

function corners(map, g, colours) {
  const { selection, time_s } = map.model;
  if (!selection) return;
  const motion = selection.kind === 'track' ? map.state.tracks : map.state.truth;
  const at = motion?.at(selection.object, time_s);
  if (!at) return;
  const [u, v] = map.toScreen(at.x, at.y);
  g.strokeStyle = colours.select;
  g.lineWidth = 1.6;
  g.beginPath();
  for (const [sx, sy] of [[-1, -1], [1, -1], [1, 1], [-1, 1]]) {
    g.moveTo(u + sx * 13, v + sy * 7);
    g.lineTo(u + sx * 13, v + sy * 13);
    g.lineTo(u + sx * 7, v + sy * 13);
  }
  g.stroke();
}
