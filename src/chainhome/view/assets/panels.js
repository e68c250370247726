/** The panels beside the map: what is selected, what happened, the results, the method. Only texts, never markup. */
import { $, el, fill, write } from './dom.js';
import { bearing } from './geo.js';
import { after } from './scope.js';
import { SIDES } from './theme.js';
import { degrees, distance, elapsed, height, percent, place, speed, utc } from './words.js';

const EVIDENCE = {
  civil_reply: 'civil reply (Mode 3/A or S)',
  secure_reply: 'valid secure reply',
  flight_plan: 'on the list of filed plans',
};
const LOG_ROWS = 300;

/** What is selected: kinematics, identity and its evidence, and which sensors hold it. */
export class Selected {
  constructor(state, model) {
    this.state = state;
    this.model = model;
    this.key = null;
    this.cells = new Map();
  }

  /** Bring the panel up to date: built anew for another object, else only its numbers are written. */
  draw() {
    const { selection } = this.model;
    const key = selection ? `${selection.kind} ${selection.object}` : '';
    if (key !== this.key) this._build(key);
    if (!selection) return;
    const { state, model } = this;
    const motion = selection.kind === 'track' ? state.tracks : state.truth;
    const at = motion.at(selection.object, model.time_s);
    const sensor = state.sensors[model.chosen];
    const told = {
      Position: '–', Height: '–', Motion: '–', Range: '–', Shown: '',
    };
    // Of what is not here now nothing is said that might look like now.
    for (const part of [this.list, this.extra, ...(this.bars ?? []).map((b) => b.row)]) part.hidden = !at;
    if (at) {
      told.Position = state.info.placed ? place(...state.projection.inverse(at.x, at.y)) : `${distance(Math.abs(at.x))} ${at.x < 0 ? 'west' : 'east'}, ${distance(Math.abs(at.y))} ${at.y < 0 ? 'south' : 'north'} of the radar`;
      const climb = Number.isFinite(at.climb_mps) ? Math.round(at.climb_mps) : 0;
      const turn = climb ? `, ${climb > 0 ? 'climbs' : 'sinks'} ${Math.abs(climb)} m/s` : '';
      told.Height = Number.isFinite(at.altitude_m) ? `${height(at.altitude_m)} above sea level${turn}` : 'not known';
      told.Motion = `${speed(at.speed_mps)} over ground, heading ${degrees(at.heading_rad)}`;
      if (sensor?.known) {
        const east = at.x - sensor.x;
        const north = at.y - sensor.y;
        told.Range = `${distance(Math.hypot(east, north))} on ${degrees(bearing(east, north))} from ${sensor.name}`;
      }
    } else told.Shown = this._absence(motion, selection.object);
    for (const [name, text] of Object.entries(told)) if (this.cells.has(name)) write(this.cells.get(name), text);
    if (selection.kind === 'track') this._track(selection.object, told);
    else this._truth(selection.object);
  }

  _absence(motion, object) {
    const lives = motion.lives(object);
    const next = lives.find(([start]) => start > this.model.time_s);
    if (next) return `not here now; from ${elapsed(next[0])}`;
    return lives.length ? `not here now; last at ${elapsed(lives[lives.length - 1][1])}` : 'never here';
  }

  _build(key) {
    this.key = key;
    this.bars = null;
    this.extra = el('div', { class: 'extra' });
    this.cells.clear();
    const body = $('selected');
    const { selection } = this.model;
    if (!selection) {
      fill(body, el('p', { class: 'quiet' }, 'Select a track on the map, or press N for the next one.'));
      return;
    }
    const { state } = this;
    const cell = (name) => {
      const dd = el('dd');
      this.cells.set(name, dd);
      return [el('dt', {}, name), dd];
    };
    const named = (selection.kind === 'track' ? state.tracks : state.truth).names[selection.object];
    const head = [el('strong', { id: 'selected-name' }, named.name)];
    const rows = [];
    if (selection.kind === 'track') {
      const address = named.address >= 0 ? named.address.toString(16).toUpperCase().padStart(6, '0') : 'none replied';
      const code = named.code >= 0 ? String(named.code).padStart(4, '0') : 'none replied';
      head.push(el('span', { class: 'chip', id: 'selected-side' }));
      rows.push(el('dt', {}, 'Mode 3/A, S'), el('dd', {}, state.live ? 'not told by the server' : named.code < 0 && named.address < 0 ? 'no reply' : `${code}, ${address}`));
    } else {
      head.push(el('span', { class: 'chip' }, `truth: ${SIDES[named.side]}`));
      rows.push(el('dt', {}, 'Class'), el('dd', {}, `${named.class || 'not told'}, ${named.origin}`));
    }
    const list = el('dl', { class: 'facts' }, ...['Position', 'Height', 'Motion', 'Range'].flatMap(cell), rows);
    this.list = list;
    const absent = el('p', { class: 'quiet' });
    this.cells.set('Shown', absent);
    fill(body, el('p', { class: 'who' }, head), absent, list);
    if (selection.kind === 'track') body.append(...this._bars());
    body.append(this.extra);
    this.extraKey = '';
  }

