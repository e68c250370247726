/** The page begins here: load a state, build the page on it, and pass on what a live session brings. */
import { App } from './app.js';
import { wireControls, wireMap, wireSurroundings } from './controls.js';
import { $, write } from './dom.js';
import { wireKeys } from './keys.js';
import { painted } from './scope.js';
import { load } from './source.js';

const FOLLOWS_S = 3; // who looks at the newest time goes on doing so

let app = null;

function start(state) {
  app = new App(state);
  wireMap(app);
  wireControls(app);
  wireKeys(app);
  wireSurroundings(app);
  app.showTab(app.model.tab);
  // For tests, for measuring, and for who wants to look inside; nothing on the page depends on it.
  window.chainhome = {
    app,
    state,
    model: app.model,
    clock: app.clock,
    frames: app.frames,
    map: app.map,
    scope: app.scope,
    select: (selection) => app.select(selection),
    setHeight: (metres) => app.setHeight(metres),
    choose: (index) => app.choose(index),
    painted: () => painted(state.plots, app.sensor, app.model.chosen, app.clock.time_s),
    cost: () => app.frames.cost(),
    readyAt_ms: performance.now(),
  };
  document.documentElement.dataset.ready = '1';
}

function say(text) {
  $('status').classList.toggle('hidden', !text);
  write($('status'), text);
}

/** A live session says that something came: rows, a new picture, or what the connection does. */
function changed(what, more) {
  if (what === 'status') {
    say(more.word === 'connected' ? '' : more.text ?? more.word);
    return;
  }
  if (app === null) return;
  const { clock, state, frames } = app;
  const following = clock.end_s - clock.time_s < FOLLOWS_S;
  clock.end_s = state.info.end_s;
  if (following && !clock.playing) clock.seek(clock.end_s);
  frames.ask(what === 'snapshot' ? 'all' : 'time');
}

load(changed).then(start).catch((error) => {
  say(`This page could not read its data: ${error.message}`);
  throw error;
});
