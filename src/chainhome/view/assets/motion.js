/**
 * What moves. `Motion` is a replay: pieces of motion, sampled on a clock. `LiveMotion` (live_motion.js) grows while it is watched. Both
 * answer the same questions:
 *
 *   locate(time_s)          -> shown: {count, object, x, y, altitude_m, side}, arrays of which the first `count` hold;
 *                              `object` is the row of names, x and y are kilometres east and north
 *   at(object, time_s)      -> {x, y, altitude_m, speed_mps, heading_rad, climb_mps} or null where it is not shown
 *   trail(k, time_s, since_s, out) -> number of points written to out (x, y, x, y, ...) for the k-th of `shown`
 *   lives(object)           -> [[start_s, end_s], ...]
 *   names[object], beliefOf(object, time_s) -> {side, friend, neutral, hostile, time_s} or null
 */
const DEGREE_STEP = 1e-5;
const HEIGHT_STEP_M = 10;
const TIME_STEP_S = 0.01;
const UNKNOWN_HEIGHT = -1000000;

/** Return columns for what is shown at one time. */
export function room(count) {
  return {
    count: 0,
    object: new Int32Array(count),
    piece: new Int32Array(count),
    x: new Float32Array(count),
    y: new Float32Array(count),
    altitude_m: new Float32Array(count),
    side: new Uint8Array(count),
  };
}

export class Motion {
  /** Build from the header's description and the columns named `name`. */
  constructor(name, told, columns, projection, names) {
    this.names = names;
    this.objects = names.length;
    this.step_s = told.step_s;
    this.owner = columns[`${name}.owner`];
    const pieces = told.pieces;
    this.pieces = pieces;
    this.start_s = Float64Array.from(columns[`${name}.start`], (v) => v * TIME_STEP_S);
    this.end_s = new Float64Array(pieces);
    this.tick = new Int32Array(pieces);
    this.first = new Int32Array(pieces + 1);
    for (let p = 0; p < pieces; p++) {
      this.end_s[p] = (columns[`${name}.start`][p] + columns[`${name}.life`][p]) * TIME_STEP_S;
      this.tick[p] = Math.floor(this.start_s[p] / this.step_s + 1e-9);
      const last = Math.ceil(this.end_s[p] / this.step_s - 1e-9);
      this.first[p + 1] = this.first[p] + last - this.tick[p] + 1;
    }
    this._unpack(name, told, columns, projection);
    this.shown = room(pieces);
    this._sides();
    this._order();
  }

  /** Undo the time-major differences: for each tick the pieces that live then, in order. */
  _unpack(name, told, columns, projection) {
    const samples = told.samples;
    const { lat, lon, alt } = { lat: columns[`${name}.lat`], lon: columns[`${name}.lon`], alt: columns[`${name}.alt`] };
    const out = [new Int32Array(samples), new Int32Array(samples), new Int32Array(samples)];
    const streams = [lat, lon, alt];
    const orders = [told.orders.lat, told.orders.lon, told.orders.alt];
    const { first, tick, pieces } = this;
    const byStart = Array.from({ length: pieces }, (_, p) => p).sort((a, b) => tick[a] - tick[b] || a - b);
    let alive = [];
    let next = 0;
    let at = 0;
    let now = pieces ? tick[byStart[0]] : 0;
    while (at < samples) {
      let joined = false;
      while (next < pieces && tick[byStart[next]] === now) {
        alive.push(byStart[next++]);
        joined = true;
      }
      if (joined) alive.sort((a, b) => a - b);
      let kept = 0;
      for (let i = 0; i < alive.length; i++) {
        const p = alive[i];
        const k = first[p] + now - tick[p];
        const begun = k - first[p];
        for (let s = 0; s < 3; s++) {
          const o = out[s];
          let v = streams[s][at];
          if (begun >= 1) {
            // The second value of a piece is a step from the first, whatever the order; later ones may be changes of steps.
            if (orders[s] === 2 && begun >= 2) v += o[k - 1] - o[k - 2];
            v += o[k - 1];
          }
          o[k] = v;
        }
        at++;
        if (k + 1 < first[p + 1]) alive[kept++] = p;
      }
      alive.length = kept;
      now = kept || next >= pieces ? now + 1 : tick[byStart[next]];
    }
    this.x = new Float32Array(samples);
    this.y = new Float32Array(samples);
    this.altitude_m = new Float32Array(samples);
    const plane = [0, 0];
    for (let k = 0; k < samples; k++) {
      projection.into(out[0][k] * DEGREE_STEP, out[1][k] * DEGREE_STEP, plane, 0);
      this.x[k] = plane[0];
      this.y[k] = plane[1];
      this.altitude_m[k] = out[2][k] <= UNKNOWN_HEIGHT ? NaN : out[2][k] * HEIGHT_STEP_M;
    }
  }

  _order() {
    this.piecesOf = new Map();
    for (let p = 0; p < this.pieces; p++) {
      if (!this.piecesOf.has(this.owner[p])) this.piecesOf.set(this.owner[p], []);
      this.piecesOf.get(this.owner[p]).push(p);
    }
  }

  _sides() {
    this.sideNow = new Uint8Array(this.objects);
    this.sidesAt = NaN;
    this.beliefs = null;
  }

  /** Give every object one side for good: the truth's allegiance. */
  setSides(sides) {
    this.sideNow.set(sides);
  }