  _bars() {
    this.bars = ['friend', 'neutral', 'hostile'].map((name) => {
      const bar = el('meter', { min: 0, max: 1, value: 0, class: name, 'aria-label': `probability of ${name}` });
      const text = el('span', { class: 'number' });
      return { name, bar, text, row: el('div', { class: 'bar' }, el('span', {}, name), text, bar) };
    });
    return [el('div', { class: 'bars' }, this.bars.map((b) => b.row))];
  }

  _track(object) {
    const { state, model } = this;
    const belief = state.tracks.beliefOf(object, model.time_s);
    write($('selected-side'), `declared ${SIDES[belief ? belief.side : 0]}`);
    $('selected-side').dataset.side = SIDES[belief ? belief.side : 0];
    for (const { name, bar, text } of this.bars) {
      const p = belief ? belief[name] : NaN;
      bar.value = Number.isFinite(p) ? p : 0;
      write(text, Number.isFinite(p) ? percent(p) : '–');
    }
    const lines = [];
    const why = (state.evidence.get(object) ?? []).filter((e) => e.time_s <= model.time_s + 1e-9);
    if (model.belief > 0) why.length = 0; // the run keeps the evidence of what was, not of what is compared with
    for (const e of why.slice(-4)) lines.push([`${EVIDENCE[e.kind] ?? e.kind.replaceAll('_', ' ')}, ${elapsed(e.time_s)}`, signed(e.friend), signed(e.hostile)]);
    const held = this._holding(object);
    const owner = state.tracks.names[object].target;
    const truth = owner >= 0 && state.truth ? state.truth.names[owner] : null;
    const key = JSON.stringify([lines, held, owner, model.belief]);
    if (key === this.extraKey) return;
    this.extraKey = key;
    fill(
      this.extra,
      lines.length
        ? el('table', { class: 'evidence' },
          el('thead', {}, el('tr', {}, el('th', { scope: 'col' }, 'Evidence, ln ratio against neutral'), el('th', { scope: 'col' }, 'friend'), el('th', { scope: 'col' }, 'hostile'))),
          el('tbody', {}, lines.map((line) => el('tr', {}, line.map((c) => el('td', {}, c))))))
        : el('p', { class: 'quiet' }, model.belief > 0 ? 'The evidence of this comparison is not kept in the run.' : state.live ? 'The server tells no evidence.' : 'No evidence so far; silence tells nothing.'),
      el('dl', { class: 'facts' },
        held.flatMap(([a, b], k) => [el('dt', {}, k ? '' : 'Held by'), el('dd', {}, b ? `${a}, ${b}` : a)]),
        truth ? [el('dt', {}, 'In truth'), el('dd', {}, `${truth.name}, ${SIDES[truth.side]} `, el('button', { type: 'button', class: 'link', 'data-target': owner }, 'show'))] : null),
    );
  }

  /** Return each sensor with the age of its last plot in the track. */
  _holding(object) {
    const { state, model } = this;
    const rows = state.plots.ofTrack(object);
    const last = new Map();
    for (const k of rows) {
      if (state.plots.time_s[k] > model.time_s) break;
      last.set(state.plots.sensor[k], state.plots.time_s[k]);
    }
    if (!last.size) return [[state.live ? 'not told by the server' : 'no plot so far', '']];
    return [...last].sort((a, b) => a[0] - b[0]).map(([index, time]) => {
      const sensor = state.sensors[index];
      const age = model.time_s - time;
      const scans = sensor.period_s ? age / sensor.period_s : 0;
      return [sensor.name, scans > 3 ? `not for ${elapsed(age)}` : `plot ${age.toFixed(0)} s ago`];
    });
  }

  _truth(object) {
    const { state, model } = this;
    const shown = state.tracks.shown;
    const mine = [];
    for (let i = 0; i < shown.count; i++) if (state.tracks.names[shown.object[i]].target === object) mine.push(shown.object[i]);
    const key = mine.join();
    if (`t${key}` === this.extraKey) return;
    this.extraKey = `t${key}`;
    fill(
      this.extra,
      el('h3', {}, 'Tracked as'),
      mine.length
        ? mine.map((track) => el('button', { type: 'button', class: 'link', 'data-track': track }, state.tracks.names[track].name))
        : el('p', { class: 'quiet' }, 'no confirmed track now'),
    );
    void model;
  }
}

