/** The ground of the map: sea, land, hills, coast, borders, rings of range, scale, cities, and where sites are named. */
import { context } from './dom.js';
import { haloText } from './symbols.js';
import { FONT } from './theme.js';
import { distance, shortened } from './words.js';

const MOST_CITIES = 40;
const MOST_LETTERS = 32; // of the name of a place that looks

export function drawGround(map, colours) {
  const { state, width, height, view } = map;
  const { layers } = map.model;
  const g = context(map.ground, width, height);
  const { ground } = state;
  g.fillStyle = ground.land.length ? colours.sea : colours.unknownLand;
  g.fillRect(0, 0, width, height);
  map._plane(g);
  if (ground.land.length) {
    g.fillStyle = colours.land;
    g.beginPath();
    for (const ring of ground.land) line(g, ring, true);
    g.fill();
  }
  if (layers.terrain && ground.shade) {
    g.imageSmoothingEnabled = true;
    g.drawImage(shadeImage(map, colours), -ground.shade.half_km, -ground.shade.half_km, 2 * ground.shade.half_km, 2 * ground.shade.half_km);
  }
  if (layers.borders) {
    g.lineJoin = 'round';
    g.beginPath();
    for (const part of ground.coast) line(g, part, false);
    g.strokeStyle = colours.coast;
    g.lineWidth = 1 / view.k;
    g.stroke();
    g.beginPath();
    for (const part of ground.borders) line(g, part, false);
    g.strokeStyle = colours.border;
    g.setLineDash([5 / view.k, 3 / view.k]);
    g.stroke();
    g.setLineDash([]);
  }
  g.setTransform(window.devicePixelRatio || 1, 0, 0, window.devicePixelRatio || 1, 0, 0);
  rings(map, g, colours);
  map.fixed.clear();
  for (const box of map.overlays) map.fixed.take(box.x - 4, box.y - 4, box.w + 8, box.h + 8);
  scaleBar(map, g, colours);
  reserveSites(map, g);
  if (layers.cities) cities(map, g, colours);
}

function shadeImage(map, colours) {
  const { shade } = map.state.ground;
  if (map.shadeOf === colours.name) return map.shadeImage;
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = shade.cells;
  const g = canvas.getContext('2d');
  const image = g.createImageData(shade.cells, shade.cells);
  const [bright, brightMost, dark, darkMost] = colours.shade;
  const middle = (shade.levels + 1) / 2;
  for (let k = 0; k < shade.image.length; k++) {
    const level = shade.image[k];
    if (!level) continue;
    const s = (level - middle) / (middle - 1);
    const tone = s > 0 ? bright : dark;
    image.data[4 * k] = image.data[4 * k + 1] = image.data[4 * k + 2] = tone;
    // Towards the edge of the raster the hills fade, so that it does not look like the end of the mountains.
    const edge = Math.max(Math.abs((k % shade.cells) - shade.cells / 2), Math.abs(Math.floor(k / shade.cells) - shade.cells / 2));
    const fade = Math.min(1, (shade.cells / 2 - edge) / (0.12 * shade.cells));
    image.data[4 * k + 3] = Math.round(255 * fade * Math.abs(s) * (s > 0 ? brightMost : darkMost));
  }
  g.putImageData(image, 0, 0);
  map.shadeOf = colours.name;
  map.shadeImage = canvas;
  return canvas;
}

/** Faint rings of range about the centre and its north line: distances are true from there. */
function rings(map, g, colours) {
  const { view, width, height } = map;
  const step = [500, 200, 100, 50, 20, 10, 5, 2, 1].find((s) => s * view.k < 170) ?? 1;
  const far = Math.hypot(width, height) / view.k + Math.hypot(view.x - width / 2, view.y - height / 2) / view.k;
  g.strokeStyle = colours.graticule;
  g.lineWidth = 1;
  g.beginPath();
  for (let r = step, n = 0; r < far && n < 60; r += step, n++) {
    g.moveTo(view.x + r * view.k, view.y);
    g.arc(view.x, view.y, r * view.k, 0, 7);
  }
  g.moveTo(view.x, view.y - far * view.k);
  g.lineTo(view.x, view.y + far * view.k);
  g.moveTo(view.x - far * view.k, view.y);
  g.lineTo(view.x + far * view.k, view.y);
  g.stroke();
  map.ringStep = step;
}

