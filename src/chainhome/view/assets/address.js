/** The address keeps what is looked at: time, layers, selection, radar, height, bearing, view and tab. */
import { HIGHEST_M, LAYERS, LOWEST_M } from './settings.js';

const WAIT_MS = 250;
const MOST_SCALE = 60;

/** Return the parts of an address after "#" by name; a part that cannot be read is left out. */
export function readHash(text) {
  const found = {};
  for (const part of text.replace(/^#/, '').split('&')) {
    const at = part.indexOf('=');
    if (at <= 0) continue;
    try {
      found[part.slice(0, at)] = decodeURIComponent(part.slice(at + 1));
    } catch {
      // not an address that this page wrote
    }
  }
  return found;
}

/** Return a number between bounds, or null where the text is none. */
export function numberIn(text, low, high) {
  const value = text === undefined || text === '' ? NaN : Number(text);
  return Number.isFinite(value) && high >= low ? Math.max(low, Math.min(high, value)) : null;
}

export class Address {
  constructor(app) {
    this.app = app;
    this.timer = 0;
  }

  /** Write the address soon, once for many changes; not while the replay plays. */
  keep() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      if (this.app.clock.playing) return;
      const parts = Object.entries(this._parts()).filter(([, value]) => value !== '');
      try {
        history.replaceState(null, '', `#${parts.map(([key, value]) => `${key}=${encodeURIComponent(value)}`).join('&')}`);
      } catch {
        // a page inside a notebook has no address of its own
      }
    }, WAIT_MS);
  }

  _parts() {
    const { app } = this;
    const { model, map, state } = app;
    const { selection } = model;
    const motion = selection?.kind === 'track' ? state.tracks : state.truth;
    const middle = map.width ? map.toPlane(map.width / 2, map.height / 2) : [0, 0];
    return {
      t: app.clock.time_s.toFixed(1),
      l: LAYERS.filter(([key]) => model.layers[key]).map(([key]) => key).join(','),
      s: selection ? `${selection.kind}:${motion.names[selection.object].id}` : '',
      r: app.sensor?.id ?? '',
      h: model.height_m,
      d: model.aboveGround ? '' : 'sea',
      e: state.info.references.length ? model.reference : '',
      b: model.follow ? '' : ((model.bearing_rad * 180) / Math.PI).toFixed(0),
      v: [...middle.map((x) => x.toFixed(2)), map.view.k.toFixed(4)].join(','),
      i: model.belief || '',
      p: model.tab === 'map' ? '' : model.tab,
    };
  }

  /** Bring the page to what the address says; what makes no sense there changes nothing. */
  apply() {
    const { model, state, clock } = this.app;
    const found = readHash(location.hash);
    const { info } = state;
    clock.time_s = numberIn(found.t, info.start_s, info.end_s) ?? clock.time_s;
    if (found.l !== undefined) {
      const on = new Set(found.l.split(','));
      for (const [key] of LAYERS) model.layers[key] = on.has(key);
    }
    const radar = state.sensors.findIndex((s) => String(s.id) === found.r);
    if (radar >= 0) model.chosen = radar;
    model.height_m = numberIn(found.h, LOWEST_M, HIGHEST_M) ?? model.height_m;
    model.aboveGround = found.d !== 'sea';
    model.reference = Math.round(numberIn(found.e, -1, info.references.length - 1) ?? model.reference);
    const degrees = numberIn(found.b, 0, 360);
    if (degrees !== null) {
      model.follow = false;
      model.bearing_rad = (degrees * Math.PI) / 180;
    }
    const [kind, id] = (found.s ?? '').split(':');
    const motion = kind === 'track' ? state.tracks : kind === 'truth' ? state.truth : null;
    const object = motion ? motion.names.findIndex((n) => String(n.id) === id) : -1;
    if (object >= 0) model.selection = { kind, object };
    const belief = Math.round(numberIn(found.i, 0, (info.beliefs ?? []).length - 1) ?? model.belief);
    if (belief !== model.belief) {
      model.belief = belief;
      state.believe(belief);
    }
    model.tab = ['results', 'method'].includes(found.p) ? found.p : 'map';
  }

  /** Bring the map to the place and scale that the address gives. */
  applyView() {
    const { map } = this.app;
    const [x, y, k] = (readHash(location.hash).v ?? '').split(',').map(Number);
    if (![x, y, k].every(Number.isFinite) || !(k > 0) || k > MOST_SCALE) return;
    map.view.k = k;
    map.centreOn(x, y);
  }
}
