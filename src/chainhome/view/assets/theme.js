/** Colours of what is drawn on canvas: dark on a screen, light on paper. No meaning rests on colour alone. */
export const SIDES = ['unknown', 'friend', 'neutral', 'hostile'];
export const FONT = 'system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif';
export const MONO = 'ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace';

const DARK = {
  name: 'dark',
  sides: ['#ffe27a', '#7fd4ff', '#9fe0a0', '#ff8a80'],
  sea: '#0a141d',
  land: '#18242e',
  unknownLand: '#101c26',
  coast: '#55707f',
  border: '#4b5560',
  city: '#8499a8',
  graticule: '#22303c',
  ink: '#e8eff5',
  quiet: '#8fa5b5',
  halo: 'rgba(8,16,24,0.86)',
  truth: '#aeb9c4',
  cover: '#5fb4ff',
  coverFill: 'rgba(80,160,255,0.17)',
  ring: '#ffb454',
  sensor: '#d8f1ff',
  sensorInk: '#0a141d',
  select: '#ffffff',
  shot: '#ffffff',
  hit: '#ffef9f',
  shade: [255, 0.1, 0, 0.46], // bright slopes: white at most this opaque; dark slopes: black
  scope: { back: '#04110b', line: '70,190,125', plot: '150,255,190', text: '#7fdca5', picked: '#ffffff' },
  profile: { sky: '#0a141d', ground: '#4d4436', hidden: 'rgba(255,180,84,0.10)', line: '#ffb454', grid: '#22303c' },
  strip: { fill: 'rgba(95,180,255,0.22)', line: '#5fb4ff', mark: '#8fa5b5' },
};

const LIGHT = {
  name: 'light',
  sides: ['#8a6400', '#00609c', '#00734f', '#b8201a'],
  sea: '#dde8f0',
  land: '#f6f4ee',
  unknownLand: '#ffffff',
  coast: '#7d93a3',
  border: '#8a8178',
  city: '#3d4450',
  graticule: '#ccd5dc',
  ink: '#1f2430',
  quiet: '#4d5665',
  halo: 'rgba(255,255,255,0.86)',
  truth: '#5d6675',
  cover: '#00508c',
  coverFill: 'rgba(0,96,170,0.15)',
  ring: '#a34700',
  sensor: '#1f2430',
  sensorInk: '#ffffff',
  select: '#000000',
  shot: '#000000',
  hit: '#a34700',
  shade: [255, 0.5, 60, 0.3],
  scope: { back: '#f3f6f2', line: '100,125,110', plot: '0,90,40', text: '#1d5a36', picked: '#000000' },
  profile: { sky: '#ffffff', ground: '#d9d2c5', hidden: 'rgba(163,71,0,0.08)', line: '#a34700', grid: '#d3d9de' },
  strip: { fill: 'rgba(0,96,170,0.15)', line: '#00508c', mark: '#4d5665' },
};

/** Return the colours for a medium. */
export const theme = (light) => (light ? LIGHT : DARK);
