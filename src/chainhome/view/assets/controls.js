/** Hands: pointer on the map, buttons, menus and sliders, and what happens when sizes or the medium change. */
import { $, paper, write } from './dom.js';
import { furnish } from './furniture.js';
import { showReadout } from './readings.js';
import { heightOf } from './settings.js';

const STILL_PX = 3; // a press that moves less is a click
const STEP = 1.5;

/** Let the map be dragged, zoomed with wheel or two fingers, and clicked. */
export function wireMap(app) {
  const { map } = app;
  const live = $('live');
  const fingers = new Map();
  let moved = 0;
  const spot = (event) => {
    const box = live.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const wheel = (event) => {
    event.preventDefault();
    map.zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)), ...spot(event));
    app.ask('view');
  };
  const press = (event) => {
    live.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, spot(event));
    if (fingers.size === 1) moved = 0;
  };
  const move = (event) => {
    const now = spot(event);
    showReadout(app, now);
    const before = fingers.get(event.pointerId);
    if (!before) return;
    moved += Math.abs(now[0] - before[0]) + Math.abs(now[1] - before[1]);
    fingers.set(event.pointerId, now);
    if (moved <= STILL_PX) return;
    if (fingers.size === 2) pinch(map, now, before, [...fingers].find(([id]) => id !== event.pointerId)[1]);
    else map.pan(now[0] - before[0], now[1] - before[1]);
    live.classList.add('dragging');
    app.ask('view');
  };
  const release = (event) => {
    if (fingers.has(event.pointerId) && moved <= STILL_PX && event.type === 'pointerup') app.select(map.pick(...spot(event)));
    fingers.delete(event.pointerId);
    live.classList.remove('dragging');
  };
  live.addEventListener('wheel', wheel, { passive: false });
  live.addEventListener('pointerdown', press);
  live.addEventListener('pointermove', move);
  live.addEventListener('pointerup', release);
  live.addEventListener('pointercancel', release);
  live.addEventListener('pointerleave', () => write($('readout'), ''));
}

function pinch(map, now, before, other) {
  const apart = (p) => Math.hypot(p[0] - other[0], p[1] - other[1]);
  map.zoom(apart(now) / Math.max(1, apart(before)), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
}

/** Wire buttons, menus and sliders. */
export function wireControls(app) {
  const { clock, model } = app;
  const click = (id, act) => $(id).addEventListener('click', act);
  const change = (id, act) => $(id).addEventListener('change', (event) => act(event.target.value, event.target));
  const slide = (id, act) => $(id).addEventListener('input', (event) => act(Number(event.target.value)));
  click('zoom-in', () => app.zoomBy(STEP));
  click('zoom-out', () => app.zoomBy(1 / STEP));
  click('zoom-all', () => app.showAll());
  click('play', () => clock.play());
  click('back', () => app.step(-1));
  click('forth', () => app.step(1));
  click('help-button', () => $('help').showModal());
  slide('seek', (time_s) => clock.seek(time_s));
  slide('height', (stop) => app.setHeight(heightOf(stop)));
  $('strip').addEventListener('pointerdown', (event) => {
    const { start_s, end_s } = app.state.info;
    clock.seek(start_s + (event.offsetX / event.target.clientWidth) * (end_s - start_s));
  });
  change('rate', (rate) => clock.setRate(Number(rate)));
  change('datum', (datum) => app.setDatum(datum === 'ground'));
  change('reference', (number) => app.setReference(Number(number)));
  change('radar', (index) => app.choose(Number(index)));
  change('bearing', (degrees) => app.turnTo(Number(degrees) || 0));
  change('scope-range', (range) => {
    model.scopeRange_km = Number(range);
    app.ask('time');
  });
  change('follow', (_, box) => {
    model.follow = box.checked;
    app.ask('bearing');
  });
  click('selected', (event) => {
    const { track, target } = event.target.dataset;
    if (track !== undefined) app.select({ kind: 'track', object: Number(track) });
    if (target !== undefined) app.select({ kind: 'truth', object: Number(target) });
  });
  for (const name of ['map', 'results', 'method']) click(`tab-${name}`, () => app.showTab(name));
  document.addEventListener('click', (event) => {
    if (!$('layers-menu').contains(event.target)) $('layers-menu').open = false;
  });
}

/** Follow sizes, the medium, and an address that somebody changes by hand. */
export function wireSurroundings(app) {
  const { frames } = app;
  const watch = (id, act) => new ResizeObserver(act).observe($(id));
  watch('map', () => app.resize());
  watch('scope', () => frames.ask('time'));
  watch('strip', () => frames.ask('strip'));
  watch('altitude', () => {
    app.overlays();
    frames.ask('view');
  });
  paper.addEventListener('change', () => app.toPaper());
  window.addEventListener('beforeprint', () => app.toPaper());
  window.addEventListener('hashchange', () => {
    app.address.apply();
    furnish(app);
    app.address.applyView();
    app.showTab(app.model.tab);
    frames.ask('all', 'strip');
  });
}