function scaleBar(map, g, colours) {
  const { view, width } = map;
  const km = [500, 200, 100, 50, 20, 10, 5, 2, 1].find((s) => s * view.k < Math.min(150, width / 4)) ?? 0.5;
  const w = km * view.k;
  const x = width - 16 - w;
  const y = map.height - 40;
  g.strokeStyle = colours.ink;
  g.lineWidth = 2;
  g.beginPath();
  g.moveTo(x, y - 5);
  g.lineTo(x, y);
  g.lineTo(x + w, y);
  g.lineTo(x + w, y - 5);
  g.stroke();
  g.textAlign = 'right';
  g.textBaseline = 'alphabetic';
  haloText(g, `${km} km · rings every ${distance(map.ringStep).replace('.0', '')}`, x + w, y - 9, colours.ink, colours.halo);
  map.fixed.take(Math.min(x, x + w - 150) - 4, y - 24, Math.max(w, 150) + 8, 30);
}

function cities(map, g, colours) {
  g.textBaseline = 'middle';
  g.textAlign = 'left';
  let named = 0;
  for (const city of map.state.ground.cities) {
    const [u, v] = map.toScreen(city.x, city.y);
    if (u < 0 || v < 0 || u > map.width || v > map.height) continue;
    g.font = `${city.rank === 1 ? 12 : 11}px ${FONT}`;
    const w = g.measureText(city.name).width;
    if (!map.fixed.free(u - 3, v - 3, 6, 6)) continue;
    const at = map.fixed.beside(u, v, w + 2, 13, 5);
    if (at < 0) continue;
    const { x, y } = map.fixed;
    g.fillStyle = colours.city;
    g.fillRect(u - 1.5, v - 1.5, 3, 3);
    haloText(g, city.name, x + 1, y + 7, colours.city, colours.halo, g.font);
    map.fixed.take(u - 3, v - 3, 6, 6);
    if (++named >= MOST_CITIES) break;
  }
}

/** Places that look, each once: radars that share a place are named by their battery. */
function siteList(map) {
  const { sensors, batteries } = map.state;
  const chosen = sensors[map.model.chosen];
  const found = [];
  for (const place of [...batteries.map((b) => ({ ...b, battery: true })), ...sensors]) {
    if (!place.known) continue;
    const same = found.find((f) => Math.hypot(f.x - place.x, f.y - place.y) < 0.2);
    if (same) continue;
    const isChosen = chosen?.known && Math.hypot(chosen.x - place.x, chosen.y - place.y) < 0.2;
    found.push({ ...place, chosen: isChosen, label: shortened(place.battery && place.system ? `${place.name} · ${place.system}` : place.name, MOST_LETTERS) });
  }
  return found;
}

function reserveSites(map, g) {
  map.sites = siteList(map);
  g.font = `600 12px ${FONT}`;
  for (const site of map.sites) {
    const [u, v] = map.toScreen(site.x, site.y);
    map.fixed.take(u - 12, v - 9, 24, 18);
    const w = g.measureText(site.label).width;
    const at = map.fixed.beside(u, v, w + 4, 15, 15);
    site.place = at < 0 ? null : [map.fixed.x + 2 - u, map.fixed.y + 8 - v];
  }
}

function line(g, points, close) {
  g.moveTo(points[0], -points[1]);
  for (let i = 2; i < points.length; i += 2) g.lineTo(points[i], -points[i + 1]);
  if (close) g.closePath();
}
