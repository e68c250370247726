/** Motion that grows while it is watched; it answers what motion.js describes. */
import { room } from './motion.js';

/** Motion that grows: rows come in by `push`, the last `keep_s` seconds stay to scrub back. */
export class LiveMotion {
  constructor(projection, keep_s = 900) {
    this.projection = projection;
    this.keep_s = keep_s;
    this.names = [];
    this.rowOf = new Map();
    this.tracks = [];
    this.shown = room(256);
    this.hold_s = 30;
    this.swept_s = -Infinity;
  }

  get objects() {
    return this.names.length;
  }

  /** Take in the rows that changed: the frame that source.js describes. */
  push(frame) {
    const plane = [0, 0];
    for (let i = 0; i < frame.id.length; i++) {
      let row = this.rowOf.get(frame.id[i]);
      if (row === undefined) {
        row = this.tracks.length;
        this.rowOf.set(frame.id[i], row);
        this.names.push({ id: frame.id[i], name: `T${frame.id[i]}`, target: -1, address: -1, code: -1 });
        this.tracks.push({ id: frame.id[i], time_s: [], x: [], y: [], z: [], vx: [], vy: [], side: [], gone_s: Infinity });
      }
      const track = this.tracks[row];
      if (frame.gone && frame.gone[i]) {
        track.gone_s = Math.min(track.gone_s, frame.time_s);
        continue;
      }
      const time_s = frame.row_time_s ? frame.row_time_s[i] : frame.time_s;
      if (track.time_s.length && track.time_s[track.time_s.length - 1] >= time_s) continue; // told twice
      track.gone_s = Infinity;
      this.projection.into(frame.lat_deg[i], frame.lon_deg[i], plane, 0);
      const speed = frame.speed_mps ? frame.speed_mps[i] / 1000 : NaN;
      const heading = frame.heading_deg ? (frame.heading_deg[i] * Math.PI) / 180 : NaN;
      track.time_s.push(time_s);
      track.x.push(plane[0]);
      track.y.push(plane[1]);
      track.z.push(frame.altitude_m[i]);
      track.vx.push(speed * Math.sin(heading));
      track.vy.push(speed * Math.cos(heading));
      track.side.push(frame.side ? frame.side[i] : 0);
      if (track.time_s[0] < time_s - 1.25 * this.keep_s) this._forget(track, time_s - this.keep_s);
    }
    if (frame.time_s > this.swept_s + this.keep_s / 4) this._sweep(frame.time_s);
  }

  /** Drop what tracks that ended long ago hold; their rows stay empty, so that rows keep their numbers. */
  _sweep(time_s) {
    this.swept_s = time_s;
    for (const track of this.tracks) {
      const ended = Math.min(track.gone_s, track.time_s[track.time_s.length - 1] ?? -Infinity);
      if (track.id < 0 || !(ended < time_s - 1.25 * this.keep_s)) continue;
      this.rowOf.delete(track.id);
      track.id = -1;
      for (const name of ['time_s', 'x', 'y', 'z', 'vx', 'vy', 'side']) track[name] = [];
    }
  }

  _forget(track, before_s) {
    let n = 0;
    while (n < track.time_s.length - 1 && track.time_s[n] < before_s) n++;
    for (const name of ['time_s', 'x', 'y', 'z', 'vx', 'vy', 'side']) track[name].splice(0, n);
  }

  /** Return the last row at or before a time, -1 where the track is not there. */
  _row(track, time_s) {
    const times = track.time_s;
    if (!times.length || time_s < times[0] || time_s >= track.gone_s) return -1;
    let low = 0;
    let high = times.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (times[middle] <= time_s) low = middle;
      else high = middle - 1;
    }
    return time_s - times[low] > this.hold_s ? -1 : low;
  }

  _share(track, k, time_s) {
    if (k + 1 >= track.time_s.length) return 0;
    const span = track.time_s[k + 1] - track.time_s[k];
    return span > this.hold_s ? 0 : (time_s - track.time_s[k]) / span;
  }

  locate(time_s) {
    if (this.shown.object.length < this.tracks.length) this.shown = room(2 * this.tracks.length);
    const { shown } = this;
    let n = 0;
    for (let row = 0; row < this.tracks.length; row++) {
      const track = this.tracks[row];
      const k = this._row(track, time_s);
      if (k < 0) continue;
      const f = this._share(track, k, time_s);
      const next = f > 0 ? k + 1 : k;
      shown.object[n] = row;
      shown.piece[n] = k;
      shown.x[n] = track.x[k] + (track.x[next] - track.x[k]) * f;
      shown.y[n] = track.y[k] + (track.y[next] - track.y[k]) * f;
      shown.altitude_m[n] = track.z[k] + (track.z[next] - track.z[k]) * f;
      shown.side[n] = track.side[k];
      n++;
    }
    shown.count = n;
    return shown;
  }

  at(object, time_s) {
    const track = this.tracks[object];
    const k = track ? this._row(track, time_s) : -1;
    if (k < 0) return null;
    const f = this._share(track, k, time_s);
    const next = f > 0 ? k + 1 : k;
    const before = k > 0 ? k - 1 : k;
    const span = track.time_s[k] - track.time_s[before] || 1;
    const vx = Number.isFinite(track.vx[k]) ? track.vx[k] : (track.x[k] - track.x[before]) / span;
    const vy = Number.isFinite(track.vy[k]) ? track.vy[k] : (track.y[k] - track.y[before]) / span;
    return {
      x: track.x[k] + (track.x[next] - track.x[k]) * f,
      y: track.y[k] + (track.y[next] - track.y[k]) * f,
      altitude_m: track.z[k] + (track.z[next] - track.z[k]) * f,
      speed_mps: 1000 * Math.hypot(vx, vy),
      heading_rad: (Math.atan2(vx, vy) + 2 * Math.PI) % (2 * Math.PI),
      climb_mps: (track.z[k] - track.z[before]) / span,
    };
  }

  trail(n, time_s, since_s, out, most) {
    const track = this.tracks[this.shown.object[n]];
    const last = this.shown.piece[n];
    let low = last;
    while (low > 0 && track.time_s[low - 1] > time_s - since_s) low--;
    const stride = Math.max(1, Math.ceil((last - low + 1) / most));
    let count = 0;
    for (let k = low; k <= last; k += stride) {
      out[2 * count] = track.x[k];
      out[2 * count + 1] = track.y[k];
      count++;
    }
    return count;
  }

  pace(n, time_s, out) {
    const track = this.tracks[this.shown.object[n]];
    const k = this.shown.piece[n];
    out[0] = Number.isFinite(track.vx[k]) ? track.vx[k] : 0;
    out[1] = Number.isFinite(track.vy[k]) ? track.vy[k] : 0;
  }

  beliefOf(object, time_s) {
    const track = this.tracks[object];
    const k = track ? this._row(track, time_s) : -1;
    return k < 0 ? null : { side: track.side[k], friend: NaN, neutral: NaN, hostile: NaN, time_s };
  }

  lives(object) {
    const track = this.tracks[object];
    if (!track || !track.time_s.length) return [];
    return [[track.time_s[0], Math.min(track.gone_s, track.time_s[track.time_s.length - 1] + this.hold_s)]];
  }
}
