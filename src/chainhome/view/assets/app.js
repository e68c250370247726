/** The page's controller: one model, one clock, one frame loop, and everything that a hand or a key can ask for. */
import { Address } from './address.js';
import { Clock, Frames } from './clock.js';
import { coverageOf } from './coverage.js';
import { $, paper, write } from './dom.js';
import { furnish, paintKeys, showScopeRanges } from './furniture.js';
import { bearing } from './geo.js';
import { MapView } from './map.js';
import { Log, Selected } from './panels.js';
import { Profile } from './profile.js';
import { showClock, showCounts, showCover } from './readings.js';
import { Scope } from './scope.js';
import { LAYERS } from './settings.js';
import { theme } from './theme.js';
import { Timeline } from './timeline.js';

const FULL = 2 * Math.PI;
const FIRST_HEIGHT_M = 150;
const FIRST_SCOPE_KM = 400;
const TABS = [['map', 'map-panel'], ['results', 'results'], ['method', 'method']];

export class App {
  constructor(state) {
    this.state = state;
    this.model = {
      time_s: 0,
      layers: Object.fromEntries(LAYERS.map(([key, , on]) => [key, on])),
      selection: null, // {kind: "track" | "truth", object}
      chosen: firstRadar(state),
      height_m: FIRST_HEIGHT_M,
      aboveGround: true,
      reference: Math.min(1, state.info.references.length - 1), // -1: line of sight alone
      bearing_rad: 0,
      follow: true,
      scopeRange_km: FIRST_SCOPE_KM,
      belief: 0, // which of info.beliefs is shown
      covers: [],
      tab: 'map',
    };
    const { model } = this;
    this.colours = theme(paper.matches);
    this.clock = new Clock(state.info.start_s, state.info.end_s, opening(state));
    this.map = new MapView(state, model, [$('ground'), $('cover'), $('live')]);
    this.scope = new Scope($('scope'), state, model);
    this.profile = new Profile($('profile'), state, model);
    this.timeline = new Timeline($('strip'), state);
    this.selected = new Selected(state, model);
    this.log = new Log(state, model, (event) => this.goTo(event));
    this.frames = new Frames(this.clock, (parts) => this.draw(parts));
    this.address = new Address(this);
    this.onScreen = null; // the view to come back to after paper
    this.clock.on((what) => this._clockSays(what));
    this.address.apply();
    model.time_s = this.clock.time_s;
    furnish(this);
  }

  /** Draw the parts that changed: "time" always, "view", "cover", "strip", "bearing" or "all". */
  draw(parts) {
    const { model, map, colours } = this;
    model.time_s = this.clock.time_s;
    const all = parts.has('all');
    const view = all || parts.has('view');
    if (all || parts.has('cover')) this._cover();
    if (model.tab === 'map' || paper.matches) {
      if (model.follow && model.selection) this._followSelection();
      if (view) map.drawGround(colours);
      if (view || parts.has('cover') || (model.layers.bearing && parts.has('bearing'))) map.drawCover(colours);
      map.drawLive(colours);
      this.scope.draw(colours);
      this.profile.draw(colours);
      this.selected.draw();
      this.log.draw();
      showCounts(this);
    }
    if (all || parts.has('strip')) this.timeline.draw(colours);
    showClock(this);
  }

  /** Ask for parts to be drawn, and let the address follow. */
  ask(...parts) {
    this.frames.ask(...parts);
    this.address.keep();
  }

  _clockSays(what) {
    const { clock } = this;
    if (what === 'play') {
      write($('play'), clock.playing ? '❚❚' : '▶');
      $('play').setAttribute('aria-label', clock.playing ? 'Pause' : 'Play');
      $('play').setAttribute('aria-pressed', clock.playing);
    }
    if (what === 'rate') $('rate').value = String(clock.rate);
    this.ask('time');
  }

  _cover() {
    const { state, model } = this;
    model.covers = state.sensors.map((s) => (s.surface === null ? null : coverageOf(s, state.coverage[s.surface], model)));
    showCover(this);
  }

  // -- the target, the radar ---------------------------------------------------------------------------------------

  setHeight(metres) {
    this.model.height_m = metres;
    this.ask('cover');
  }

  setDatum(aboveGround) {
    this.model.aboveGround = aboveGround;
    this.ask('cover');
  }

  setReference(number) {
    this.model.reference = number;
    this.ask('cover');
  }

  get sensor() {
    return this.state.sensors[this.model.chosen];
  }

  choose(index) {
    this.model.chosen = index;
    $('radar').value = String(index);
    showScopeRanges(this, true);
    this.ask('all');
  }

  believe(number) {
    this.model.belief = number;
    this.state.believe(number);
    this.ask('time');
  }

  // -- what is selected --------------------------------------------------------------------------------------------

  select(selection) {
    this.model.selection = selection;
    this.ask('selection');
  }

  /** Select the next (or with -1 the previous) track of those that are there now. */
  nextTrack(step) {
    const { shown } = this.state.tracks;
    const { selection } = this.model;
    const here = [...new Set(shown.object.subarray(0, shown.count))].sort((a, b) => a - b);
    if (!here.length) return;
    const now = selection?.kind === 'track' ? here.findIndex((o) => o >= selection.object) : -1;
    const exact = now >= 0 && here[now] === selection.object;
    const to = now < 0 ? (step > 0 ? 0 : here.length - 1) : exact ? now + step : step > 0 ? now : now - 1;
    this.select({ kind: 'track', object: here[(to + here.length) % here.length] });
  }

