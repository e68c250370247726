/** The plan position indicator: the chosen radar's plots in its own range and azimuth, painted as its beam passes. */
import { context } from './dom.js';
import { turned } from './geo.js';
import { MONO } from './theme.js';

const SCANS = 4;
const TURN = 2 * Math.PI;

/** Return where the beam points at a time: an azimuth, radians; null where the recording does not tell. */
export function beamAt(sensor, time_s) {
  if (sensor.phase_rad === null || !sensor.turn_s) return null;
  const share = time_s / sensor.turn_s;
  if (!sensor.sector_rad) return turned(sensor.phase_rad + TURN * (share - Math.floor(share)));
  const [centre, width] = sensor.sector_rad;
  return turned(centre - width / 2 + width * (share - Math.floor(share)));
}

/** Return the first row of sorted times that is later than a time. */
export function after(times, time_s) {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] <= time_s) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Return the rows of plots that a scope shows of a sensor: those of its last scans that the beam has passed. */
export function painted(plots, sensor, index, time_s) {
  const keep = SCANS * (sensor.turn_s ?? sensor.period_s ?? 10);
  const rows = [];
  for (let k = after(plots.time_s, time_s - keep); k < plots.count && plots.time_s[k] <= time_s; k++) {
    if (plots.sensor[k] === index) rows.push(k);
  }
  return rows;
}

export class Scope {
  constructor(canvas, state, model) {
    this.canvas = canvas;
    this.state = state;
    this.model = model;
    this.shown = [];
  }

  draw(colours) {
    const size = Math.min(this.canvas.clientWidth, this.canvas.clientHeight);
    if (!size) return;
    const g = context(this.canvas, this.canvas.clientWidth, this.canvas.clientHeight);
    const { state, model } = this;
    const look = colours.scope;
    const cx = this.canvas.clientWidth / 2;
    const cy = this.canvas.clientHeight / 2;
    const edge = size / 2 - 17;
    g.fillStyle = look.back;
    g.beginPath();
    g.arc(cx, cy, edge, 0, TURN);
    g.fill();
    const sensor = state.sensors[model.chosen];
    if (!sensor) return;
    this._grid(g, cx, cy, edge, look);
    this._sector(g, cx, cy, edge, look, sensor);
    const beam = beamAt(sensor, model.time_s);
    if (beam !== null) this._sweep(g, cx, cy, edge, look, sensor, beam);
    this._plots(g, cx, cy, edge, look, sensor);
  }

  _grid(g, cx, cy, edge, look) {
    const range = this.model.scopeRange_km;
    const step = range / 4;
    g.lineWidth = 1;
    g.font = `9px ${MONO}`;
    g.textAlign = 'center';
    g.textBaseline = 'middle';
    for (let i = 1; i <= 4; i++) {
      g.strokeStyle = `rgba(${look.line},${i === 4 ? 0.8 : 0.32})`;
      g.beginPath();
      g.arc(cx, cy, (edge * i) / 4, 0, TURN);
      g.stroke();
      if (i < 4) {
        g.fillStyle = look.text;
        g.fillText(i === 3 ? `${step * i} km` : `${step * i}`, cx + (edge * i * Math.sin(0.7)) / 4, cy - (edge * i * Math.cos(0.7)) / 4);
      }
    }
    g.beginPath();
    g.strokeStyle = `rgba(${look.line},0.18)`;
    for (let a = 0; a < 12; a++) {
      const angle = (a * TURN) / 12;
      g.moveTo(cx, cy);
      g.lineTo(cx + edge * Math.sin(angle), cy - edge * Math.cos(angle));
    }
    g.stroke();
    g.fillStyle = look.text;
    for (let a = 0; a < 360; a += 30) {
      const angle = (a * Math.PI) / 180;
      g.fillText(String(a).padStart(3, '0'), cx + (edge + 9) * Math.sin(angle), cy - (edge + 8) * Math.cos(angle));
    }
  }

  _sector(g, cx, cy, edge, look, sensor) {
    if (!sensor.sector_rad) return;
    const [centre, width] = sensor.sector_rad;
    g.strokeStyle = `rgba(${look.line},0.9)`;
    g.beginPath();
    for (const s of [-0.5, 0.5]) {
      g.moveTo(cx, cy);
      g.lineTo(cx + edge * Math.sin(centre + s * width), cy - edge * Math.cos(centre + s * width));
    }
    g.stroke();
  }

  _sweep(g, cx, cy, edge, look, sensor, beam) {
    const slices = 14;
    const spread = sensor.sector_rad ? sensor.sector_rad[1] / 4 : TURN / 7;
    const from = sensor.sector_rad ? sensor.sector_rad[0] - sensor.sector_rad[1] / 2 : -Infinity;
    for (let i = 0; i < slices; i++) {
      const a1 = beam - (spread * i) / slices;
      const a0 = beam - (spread * (i + 1)) / slices;
      if (sensor.sector_rad && turned(a0 - from) > sensor.sector_rad[1]) break;
      g.fillStyle = `rgba(${look.line},${0.3 * (1 - i / slices) ** 1.5})`;
      g.beginPath();
      g.moveTo(cx, cy);
      g.arc(cx, cy, edge, a0 - Math.PI / 2, a1 - Math.PI / 2 + 0.002);
      g.fill();
    }
    g.strokeStyle = `rgba(${look.line},1)`;
    g.lineWidth = 1.5;
    g.beginPath();
    g.moveTo(cx, cy);
    g.lineTo(cx + edge * Math.sin(beam), cy - edge * Math.cos(beam));
    g.stroke();
  }

  _plots(g, cx, cy, edge, look, sensor) {
    const { plots } = this.state;
    const { model } = this;
    const turn = sensor.turn_s ?? sensor.period_s ?? 10;
    const range = model.scopeRange_km * 1000;
    this.shown = painted(plots, sensor, model.chosen, model.time_s);
    const picked = model.selection?.kind === 'track' ? model.selection.object : -1;
    for (const k of this.shown) {
      if (plots.range_m[k] > range) continue;
      const age = (model.time_s - plots.time_s[k]) / turn;
      const r = (plots.range_m[k] / range) * edge;
      const a = plots.azimuth_rad[k];
      const x = cx + r * Math.sin(a);
      const y = cy - r * Math.cos(a);
      const strength = age < 1 ? 1 - 0.45 * age : 0.45 * (1 - (age - 1) / (SCANS - 1));
      g.globalAlpha = Math.max(0.08, strength);
      g.strokeStyle = plots.track[k] === picked && picked >= 0 ? look.picked : `rgb(${look.plot})`;
      g.lineWidth = 2.2;
      g.beginPath();
      const s = Math.min(0.035, 3 / Math.max(r, 8));
      g.arc(cx, cy, r, a - s - Math.PI / 2, a + s - Math.PI / 2);
      g.stroke();
      if (picked >= 0 && plots.track[k] === picked && age < 1) {
        g.lineWidth = 1;
        g.beginPath();
        g.arc(x, y, 6, 0, TURN);
        g.stroke();
      }
    }
    g.globalAlpha = 1;
  }
}
