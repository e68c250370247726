/** Keys: everything that a hand can do. Typed into a field they are only text. */
import { $ } from './dom.js';
import { RATES, heightOf, sliderOf } from './settings.js';

const PAN_PX = 70;
const ZOOM = 1.3;
const TURN_DEG = 5;
const STOPS_A_PAGE = 5;
const TABS = ['map', 'results', 'method'];

/** Listen to keys, wherever the focus is. */
export function wireKeys(app) {
  document.addEventListener('keydown', (event) => anywhere(app, event));
  $('live').addEventListener('keydown', (event) => onMap(app, event));
  $('tabs').addEventListener('keydown', (event) => {
    const to = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (to) app.showTab(TABS[(TABS.indexOf(app.model.tab) + to + TABS.length) % TABS.length], true);
  });
  $('log').addEventListener('keydown', inLog);
}

const modified = (event) => event.altKey || event.ctrlKey || event.metaKey;

function anywhere(app, event) {
  if (modified(event) || $('help').open || event.target.matches('select, input[type=number]')) return;
  const { clock, model, state } = app;
  const sliding = event.target.matches('input[type=range]');
  const pressing = event.target.matches('button, summary, input[type=checkbox]');
  const rate = (step) => clock.setRate(RATES[Math.max(0, Math.min(RATES.length - 1, RATES.indexOf(clock.rate) + step))]);
  const raise = (stops) => app.setHeight(heightOf(sliderOf(model.height_m) + stops));
  const turn = (degrees) => app.turnTo((model.bearing_rad * 180) / Math.PI + degrees);
  const act = {
    ' ': pressing ? null : () => clock.play(),
    ',': () => app.step(-1),
    '.': () => app.step(1),
    '[': () => rate(-1),
    ']': () => rate(1),
    Home: sliding ? null : () => clock.seek(state.info.start_s),
    End: sliding ? null : () => clock.seek(state.info.end_s),
    PageUp: sliding ? null : () => raise(STOPS_A_PAGE),
    PageDown: sliding ? null : () => raise(-STOPS_A_PAGE),
    n: () => app.nextTrack(1),
    p: () => app.nextTrack(-1),
    r: () => app.choose((model.chosen + 1) % Math.max(1, state.sensors.length)),
    b: () => turn(TURN_DEG),
    B: () => turn(-TURN_DEG),
    Escape: () => app.select(null),
    1: () => app.showTab('map', true),
    2: () => app.showTab('results', true),
    3: () => app.showTab('method', true),
    '?': () => $('help').showModal(),
  }[event.key];
  if (!act) return;
  act();
  event.preventDefault();
}

function onMap(app, event) {
  if (modified(event)) return;
  const pan = (du, dv) => () => {
    app.map.pan(du, dv);
    app.ask('view');
  };
  const act = {
    ArrowLeft: pan(PAN_PX, 0),
    ArrowRight: pan(-PAN_PX, 0),
    ArrowUp: pan(0, PAN_PX),
    ArrowDown: pan(0, -PAN_PX),
    '+': () => app.zoomBy(ZOOM),
    '=': () => app.zoomBy(ZOOM),
    '-': () => app.zoomBy(1 / ZOOM),
    0: () => app.showAll(),
    Enter: () => app.selectMiddle(),
  }[event.key];
  if (!act) return;
  act();
  event.preventDefault();
}

/** Up and down go through the events; one of them at a time takes part in tabbing. */
function inLog(event) {
  const row = event.target.closest('li');
  const to = { ArrowDown: row?.nextElementSibling, ArrowUp: row?.previousElementSibling }[event.key]?.querySelector('button');
  if (!to) return;
  event.preventDefault();
  event.target.tabIndex = -1;
  to.tabIndex = 0;
  to.focus();
}