  selectMiddle() {
    const { shown } = this.state.tracks;
    const [x, y] = this.map.toPlane(this.map.width / 2, this.map.height / 2);
    let best = -1;
    let away = Infinity;
    for (let i = 0; i < shown.count; i++) {
      const d = Math.hypot(shown.x[i] - x, shown.y[i] - y);
      if (d < away) [away, best] = [d, shown.object[i]];
    }
    if (best >= 0) this.select({ kind: 'track', object: best });
  }

  /** Go to an event: its time, and what it is about. */
  goTo(event) {
    this.clock.seek(event.time_s);
    if (event.track >= 0) this.select({ kind: 'track', object: event.track });
    else if (event.target >= 0 && this.state.truth) this.select({ kind: 'truth', object: event.target });
  }

  _followSelection() {
    const { sensor, model, state } = this;
    const motion = model.selection.kind === 'track' ? state.tracks : state.truth;
    const at = motion?.at(model.selection.object, model.time_s);
    if (at && sensor?.known) this._bearing(bearing(at.x - sensor.x, at.y - sensor.y));
  }

  _bearing(radians) {
    this.model.bearing_rad = ((radians % FULL) + FULL) % FULL;
    $('bearing').value = String(Math.round((this.model.bearing_rad * 360) / FULL) % 360);
  }

  /** Turn the profile to a bearing in degrees, and let it stay there. */
  turnTo(degrees) {
    this.model.follow = false;
    $('follow').checked = false;
    this._bearing((degrees * FULL) / 360);
    this.ask('bearing');
  }

  // -- time and view -----------------------------------------------------------------------------------------------

  /** Go one scan of the chosen radar back or on. */
  step(sign) {
    this.clock.play(false);
    this.clock.seek(this.clock.time_s + sign * (this.sensor?.turn_s ?? this.sensor?.period_s ?? 10));
  }

  zoomBy(factor) {
    this.map.zoom(factor, this.map.width / 2, this.map.height / 2);
    this.ask('view');
  }

  /** Show the published ring and what moves about it; without a ring, all that moves. */
  showAll() {
    const { sensor, map } = this;
    const { reach_km } = this.state.info;
    const ring = sensor?.known && sensor.headline_m ? 1.12 * (sensor.headline_m / 1000) : 0;
    const all = this.state.tracks.extent?.() ?? this.state.truth?.extent();
    if (ring) map.fit(Math.min(ring, reach_km * 1.05), sensor.x, sensor.y);
    else if (all) map.fit(1.1 * Math.max(all.half, 5), all.x, all.y);
    else map.fit(reach_km);
    this.ask('view');
  }

  showTab(name, focus = false) {
    this.model.tab = name;
    for (const [key, panel] of TABS) {
      $(panel).hidden = key !== name;
      $(`tab-${key}`).setAttribute('aria-selected', key === name);
      $(`tab-${key}`).tabIndex = key === name ? 0 : -1;
      if (focus && key === name) $(`tab-${key}`).focus();
    }
    if (name === 'map') this.resize();
    this.address.keep();
  }

  resize() {
    const { map } = this;
    const box = $('map').getBoundingClientRect();
    if (!box.width) return;
    const first = map.width === 0;
    map.resize(box.width, box.height);
    if (first) {
      this.showAll();
      this.address.applyView();
    }
    this.overlays();
    this.frames.ask('all', 'strip');
  }

  /** Tell the map which boxes lie over it, so that no label hides beneath them. */
  overlays() {
    const outer = $('map').getBoundingClientRect();
    const over = (r) => r.width && r.bottom > outer.top && r.top < outer.bottom && r.right > outer.left && r.left < outer.right;
    this.map.overlays = ['altitude', 'legend', 'zoomers']
      .map((id) => $(id).getBoundingClientRect())
      .filter(over)
      .map((r) => ({ x: r.left - outer.left, y: r.top - outer.top, w: r.width, h: r.height }));
  }

  /** Go to paper, or back: colours, sizes, and the same part of the map. */
  toPaper() {
    const { map } = this;
    if ((this.colours === theme(true)) === paper.matches) return;
    this.colours = theme(paper.matches);
    const { view, width, height } = map;
    if (paper.matches) this.onScreen = { x: view.x, y: view.y, k: view.k, width, height };
    paintKeys(this);
    this.resize();
    const before = this.onScreen;
    if (paper.matches && width) {
      const middle = map.toPlane(map.width / 2, map.height / 2);
      view.k *= Math.min(map.width / width, map.height / height);
      map.centreOn(...middle);
    } else if (before && before.width === map.width && before.height === map.height) {
      Object.assign(view, { x: before.x, y: before.y, k: before.k });
    }
    this.timeline.draw(this.colours);
    this.frames.now();
  }
}

/** Return the moment at which a replay opens: the first with the most tracks; live, the newest. */
function opening(state) {
  const { density, start_s, end_s } = state.info;
  if (state.live || !density?.length) return state.live ? end_s : start_s;
  const most = density.indexOf(Math.max(...density));
  return start_s + ((most + 0.5) / density.length) * (end_s - start_s);
}

/** Return the first radar with a surface, which turns all round; else the first sensor. */
function firstRadar(state) {
  const round = state.sensors.findIndex((s) => s.surface !== null && !s.sector_rad);
  return Math.max(0, round >= 0 ? round : state.sensors.findIndex((s) => s.surface !== null));
}