  /** Take in what was believed when: rows sorted by object and time. */
  setBeliefs(rows) {
    this.beliefs = rows;
    this.beliefFirst = new Int32Array(this.objects + 1);
    for (const track of rows.track) this.beliefFirst[track + 1]++;
    summedFrom(this.beliefFirst);
    const order = Array.from({ length: rows.time_s.length }, (_, k) => k).sort((a, b) => rows.time_s[a] - rows.time_s[b] || a - b);
    this.beliefOrder = Int32Array.from(order);
    this.beliefAt = 0;
    this.sidesAt = NaN;
  }

  /** Bring `sideNow` to a time by walking through the beliefs in order of time. */
  _believe(time_s) {
    const rows = this.beliefs;
    if (rows === null || this.sidesAt === time_s) return;
    const order = this.beliefOrder;
    if (!(time_s >= this.sidesAt)) {
      this.sideNow.fill(0);
      this.beliefAt = 0;
    }
    while (this.beliefAt < order.length && rows.time_s[order[this.beliefAt]] <= time_s + 1e-9) {
      const k = order[this.beliefAt++];
      this.sideNow[rows.track[k]] = rows.side[k];
    }
    this.sidesAt = time_s;
  }

  beliefOf(object, time_s) {
    if (!this.beliefs) return null;
    const rows = this.beliefs;
    let found = -1;
    for (let k = this.beliefFirst[object]; k < this.beliefFirst[object + 1]; k++) if (rows.time_s[k] <= time_s + 1e-9) found = k;
    if (found < 0) return null;
    return {
      side: rows.side[found],
      friend: rows.friend[found] / 1000,
      neutral: rows.neutral[found] / 1000,
      hostile: rows.hostile[found] / 1000,
      time_s: rows.time_s[found],
    };
  }

  /** Return the sample at or before a time in a piece, and how far the time is on its way to the next one. */
  _place(p, time_s) {
    const count = this.first[p + 1] - this.first[p];
    let j = Math.floor(time_s / this.step_s + 1e-12) - this.tick[p];
    if (j < 0) j = 0;
    if (j > count - 2) j = count - 2;
    const t0 = Math.max((this.tick[p] + j) * this.step_s, this.start_s[p]);
    const t1 = Math.min((this.tick[p] + j + 1) * this.step_s, this.end_s[p]);
    this.share = t1 > t0 ? (time_s - t0) / (t1 - t0) : 0;
    this.span = t1 - t0;
    return this.first[p] + j;
  }

  locate(time_s) {
    this._believe(time_s);
    const { shown, start_s, end_s, x, y, altitude_m, owner, sideNow } = this;
    let n = 0;
    for (let p = 0; p < this.pieces; p++) {
      if (time_s < start_s[p] || time_s > end_s[p]) continue;
      const k = this._place(p, time_s);
      const f = this.share;
      shown.object[n] = owner[p];
      shown.piece[n] = p;
      shown.x[n] = x[k] + (x[k + 1] - x[k]) * f;
      shown.y[n] = y[k] + (y[k + 1] - y[k]) * f;
      shown.altitude_m[n] = altitude_m[k] + (altitude_m[k + 1] - altitude_m[k]) * f;
      shown.side[n] = sideNow[owner[p]];
      n++;
    }
    shown.count = n;
    return shown;
  }

  at(object, time_s) {
    for (const p of this.piecesOf.get(object) ?? []) {
      if (time_s < this.start_s[p] || time_s > this.end_s[p]) continue;
      const k = this._place(p, time_s);
      const f = this.share;
      const dx = this.x[k + 1] - this.x[k];
      const dy = this.y[k + 1] - this.y[k];
      const dz = this.altitude_m[k + 1] - this.altitude_m[k];
      const span = this.span || 1;
      return {
        x: this.x[k] + dx * f,
        y: this.y[k] + dy * f,
        altitude_m: this.altitude_m[k] + dz * f,
        speed_mps: (1000 * Math.hypot(dx, dy)) / span,
        heading_rad: (Math.atan2(dx, dy) + 2 * Math.PI) % (2 * Math.PI),
        climb_mps: dz / span,
      };
    }
    return null;
  }

  trail(n, time_s, since_s, out, most) {
    const p = this.shown.piece[n];
    const last = this._place(p, time_s);
    const low = Math.max(this.first[p], last - Math.round(since_s / this.step_s) + 1);
    const stride = Math.max(1, Math.ceil((last - low + 1) / most));
    let count = 0;
    for (let k = low; k <= last; k += stride) {
      out[2 * count] = this.x[k];
      out[2 * count + 1] = this.y[k];
      count++;
    }
    return count;
  }

  /** Return speed in kilometres a second east and north of the n-th shown, into out. */
  pace(n, time_s, out) {
    const p = this.shown.piece[n];
    const k = this._place(p, time_s);
    const span = this.span || 1;
    out[0] = (this.x[k + 1] - this.x[k]) / span;
    out[1] = (this.y[k + 1] - this.y[k]) / span;
  }

  /** Return the middle and half the size, kilometres, of the square that holds all of it; null where there is nothing. */
  extent() {
    if (!this.x.length) return null;
    let [west, east, south, north] = [Infinity, -Infinity, Infinity, -Infinity];
    for (let k = 0; k < this.x.length; k++) {
      west = Math.min(west, this.x[k]);
      east = Math.max(east, this.x[k]);
      south = Math.min(south, this.y[k]);
      north = Math.max(north, this.y[k]);
    }
    return { x: (west + east) / 2, y: (south + north) / 2, half: Math.max(east - west, north - south) / 2 };
  }

  lives(object) {
    return (this.piecesOf.get(object) ?? []).map((p) => [this.start_s[p], this.end_s[p]]);
  }
}

function summedFrom(values) {
  for (let i = 1; i < values.length; i++) values[i] += values[i - 1];
}
