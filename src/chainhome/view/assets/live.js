/**
 * A live session: the frames of view/frames.py from a WebSocket, handed to the page one by one.
 *
 * The server sends what stays (a container, gzip), then a message with the frames that this page lacks and the full
 * picture, then what changes. Each message is answered with the number of its last frame; the server sends the next only
 * then, so that a slow page gets the newest picture and never a queue. A lost connection is opened again by itself.
 */
const MAGIC = 0x31464843; // "CHF1", little-endian
const HEADER_BYTES = 32;
const ROW_WORDS = 8;
const DEGREES = 1e-7;
const FULL = 1;
const ENDED = 2;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;

/** Return the frames of a message; throws a RangeError for anything that is none. */
export function decodeFrames(buffer) {
  const view = new DataView(buffer);
  const frames = [];
  let at = 0;
  while (at < buffer.byteLength) {
    if (buffer.byteLength - at < HEADER_BYTES || view.getUint32(at, true) !== MAGIC) throw new RangeError('no live frame');
    const count = view.getUint32(at + 4, true);
    const end = at + HEADER_BYTES + count * ROW_WORDS * 4;
    if (end > buffer.byteLength) throw new RangeError('a live frame is cut off');
    const flags = view.getUint32(at + 20, true);
    frames.push({
      time_s: view.getFloat64(at + 8, true),
      number: view.getUint32(at + 16, true),
      full: (flags & FULL) !== 0,
      ended: (flags & ENDED) !== 0,
      session: view.getUint32(at + 24, true),
      ...columns(buffer, at + HEADER_BYTES, count),
    });
    at = end;
  }
  return frames;
}

/** Return the rows of a frame as columns. All numbers of a row have four bytes and begin at a multiple of four. */
function columns(buffer, at, count) {
  const whole = new Int32Array(buffer, at, count * ROW_WORDS);
  const real = new Float32Array(buffer, at, count * ROW_WORDS);
  const bytes = new Uint8Array(buffer, at, count * ROW_WORDS * 4);
  const made = emptyColumns(count);
  for (let row = 0, word = 0; row < count; row++, word += ROW_WORDS) {
    made.id[row] = whole[word];
    made.lat_deg[row] = whole[word + 1] * DEGREES;
    made.lon_deg[row] = whole[word + 2] * DEGREES;
    made.row_time_s[row] = whole[word + 3] / 1000;
    made.altitude_m[row] = real[word + 4];
    made.speed_mps[row] = real[word + 5];
    made.heading_deg[row] = real[word + 6];
    made.side[row] = bytes[4 * word + 28];
    made.gone[row] = bytes[4 * word + 29];
  }
  return made;
}

function emptyColumns(count) {
  return {
    id: new Int32Array(count),
    lat_deg: new Float64Array(count),
    lon_deg: new Float64Array(count),
    row_time_s: new Float64Array(count),
    altitude_m: new Float32Array(count),
    speed_mps: new Float32Array(count),
    heading_deg: new Float32Array(count),
    side: new Uint8Array(count),
    gone: new Uint8Array(count),
  };
}

/** What is known to be there, so that a full picture can tell what is there no more. */
export class Known {
  constructor() {
    this.ids = new Set();
  }

  /** Return a frame with a row `gone` for each track that a full picture no longer has, and remember what there is. */
  settle(frame) {
    let settled = frame;
    if (frame.full) {
      const here = new Set(frame.id);
      settled = withGone(frame, [...this.ids].filter((id) => !here.has(id)));
    }
    for (let row = 0; row < settled.id.length; row++) {
      if (settled.gone[row]) this.ids.delete(settled.id[row]);
      else this.ids.add(settled.id[row]);
    }
    return settled;
  }
}

function withGone(frame, ids) {
  if (!ids.length) return frame;
  const count = frame.id.length;
  const longer = emptyColumns(count + ids.length);
  for (const name of Object.keys(longer)) longer[name].set(frame[name]);
  longer.id.set(ids, count);
  longer.gone.fill(1, count);
  longer.row_time_s.fill(frame.time_s, count);
  for (const name of ['lat_deg', 'lon_deg', 'altitude_m', 'speed_mps', 'heading_deg']) longer[name].fill(NaN, count);
  return { ...frame, ...longer };
}

/** Return the address of the WebSocket for an address relative to the page, with what this page has already. */
function addressOf(url, session, after) {
  const address = new URL(url, document.baseURI);
  address.protocol = address.protocol === 'https:' || address.protocol === 'wss:' ? 'wss:' : 'ws:';
  address.hash = '';
  if (session !== null) {
    address.searchParams.set('session', session);
    address.searchParams.set('after', after);
  }
  return address.href;
}

/**
 * Connect to a session and keep connected. `sink.snapshot(buffer)` gets what stays, `sink.update(frame)` each frame in
 * order of time, `sink.status(word, text)` how it goes: connecting, connected, reconnecting, ended. A server that began
 * another session in the meantime makes the page load again. Returns {close()}.
 */
export function connectLive(url, sink) {
  const known = new Known();
  let socket = null;
  let session = null;
  let after = -Infinity;
  let wait = FIRST_WAIT_MS;
  let timer = 0;
  let ended = false;
  let closed = false;
  let said = '';
  let work = Promise.resolve();

  /** Tell how it goes, once: a page may read every sentence out. */
  function say(word, text) {
    if (word !== said) sink.status(word, text);
    said = word;
  }

  function take(buffer, from) {
    const frames = decodeFrames(buffer);
    for (const frame of frames) {
      if (session === null) session = frame.session;
      if (session !== frame.session) {
        close();
        location.reload();
        return;
      }
      if (frame.time_s >= after) {
        after = frame.time_s;
        sink.update(known.settle(frame));
      }
    }
    const last = frames[frames.length - 1];
    ended = last.ended;
    wait = FIRST_WAIT_MS;
    say(ended ? 'ended' : 'connected', ended ? 'The session has ended.' : 'Live.');
    if (from.readyState === WebSocket.OPEN) from.send(String(last.number));
  }

  async function receive(buffer, from) {
    if (closed || from !== socket) return;
    const isFrame = buffer.byteLength >= 4 && new DataView(buffer).getUint32(0, true) === MAGIC;
    if (isFrame) take(buffer, from);
    else await sink.snapshot(buffer);
  }

  function open() {
    const mine = new WebSocket(addressOf(url, session, after));
    socket = mine;
    mine.binaryType = 'arraybuffer';
    mine.onmessage = (event) => {
      // One after the other: a snapshot takes a moment to unpack.
      work = work.then(() => receive(event.data, mine)).catch(() => mine.close());
    };
    mine.onclose = () => {
      if (closed || ended || mine !== socket) return;
      say('reconnecting', 'The connection is lost; trying again.');
      timer = setTimeout(open, wait * (0.75 + 0.5 * Math.random()));
      wait = Math.min(2 * wait, LONGEST_WAIT_MS);
    };
  }

  function close() {
    closed = true;
    clearTimeout(timer);
    if (socket !== null) socket.close();
  }

  say('connecting', 'Connecting …');
  open();
  return { close };
}
