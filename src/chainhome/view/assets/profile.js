/** Height against ground range along a bearing: the ground, what it hides, the slider's height, and who is there. */
import { alongBearing } from './coverage.js';
import { context } from './dom.js';
import { bearing, turned } from './geo.js';
import { drawFrame } from './symbols.js';
import { FONT } from './theme.js';

const TOP_M = 20000;
const BESIDE_RAD = (3 * Math.PI) / 180;
const HEIGHTS = [100, 500, 1000, 2000, 5000, 10000, 20000];

export class Profile {
  constructor(canvas, state, model) {
    this.canvas = canvas;
    this.state = state;
    this.model = model;
  }

  draw(colours) {
    const width = this.canvas.clientWidth;
    const height = this.canvas.clientHeight;
    if (!width || !height) return;
    const g = context(this.canvas, width, height);
    const look = colours.profile;
    const { state, model } = this;
    const sensor = state.sensors[model.chosen];
    const box = { x: 46, y: 8, w: width - 56, h: height - 28 };
    g.fillStyle = look.sky;
    g.fillRect(box.x, box.y, box.w, box.h);
    if (!sensor) return;
    const surface = sensor.surface === null ? null : state.coverage[sensor.surface];
    const far = Math.min(model.scopeRange_km, surface ? surface.ranges_m[surface.count - 1] / 1000 : Infinity);
    const X = (km) => box.x + (box.w * km) / far;
    // Square roots: low heights, which decide, get room.
    const Y = (m) => box.y + box.h * (1 - Math.sqrt(Math.max(0, Math.min(m, TOP_M)) / TOP_M));
    g.save();
    g.beginPath();
    g.rect(box.x, box.y, box.w, box.h);
    g.clip();
    if (surface) this._ground(g, surface, colours, X, Y, box, far);
    this._heights(g, look, Y, box, width, colours);
    this._tracks(g, sensor, colours, X, Y, far);
    g.restore();
    this._axes(g, colours, X, Y, box, far);
  }

  _ground(g, surface, colours, X, Y, box, far) {
    const look = colours.profile;
    const { model } = this;
    const { ranges_m, ground, lowest } = alongBearing(surface, model.bearing_rad);
    const bottom = box.y + box.h;
    const start = [X(0), Y(surface.site_ground_m)];
    const trace = (heights, close) => {
      g.beginPath();
      g.moveTo(...start);
      for (let k = 0; k < heights.length; k++) g.lineTo(X(ranges_m[k] / 1000), Y(Number.isFinite(heights[k]) ? heights[k] : 1e6));
      if (close) {
        g.lineTo(X(far) + 40, bottom);
        g.lineTo(start[0], bottom);
        g.closePath();
      }
    };
    trace(lowest, true);
    g.fillStyle = look.hidden;
    g.fill();
    trace(lowest, false);
    g.strokeStyle = look.line;
    g.lineWidth = 1.6;
    g.stroke();
    trace(ground, true);
    g.fillStyle = look.ground;
    g.fill();
    g.font = `10px ${FONT}`;
    g.fillStyle = look.line;
    g.textAlign = 'left';
    g.textBaseline = 'top';
    g.fillText('lowest visible height', box.x + 6, box.y + 4);
    // The slider's height, level above the sea or following the ground.
    g.beginPath();
    g.strokeStyle = colours.cover;
    g.setLineDash([6, 4]);
    g.lineWidth = 1.2;
    for (let k = -1; k < ranges_m.length; k++) {
      const base = model.aboveGround ? (k < 0 ? surface.site_ground_m : ground[k]) : 0;
      const point = [X(k < 0 ? 0 : ranges_m[k] / 1000), Y(base + model.height_m)];
      if (k < 0) g.moveTo(...point);
      else g.lineTo(...point);
    }
    g.stroke();
    g.setLineDash([]);
    g.fillStyle = colours.ink;
    g.beginPath();
    g.arc(X(0) + 1, Y(surface.antenna_msl_m), 3, 0, 7);
    g.fill();
  }

  _heights(g, look, Y, box) {
    g.strokeStyle = look.grid;
    g.lineWidth = 1;
    g.beginPath();
    for (const m of HEIGHTS) {
      const y = Math.round(Y(m)) + 0.5;
      g.moveTo(box.x, y);
      g.lineTo(box.x + box.w, y);
    }
    g.globalAlpha = 0.7;
    g.stroke();
    g.globalAlpha = 1;
  }

  _tracks(g, sensor, colours, X, Y, far) {
    const { state, model } = this;
    const { selection } = model;
    const near = (shown, kind) => {
      for (let i = 0; i < shown.count; i++) {
        const east = shown.x[i] - sensor.x;
        const north = shown.y[i] - sensor.y;
        const range = Math.hypot(east, north);
        const off = turned(bearing(east, north) - model.bearing_rad + Math.PI) - Math.PI;
        const picked = selection?.kind === kind && selection.object === shown.object[i];
        if (range > far || !Number.isFinite(shown.altitude_m[i]) || (!picked && Math.abs(off) > BESIDE_RAD)) continue;
        const x = X(range);
        const y = Y(shown.altitude_m[i]);
        if (kind === 'truth') {
          g.strokeStyle = colours.truth;
          g.lineWidth = 1.2;
          g.beginPath();
          g.moveTo(x - 3, y - 3);
          g.lineTo(x + 3, y + 3);
          g.moveTo(x + 3, y - 3);
          g.lineTo(x - 3, y + 3);
          g.stroke();
        } else drawFrame(g, shown.side[i], x, y, 5, colours);
        if (picked) {
          g.strokeStyle = colours.select;
          g.lineWidth = 1.4;
          g.strokeRect(x - 9, y - 9, 18, 18);
        }
      }
    };
    if (!sensor.known) return;
    if (model.layers.truth && state.truth) near(state.truth.shown, 'truth');
    if (model.layers.tracks) near(state.tracks.shown, 'track');
  }

  _axes(g, colours, X, Y, box, far) {
    g.font = `10px ${FONT}`;
    g.fillStyle = colours.quiet;
    g.textAlign = 'right';
    g.textBaseline = 'middle';
    let last = Infinity;
    for (const m of HEIGHTS) {
      const y = Y(m);
      if (last - y < 11) continue;
      g.fillText(m < 1000 ? `${m} m` : `${m / 1000} km`, box.x - 5, Math.max(y, box.y + 4));
      last = y;
    }
    g.textAlign = 'center';
    g.textBaseline = 'top';
    const step = [100, 50, 25, 20, 10, 5].find((s) => far / s >= 3) ?? 5;
    for (let km = 0; km <= far + 1e-6; km += step) {
      g.fillText(km + step > far + 1e-6 || km === 0 ? `${km} km` : `${km}`, Math.min(X(km), box.x + box.w - 14), box.y + box.h + 5);
    }
  }
}
