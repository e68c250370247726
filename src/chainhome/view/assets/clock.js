/** Time of the replay, and when to draw: one frame for all that changed, none while nothing does. */
const CALM_MS = 1000;

export class Clock {
  constructor(start_s, end_s, time_s) {
    this.start_s = start_s;
    this.end_s = end_s;
    this.time_s = time_s;
    this.rate = 20;
    this.playing = false;
    this.follow = false; // live: stay with the newest time
    this.listeners = [];
  }

  on(listener) {
    this.listeners.push(listener);
  }

  _tell(what) {
    for (const listener of this.listeners) listener(what);
  }

  seek(time_s) {
    this.time_s = Math.max(this.start_s, Math.min(this.end_s, time_s));
    this._tell('time');
  }

  setRate(rate) {
    this.rate = rate;
    this._tell('rate');
  }

  play(on = !this.playing) {
    if (on === this.playing) return;
    if (on && this.time_s >= this.end_s) this.time_s = this.start_s;
    this.playing = on;
    this._last = null;
    this._tell('play');
  }

  /** Move on to a moment of the screen's clock; called by the frame that draws. */
  advance(now_ms) {
    if (!this.playing) return;
    if (this._last !== null) {
      this.time_s = Math.min(this.end_s, this.time_s + ((now_ms - this._last) / 1000) * this.rate);
      if (this.time_s >= this.end_s) {
        this.playing = false;
        this._tell('play');
      }
    }
    this._last = now_ms;
  }
}

export class Frames {
  /** `draw(parts)` draws a set of names; `clock` asks for further frames while it plays. */
  constructor(clock, draw) {
    this.clock = clock;
    this.draw = draw;
    this.parts = new Set();
    this.asked = false;
    this.count = 0;
    this.costs_ms = [];
    this.calm = window.matchMedia('(prefers-reduced-motion: reduce)');
    this.lastCalm = -Infinity;
  }

  /** Ask for parts to be drawn in the next frame. */
  ask(...parts) {
    for (const part of parts) this.parts.add(part);
    if (this.asked) return;
    this.asked = true;
    requestAnimationFrame((now) => this._frame(now));
  }

  _frame(now) {
    this.asked = false;
    const { clock } = this;
    if (clock.playing) {
      // Who asked for less motion sees a picture a second, not a film.
      if (this.calm.matches && now - this.lastCalm < CALM_MS && this.parts.size === 1 && this.parts.has('time')) {
        this.ask('time');
        return;
      }
      this.lastCalm = now;
      clock.advance(now);
      this.parts.add('time');
    }
    const parts = this.parts;
    this.parts = new Set();
    const before = performance.now();
    this.draw(parts);
    this.costs_ms.push(performance.now() - before);
    if (this.costs_ms.length > 600) this.costs_ms.shift();
    this.count++;
    if (clock.playing) this.ask('time');
  }

  /** Return how many frames were drawn, and what the last ones cost: median and most, ms of this thread's time. */
  cost() {
    const sorted = [...this.costs_ms].sort((a, b) => a - b);
    return { frames: this.count, median_ms: sorted[sorted.length >> 1] ?? 0, most_ms: sorted[sorted.length - 1] ?? 0 };
  }

  /** Draw everything now, outside of the screen's rhythm: for paper. */
  now() {
    this.draw(new Set(['all']));
  }
}