function signed(value) {
  return `${value >= 0 ? '+' : '−'}${Math.abs(value).toFixed(1)}`;
}

/** The event log: rows are buttons that seek; long logs show the rows about the present. */
export class Log {
  constructor(state, model, onSeek) {
    this.state = state;
    this.model = model;
    this.node = $('log');
    this.times = Float64Array.from(state.events, (e) => e.time_s);
    this.from = -1;
    this.now = -2;
    this.node.addEventListener('click', (event) => {
      const row = event.target.closest('button[data-event]');
      if (row) onSeek(state.events[Number(row.dataset.event)]);
    });
  }

  draw() {
    const { events } = this.state;
    const now = after(this.times, this.model.time_s + 1e-6) - 1;
    const from = events.length <= LOG_ROWS ? 0 : Math.max(0, Math.min(events.length - LOG_ROWS, Math.floor((now - LOG_ROWS / 2) / 50) * 50));
    if (from !== this.from) this._build(from);
    if (now === this.now) return;
    this.now = now;
    const rows = this.node.children;
    for (let k = 0; k < rows.length; k++) {
      const number = this.from + k;
      rows[k].classList.toggle('future', number > now);
      rows[k].classList.toggle('present', number === now);
    }
    const present = rows[now - this.from];
    if (present && !this.node.contains(document.activeElement)) {
      const top = present.offsetTop - this.node.clientHeight / 2;
      this.node.scrollTop = top;
    }
  }

  _build(from) {
    this.from = from;
    this.now = -2;
    const { events, info } = this.state;
    const part = events.slice(from, from + LOG_ROWS);
    fill(
      this.node,
      part.map((event, k) =>
        el('li', { class: event.tone ? `tone-${event.tone}` : null },
          el('button', { type: 'button', 'data-event': from + k, tabindex: '-1' },
            el('time', {}, utc(info.epoch_ms, event.time_s) ?? elapsed(event.time_s)), el('span', {}, event.text)))),
    );
    const first = this.node.querySelector('button');
    if (first) first.tabIndex = 0;
    if (!events.length) fill(this.node, el('li', { class: 'quiet' }, this.state.live ? 'A live session tells no events.' : 'This run has no events.'));
  }
}

/** Build the results tab. */
export function showResults(node, state) {
  const parts = [];
  for (const [question, answer] of state.answers) parts.push(el('h2', {}, question), el('p', { class: 'answer' }, answer));
  for (const table of state.results) parts.push(tableOf(table));
  fill(node, parts.length ? parts : el('p', { class: 'quiet' }, state.live ? 'A live session has no results yet.' : 'This run has no scores; chainhome score gives them.'));
}

function tableOf({ title, caption, head, rows, numbers }) {
  const right = new Set(numbers);
  const css = (k) => (right.has(k) ? 'number' : null);
  return el('section', {},
    el('h2', {}, title),
    caption ? el('p', { class: 'quiet' }, caption) : null,
    el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': title },
      el('table', {},
        el('thead', {}, el('tr', {}, head.map((h, k) => el('th', { scope: 'col', class: css(k) }, h)))),
        el('tbody', {}, rows.map((row) => el('tr', {}, row.map((c, k) => el(k ? 'td' : 'th', k ? { class: css(k) } : { scope: 'row' }, c))))))));
}

/** Build the method tab. */
export function showMethod(node, state) {
  const { how, assumptions, limits, made, sources } = state.method;
  const list = (title, items) => (items.length ? [el('h2', {}, title), el('ul', {}, items.map((t) => el('li', {}, t)))] : []);
  const readings = state.sensors.filter((s) => s.reading).map((s) => `${s.name}: published ${s.reading}.`);
  fill(
    node,
    ...list('How this page was made', how),
    ...list('How the radars’ claims are read', readings),
    ...list('Assumptions', assumptions),
    ...list('What it does not show', limits),
    sources.length ? el('h2', {}, `Sources (${sources.length})`) : null,
    sources.length ? el('dl', { class: 'sources' }, sources.flatMap(sourceOf)) : null,
    el('h2', {}, 'How to repeat it'),
    el('dl', { class: 'facts wide' }, made.flatMap(([a, b]) => [el('dt', {}, a), el('dd', {}, b)])),
  );
}

function sourceOf({ key, title, publisher, date, address, opinion }) {
  const web = /^https?:\/\//.test(address);
  return [
    el('dt', {}, el('code', {}, key), ' ', title),
    el('dd', {},
      [publisher, date].filter(Boolean).join(', '),
      address ? el('br') : null,
      web ? el('a', { href: address, rel: 'noreferrer noopener' }, address) : address,
      opinion ? el('br') : null,
      opinion),
  ];
}
