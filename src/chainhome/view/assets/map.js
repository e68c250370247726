/**
 * The map, on three canvases: the ground and the coverage, drawn when the view or the slider changes, and what moves,
 * drawn when time does. The plane is kilometres east and north of the centre (geo.js); the view is a shift and a scale.
 */
import { context } from './dom.js';
import { Places } from './labels.js';
import { drawGround } from './map_ground.js';
import { drawMoving } from './map_moving.js';
import { haloText } from './symbols.js';
import { FONT } from './theme.js';
import { distance } from './words.js';

const MOST_SCALE = 60; // pixels a kilometre
const NEAR_PX = 18;

export class MapView {
  constructor(state, model, canvases) {
    this.state = state;
    this.model = model; // time_s, layers, selection, coverage: what main.js keeps
    [this.ground, this.cover, this.live] = canvases;
    this.view = { x: 0, y: 0, k: 1 };
    this.width = 0;
    this.height = 0;
    this.overlays = [];
    this.remembered = new Map(); // label places by object
    this.points = new Float32Array(1024);
    this.drawn = { labels: [], tracks: 0 };
  }

  resize(width, height) {
    const first = this.width === 0;
    const moved = first ? null : this.toPlane(this.width / 2, this.height / 2);
    this.width = width;
    this.height = height;
    this.places = new Places(width, height);
    this.fixed = new Places(width, height);
    if (moved) this.centreOn(moved[0], moved[1]);
  }

  /** Show everything within a radius, km, of a point of the plane. */
  fit(radius_km, x = 0, y = 0) {
    this.view.k = Math.min(MOST_SCALE, Math.min(this.width, this.height) / (2 * radius_km));
    this.centreOn(x, y);
  }

  centreOn(x, y) {
    this.view.x = this.width / 2 - x * this.view.k;
    this.view.y = this.height / 2 + y * this.view.k;
  }

  toScreen(x, y) {
    return [x * this.view.k + this.view.x, -y * this.view.k + this.view.y];
  }

  toPlane(u, v) {
    return [(u - this.view.x) / this.view.k, -(v - this.view.y) / this.view.k];
  }

  /** Zoom by a factor; what lies under (u, v) stays there. */
  zoom(factor, u, v) {
    const { view } = this;
    const least = Math.min(this.width, this.height) / (2.4 * Math.max(this.state.info.reach_km, 20));
    const k = Math.max(Math.min(least, view.k), Math.min(MOST_SCALE, view.k * factor));
    const f = k / view.k;
    view.x = u - (u - view.x) * f;
    view.y = v - (v - view.y) * f;
    view.k = k;
  }

  pan(du, dv) {
    this.view.x += du;
    this.view.y += dv;
  }

  _plane(g) {
    const dpr = window.devicePixelRatio || 1;
    const { x, y, k } = this.view;
    g.setTransform(dpr * k, 0, 0, dpr * k, dpr * x, dpr * y);
  }

  drawGround(colours) {
    drawGround(this, colours);
  }

  drawLive(colours) {
    drawMoving(this, colours);
  }

  drawCover(colours) {
    const { state, width, height, view } = this;
    const g = context(this.cover, width, height);
    const { layers, covers, chosen } = this.model;
    const dpr = window.devicePixelRatio || 1;
    const order = state.sensors.map((_, i) => i).sort((a, b) => (a === chosen) - (b === chosen));
    for (const i of order) {
      const sensor = state.sensors[i];
      if (!sensor.known) continue;
      const [u, v] = this.toScreen(sensor.x, sensor.y);
      const main = i === chosen;
      const cover = covers[i];
      if (layers.coverage && cover) {
        g.setTransform(dpr * view.k, 0, 0, dpr * view.k, dpr * u, dpr * v);
        if (main) {
          g.fillStyle = colours.coverFill;
          g.fill(cover.cells);
        }
        g.strokeStyle = colours.cover;
        g.globalAlpha = main ? 1 : 0.5;
        g.lineWidth = (main ? 2 : 1) / view.k;
        g.lineJoin = 'round';
        g.stroke(cover.outline);
        g.globalAlpha = 1;
        g.setTransform(dpr, 0, 0, dpr, 0, 0);
      }
      if (layers.coverage && sensor.headline_m && (main || !sameRing(state.sensors, i, chosen))) this._headline(g, sensor, u, v, main, colours);
    }
    if (layers.bearing && state.sensors[chosen]?.known) this._bearing(g, state.sensors[chosen], colours);
  }

  _headline(g, sensor, u, v, main, colours) {
    const r = (sensor.headline_m / 1000) * this.view.k;
    g.strokeStyle = colours.ring;
    g.globalAlpha = main ? 1 : 0.45;
    g.lineWidth = main ? 1.8 : 1;
    g.setLineDash([9, 6]);
    g.beginPath();
    g.arc(u, v, r, 0, 2 * Math.PI);
    g.stroke();
    g.setLineDash([]);
    g.globalAlpha = 1;
    if (!main) return;
    const text = `${sensor.ring}: ${distance(sensor.headline_m / 1000)}`;
    g.font = `600 12px ${FONT}`;
    const w = g.measureText(text).width;
    g.textAlign = 'center';
    g.textBaseline = 'middle';
    for (const angle of [90, 60, 120, 45, 135, 20, 160, -20, 200, -60, 240, -90]) {
      const a = (angle * Math.PI) / 180;
      const x = u + (r + 11) * Math.cos(a) + (Math.cos(a) * w) / 2;
      const y = v + (r + 11) * Math.sin(a);
      if (!this.fixed.free(x - w / 2 - 3, y - 8, w + 6, 16)) continue;
      haloText(g, text, x, y, colours.ring, colours.halo, g.font);
      this.fixed.take(x - w / 2 - 3, y - 8, w + 6, 16);
      return;
    }
  }

  _bearing(g, sensor, colours) {
    const [u, v] = this.toScreen(sensor.x, sensor.y);
    const far = (sensor.max_range_m ?? 400000) / 1000;
    const a = this.model.bearing_rad;
    g.strokeStyle = colours.ring;
    g.lineWidth = 1;
    g.setLineDash([2, 4]);
    g.beginPath();
    g.moveTo(u, v);
    g.lineTo(u + far * this.view.k * Math.sin(a), v - far * this.view.k * Math.cos(a));
    g.stroke();
    g.setLineDash([]);
  }

  /** Return what is nearest to a point of the screen within a few pixels: tracks before truth. */
  pick(u, v) {
    const { layers } = this.model;
    let best = null;
    const look = (shown, kind, handicap) => {
      for (let i = 0; i < shown.count; i++) {
        const [su, sv] = this.toScreen(shown.x[i], shown.y[i]);
        const away = Math.hypot(su - u, sv - v) + handicap;
        if (away < NEAR_PX && (!best || away < best.away)) best = { kind, object: shown.object[i], away };
      }
    };
    if (layers.tracks) look(this.state.tracks.shown, 'track', 0);
    if (layers.truth && this.state.truth) look(this.state.truth.shown, 'truth', 4);
    return best && { kind: best.kind, object: best.object };
  }
}

function sameRing(sensors, i, chosen) {
  const a = sensors[i];
  const b = sensors[chosen];
  return b?.known && Math.hypot(a.x - b.x, a.y - b.y) < 0.2 && a.headline_m === b.headline_m;
}
