/** Bytes of the page's data -> header and columns. The format is that of view/encode.py. */

/** Return the bytes that a text in base64 stands for. */
export function fromBase64(text) {
  const plain = atob(text.trim());
  const bytes = new Uint8Array(plain.length);
  for (let i = 0; i < plain.length; i++) bytes[i] = plain.charCodeAt(i);
  return bytes;
}

/** Return the ArrayBuffer that is packed in bytes with gzip; bytes that are not packed come back as they are. */
export async function gunzip(data) {
  const bytes = data instanceof Uint8Array ? data : new Uint8Array(data);
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes.slice().buffer;
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Response(stream).arrayBuffer();
}

/** Return `count` integers of the zigzag numbers, seven bits a byte, at `at`. Exact up to 2^53. */
export function varints(bytes, at, count) {
  const wide = new Float64Array(count);
  let big = false;
  for (let i = 0; i < count; i++) {
    let byte = bytes[at++];
    let value = byte & 127;
    let place = 128;
    while (byte > 127) {
      byte = bytes[at++];
      value += (byte & 127) * place;
      place *= 128;
    }
    const whole = value % 2 ? -(value + 1) / 2 : value / 2;
    if (whole > 2147483647 || whole < -2147483648) big = true;
    wide[i] = whole;
  }
  return big ? wide : Int32Array.from(wide);
}

/** Return {header, columns}: columns by name, Int32Array, or Uint8Array ("bytes") or Uint16Array ("pairs"). */
export function decodeContainer(buffer) {
  const bytes = new Uint8Array(buffer);
  const magic = String.fromCharCode(...bytes.subarray(0, 4));
  if (magic !== 'CHV1') throw new Error(`the data begin with ${JSON.stringify(magic)}, expected "CHV1"`);
  const length = new DataView(buffer).getUint32(4, true);
  let at = 8 + length;
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, at)));
  const columns = {};
  for (const [name, kind, count, size] of header.columns) {
    if (kind === 'bytes') columns[name] = bytes.slice(at, at + size);
    else if (kind === 'pairs') columns[name] = Uint16Array.from({ length: count }, (_, k) => bytes[at + k] | (bytes[at + count + k] << 8));
    else columns[name] = varints(bytes, at, count);
    at += size;
  }
  return { header, columns };
}

/** Return the running sums of differences, in place. */
export function summed(values) {
  for (let i = 1; i < values.length; i++) values[i] += values[i - 1];
  return values;
}
