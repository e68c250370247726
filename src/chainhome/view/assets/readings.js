/** What the page says in numbers: how far is seen, how many there are, what time it is, where the pointer is. */
import { $, el, fill, write } from './dom.js';
import { bearing } from './geo.js';
import { sliderOf } from './settings.js';
import { day, degrees, distance, elapsed, percent, place, utc, whole } from './words.js';

const LIVE_S = 3;

/** Say how far a target at the slider's height is seen, beside what is published. */
export function showCover(app) {
  const { model, state, sensor } = app;
  const { height_m } = model;
  const found = model.covers[model.chosen];
  const text = height_m < 1000 ? `${whole(height_m)} m` : `${(height_m / 1000).toFixed(height_m < 10000 ? 1 : 0)} km`;
  $('height').value = String(sliderOf(height_m));
  $('height').setAttribute('aria-valuetext', `${text} ${model.aboveGround ? 'above ground' : 'above sea level'}`);
  write($('height-text'), text);
  $('datum').value = model.aboveGround ? 'ground' : 'sea';
  if (!sensor) return;
  const turns = ['primary', 'secondary', 'combined'].includes(sensor.kind);
  const how = sensor.sector_rad ? 'sector every' : turns ? 'turn in' : 'reports positions every';
  write($('scope-name'), sensor.period_s ? `${how} ${Number(sensor.period_s.toFixed(2))} s` : '');
  if (!found) {
    fill($('seen'), el('span', { class: 'quiet' }, 'Nothing is known of what this sensor can see from its place.'));
    return;
  }
  const smooth = state.coverage[sensor.surface].terrain ? '' : '; smooth earth';
  fill(
    $('seen'),
    'seen to ',
    el('b', {}, distance(found.median_m / 1000)),
    ` (${distance(found.least_m / 1000)} to ${distance(found.most_m / 1000)}${sensor.sector_rad ? ' in its sector' : ''}), ${sensor.ring} `,
    el('em', {}, distance(found.headline_m / 1000)),
    `: ${percent(found.share)} of that disc`,
    el('br'),
    el('span', { class: 'quiet' }, `${capital(sensor.ring)}: ${sensor.headline}. Seen: median over bearings, least and most${smooth}.`),
  );
}

const capital = (text) => text.slice(0, 1).toUpperCase() + text.slice(1);

/** Say how many tracks of each side there are, and how many targets truly. */
export function showCounts(app) {
  const { state, model } = app;
  const { shown } = state.tracks;
  const found = [0, 0, 0, 0];
  for (let i = 0; i < shown.count; i++) found[shown.side[i]]++;
  found.forEach((n, side) => write($(`count-${side}`), whole(n)));
  if (!state.truth) return;
  const truth = model.layers.truth ? state.truth.shown : state.truth.locate(model.time_s);
  write($('count-truth'), whole(truth.count));
}

/** Say what time it is. */
export function showClock(app) {
  const { info, live } = app.state;
  const t = app.clock.time_s;
  const said = utc(info.epoch_ms, t);
  const behind = info.end_s - t;
  const where = live ? (behind < LIVE_S ? 'live' : `${elapsed(behind)} behind`) : `${elapsed(t - info.start_s)} of ${elapsed(info.end_s - info.start_s)}`;
  write($('utc'), said ? `${said} UTC` : elapsed(t));
  write($('elapsed'), [day(info.epoch_ms, t), where].filter(Boolean).join(' · '));
  const seek = $('seek');
  if (seek.max !== String(info.end_s)) seek.max = String(info.end_s);
  seek.value = String(t);
  seek.setAttribute('aria-valuetext', said ? `${said} UTC, ${elapsed(t)}` : elapsed(t));
}

/** Say where a point of the map lies. */
export function showReadout(app, [u, v]) {
  const { state, map, sensor } = app;
  const [x, y] = map.toPlane(u, v);
  const from = sensor?.known ? sensor : { x: 0, y: 0, name: state.info.centre.name };
  const [east, north] = [x - from.x, y - from.y];
  const away = `${distance(Math.hypot(east, north))} on ${degrees(bearing(east, north))} from ${from.name}`;
  write($('readout'), state.info.placed ? `${place(...state.projection.inverse(x, y))}   ${away}` : away);
}
