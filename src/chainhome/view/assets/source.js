/**
 * The one place that data come from: a run inside the page, or a live server. Everything else draws `state`.
 *
 * state = {
 *   live: boolean,          // true: `connectLive` feeds it, the end of time moves
 *   info: {                 // the header that view/payload.py wrote
 *     title, subtitle, epoch_ms (UTC of second 0; null = not known), start_s, end_s, placed (false: no place on earth),
 *     centre: {lat_deg, lon_deg, name, height_m}, sensors: [...], batteries: [...], targets: [...], ...
 *   },
 *   projection: Projection, // geo.js: forward(lat_deg, lon_deg) -> [east_km, north_km] about the centre, and inverse
 *   tracks: Motion,         // motion.js: what the tracker believes
 *   truth: Motion | null,   // motion.js: what really flies (null: a recording)
 *   plots: Plots,           // columns time_s, sensor, range_m, azimuth_rad, track (index or -1), kind; time order
 *   events: [{time_s, kind, text, tone, track, target}],         // time order
 *   coverage: [Surface],    // one for each place that looks: lowest visible altitude by bearing and range
 *   ground: {coast, borders, land, cities, shade} | empty
 *   results: [...], method: {...},                               // tables and texts, ready to be shown
 *   believe(number)         // take the number-th of info.beliefs as what is declared
 * }
 *
 * Live. `document.body.dataset.live` holds the address of a WebSocket. `live.js` (served, never inside the exported
 * file) exports
 *     connectLive(url, sink) -> {close()}
 * and calls
 *     sink.snapshot(buffer)   // ArrayBuffer, gzip or plain: the container of view/encode.py, as payload() makes it of a
 *                             // run without rows in `tracks`; once after each (re)connection. Keeps what was buffered.
 *     sink.update(frame)      // changed rows only, as columns:
 *         frame = {time_s, id: Int32Array (track ids), lat_deg, lon_deg, altitude_m, speed_mps, heading_deg: Float32Array or
 *                  Float64Array (NaN = not known), side: Uint8Array (0 unknown, 1 friend, 2 neutral, 3 hostile),
 *                  gone: Uint8Array (1 = the track ended), row_time_s: Float64Array (time of each row's own estimate;
 *                  without it all rows are of time_s)}
 *     sink.status(word, text) // "connecting" | "connected" | "reconnecting" | "ended", and a sentence for people
 * `sink.update` appends to `state.tracks` (a LiveMotion, which keeps the last `keep_s` seconds to scrub back), moves
 * `state.info.end_s` to `frame.time_s` and asks for a redraw; the page follows the newest time until somebody seeks.
 */
import { decodeContainer, fromBase64, gunzip } from './decode.js';
import { LiveMotion } from './live_motion.js';
import { stateOf } from './state.js';

/** Return the state of the run that is inside the page, or at the address in `document.body.dataset.source`. */
export async function loadReplay() {
  const { source } = document.body.dataset;
  if (source) {
    const answer = await fetch(source);
    if (!answer.ok) throw new Error(`${source}: the server answered ${answer.status}`);
    return stateOf(decodeContainer(await gunzip(await answer.arrayBuffer())));
  }
  const holder = document.getElementById('data');
  const bytes = fromBase64(holder.textContent);
  holder.textContent = ''; // the text is not needed twice
  return stateOf(decodeContainer(await gunzip(bytes)));
}

/** Return the state of a live session; resolves with the first snapshot. `onChange(what)` is called on every change. */
export async function connectLive(url, onChange) {
  const { connectLive: connect } = await import('./live.js');
  return new Promise((resolve) => {
    let state = null;
    connect(url, {
      async snapshot(buffer) {
        const fresh = stateOf(decodeContainer(await gunzip(buffer)));
        if (state === null) {
          state = fresh;
          state.live = true;
          state.info.end_s = state.info.start_s; // the newest time comes from the frames alone
          state.tracks = new LiveMotion(state.projection);
          resolve(state);
          return;
        }
        fresh.info.end_s = state.info.end_s;
        Object.assign(state, { ...fresh, live: true, tracks: state.tracks });
        onChange('snapshot');
      },
      update(frame) {
        if (state === null) return;
        state.tracks.push(frame);
        state.info.end_s = Math.max(state.info.end_s, frame.time_s);
        onChange('update');
      },
      status(word, text) {
        onChange('status', { word, text });
      },
    });
  });
}

/** Return the state of whatever this page shows. */
export function load(onChange) {
  const url = document.body.dataset.live;
  return url ? connectLive(url, onChange) : loadReplay();
}
