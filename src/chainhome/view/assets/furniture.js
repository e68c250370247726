/** The page's furniture: titles, menus, legend, help, and the tabs of texts. Built from the state, once. */
import { $, el, fill, write } from './dom.js';
import { showMethod, showResults } from './panels.js';
import { KEYS, LAYERS, RATES, STOPS, TICKS, sliderOf } from './settings.js';
import { drawFrame } from './symbols.js';
import { SIDES } from './theme.js';

const RANGES_KM = [20, 40, 80, 120, 200, 300, 400, 600];
const ORDER = [3, 0, 1, 2]; // of sides in the legend: what presses comes first

/** Put everything in its place. */
export function furnish(app) {
  const { state, model, clock } = app;
  const { info } = state;
  document.title = `${info.title} – chainhome`;
  write($('title'), info.title);
  write($('subtitle'), info.subtitle);
  fill($('layers'), LAYERS.filter(([key]) => key !== 'truth' || state.truth).map((layer) => layerBox(app, layer)));
  fill($('rate'), RATES.map((r) => el('option', { value: r }, `${r}×`)));
  $('rate').value = String(clock.rate);
  fill($('radar'), state.sensors.map((s, i) => el('option', { value: i }, s.name)));
  $('radar').value = String(model.chosen);
  $('altitude').hidden = !state.sensors.length;
  $('altitude').classList.toggle('bare', !state.coverage.length);
  const targets = info.references.map((r, i) => el('option', { value: i }, r.name));
  fill($('reference'), targets, el('option', { value: -1 }, 'any target (line of sight only)'));
  $('reference-row').hidden = !targets.length;
  $('reference').value = String(model.reference);
  $('height').max = String(STOPS.length - 1);
  fill($('height-ticks'), TICKS.map(tick));
  $('seek').min = String(info.start_s);
  $('seek').max = String(info.end_s);
  legend(app);
  fill($('help-body'), KEYS.flatMap(([keys, text]) => [el('span', {}, keys.map((k) => el('kbd', {}, k))), el('span', {}, text)]));
  showResults($('results'), state);
  showMethod($('method'), state);
  showScopeRanges(app, true);
  $('follow').checked = model.follow;
  $('bearing').value = String(Math.round((model.bearing_rad * 180) / Math.PI) % 360);
}

function layerBox(app, [key, text]) {
  const box = el('input', { type: 'checkbox', 'data-layer': key });
  box.checked = app.model.layers[key];
  box.addEventListener('change', () => {
    app.model.layers[key] = box.checked;
    app.ask('view');
  });
  return el('label', {}, box, text);
}

function tick([metres, text]) {
  const mark = el('span', {}, text);
  mark.style.left = `${(100 * sliderOf(metres)) / (STOPS.length - 1)}%`;
  return mark;
}

function legend(app) {
  const { info, truth } = app.state;
  const beliefs = info.beliefs ?? [];
  const choice = el('select', { id: 'belief', 'aria-label': 'Declared' }, beliefs.map((words, k) => el('option', { value: k }, words)));
  choice.value = String(app.model.belief);
  choice.addEventListener('change', () => app.believe(Number(choice.value)));
  const row = (name, words, id) => el('div', {}, el('canvas', { width: 48, height: 40, 'aria-hidden': 'true', 'data-key': name }), words, el('b', { id }, '0'));
  fill(
    $('legend'),
    beliefs.length > 1 ? el('p', {}, 'declared ', choice) : null,
    ORDER.map((side) => row(side, SIDES[side], `count-${side}`)),
    truth ? row('truth', 'truth', 'count-truth') : null,
  );
  paintKeys(app);
}

/** Paint the symbols of the legend in the colours of the medium. */
export function paintKeys({ colours }) {
  for (const canvas of document.querySelectorAll('#legend canvas')) {
    const g = canvas.getContext('2d');
    g.setTransform(2, 0, 0, 2, 0, 0);
    g.clearRect(0, 0, 24, 20);
    if (canvas.dataset.key !== 'truth') {
      drawFrame(g, Number(canvas.dataset.key), 12, 10, 6.5, colours);
      continue;
    }
    g.strokeStyle = colours.truth;
    g.lineWidth = 1.4;
    g.beginPath();
    for (const s of [-1, 1]) {
      g.moveTo(9, 10 - 3 * s);
      g.lineTo(15, 10 + 3 * s);
    }
    g.stroke();
  }
}

/** Offer the ranges of the scope that suit the chosen radar; `fresh` picks the one that shows its published range. */
export function showScopeRanges({ model, sensor }, fresh) {
  const far = (sensor?.max_range_m ?? 400000) / 1000;
  const fitting = RANGES_KM.filter((r) => r <= far * 1.3);
  const ranges = fitting.length ? fitting : RANGES_KM.slice(0, 1);
  fill($('scope-range'), ranges.map((r) => el('option', { value: r }, `${r} km`)));
  const wanted = Math.min(far, (sensor?.headline_m ?? 400000) / 1000);
  if (fresh) model.scopeRange_km = ranges.find((r) => r >= wanted) ?? ranges[ranges.length - 1];
  $('scope-range').value = String(model.scopeRange_km);
}
