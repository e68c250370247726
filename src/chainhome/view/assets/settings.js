/** What the page offers: layers, speeds, the stops of the height slider, keys. */
export const LAYERS = [
  ['coverage', 'Coverage and the published range', true],
  ['bearing', 'Bearing of the profile', false],
  ['tracks', 'Tracks', true],
  ['truth', 'Truth', true],
  ['trails', 'Trails, 2 min', true],
  ['vectors', 'Speed vectors, 1 min', true],
  ['labels', 'Labels', true],
  ['terrain', 'Hills', true],
  ['borders', 'Coast and borders', true],
  ['cities', 'Cities', true],
];
export const RATES = [1, 5, 20, 60, 200];
export const LOWEST_M = 30;
export const HIGHEST_M = 20000;
export const TICKS = [[30, '30 m'], [100, '100'], [300, '300'], [1000, '1 km'], [3000, '3'], [10000, '10'], [20000, '20 km']];
export const KEYS = [
  [['Space'], 'play or pause'],
  [[',', '.'], 'one step back or on'],
  [['[', ']'], 'slower, faster'],
  [['Home', 'End'], 'first and last moment'],
  [['Page Up', 'Page Down'], 'raise or lower the target'],
  [['N', 'P'], 'next or previous track; Esc selects none'],
  [['R'], 'next radar'],
  [['B'], 'bearing of the profile by 5° clockwise, Shift B back'],
  [['Arrows', '+', '−', '0'], 'on the map: pan, zoom, show all'],
  [['Enter'], 'on the map: select what is nearest to the middle'],
  [['1', '2', '3'], 'map, results, method'],
  [['?'], 'this help'],
];

/** The stops of the slider: round heights, about even in ratio, so that every step of it is another height. */
const ROUND = [10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 22, 24, 26, 28, 30, 32, 35, 38, 40, 42, 45, 50, 55, 60, 65, 70, 75, 80, 85, 90, 95];
export const STOPS = [1, 10, 100, 1000].flatMap((ten) => ROUND.map((r) => r * ten)).filter((m) => m >= LOWEST_M && m <= HIGHEST_M);
export const heightOf = (stop) => STOPS[Math.max(0, Math.min(STOPS.length - 1, stop))];
export const sliderOf = (metres) => {
  let best = 0;
  STOPS.forEach((m, k) => { if (Math.abs(Math.log(m / metres)) < Math.abs(Math.log(STOPS[best] / metres))) best = k; });
  return best;
};
