/** Numbers in words that people read: times, distances, heights, speeds, bearings, always with their unit. */
const NUMBER = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 0 });

const two = (n) => String(Math.floor(n)).padStart(2, '0');

/** Return a span as h:mm:ss. */
export function elapsed(seconds) {
  const sign = seconds < 0 ? '-' : '';
  const s = Math.floor(Math.abs(seconds) + 1e-6);
  return `${sign}${Math.floor(s / 3600)}:${two((s / 60) % 60)}:${two(s % 60)}`;
}

/** Return the UTC clock at a second of the run, or null where its day is not known. */
export function utc(epoch_ms, seconds) {
  if (epoch_ms === null) return null;
  return new Date(epoch_ms + Math.floor(seconds + 1e-6) * 1000).toISOString().slice(11, 19);
}

/** Return the UTC day at a second of the run. */
export function day(epoch_ms, seconds) {
  return epoch_ms === null ? '' : new Date(epoch_ms + seconds * 1000).toISOString().slice(0, 10);
}

/** Return a height: metres, in thousands apart. */
export function height(metres) {
  if (!Number.isFinite(metres)) return 'height not known';
  return `${NUMBER.format(Math.round(metres / 10) * 10)} m`;
}

/** Return a height for a label: short, one decimal of a kilometre from 1,000 m on. */
export function shortHeight(metres) {
  if (!Number.isFinite(metres)) return '';
  return metres >= 1000 ? `${(metres / 1000).toFixed(1)} km` : `${Math.round(metres / 10) * 10} m`;
}

/** Return a distance in kilometres. */
export function distance(km) {
  if (!Number.isFinite(km)) return '–';
  return km < 10 ? `${km.toFixed(1)} km` : `${NUMBER.format(km)} km`;
}

/** Return a speed. */
export function speed(mps) {
  return Number.isFinite(mps) ? `${NUMBER.format(mps)} m/s` : '–';
}

/** Return a bearing of three digits. */
export function degrees(radians) {
  return `${String(Math.round((radians * 180) / Math.PI + 360) % 360).padStart(3, '0')}°`;
}

/** Return a place. */
export function place(lat_deg, lon_deg) {
  const ns = lat_deg < 0 ? 'S' : 'N';
  const ew = lon_deg < 0 ? 'W' : 'E';
  return `${Math.abs(lat_deg).toFixed(3)}° ${ns}  ${Math.abs(lon_deg).toFixed(3)}° ${ew}`;
}

/** Return a share in per cent, with as many digits as a small one needs. */
export function percent(share) {
  if (!Number.isFinite(share)) return '–';
  const p = 100 * share;
  return `${p >= 10 || p === 0 ? p.toFixed(0) : p >= 1 ? p.toFixed(1) : p.toPrecision(2)} %`;
}

/** Return a whole number, thousands apart. */
export const whole = (n) => NUMBER.format(n);

/** Return a text of at most so many letters, its end cut off where it is longer. */
export const shortened = (text, most) => ([...text].length > most ? `${[...text].slice(0, most - 1).join('').trimEnd()}…` : text);
