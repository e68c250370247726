/** Small helpers of the page. Text from files goes through `textContent` only: there is no way to write HTML here. */

/** Return the element with an id. */
export const $ = (id) => document.getElementById(id);

/** Return a new element: attributes by name (`class`, `data-x`, `on...` as listeners), children are nodes or texts. */
export function el(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? '' : String(value));
  }
  for (const child of children.flat()) {
    if (child === null || child === undefined || child === '') continue;
    node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return node;
}

/** Put children into a node in place of what it holds. */
export function fill(node, ...children) {
  node.replaceChildren(...children.flat().filter((c) => c !== null && c !== undefined && c !== ''));
  return node;
}

/** Write a text only where it changes, so that nothing is laid out again for nothing. */
export function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** True while the page is laid out for paper. */
export const paper = window.matchMedia('print');

/** Return a canvas's context: empty, sized to its box in device pixels and scaled to CSS pixels. */
export function context(canvas, width, height) {
  const dpr = window.devicePixelRatio || 1;
  const w = Math.max(1, Math.round(width * dpr));
  const h = Math.max(1, Math.round(height * dpr));
  const g = canvas.getContext('2d');
  // A printer gets what was drawn, not pixels, and would take the clearing for white paint; a new size begins anew.
  if (canvas.width !== w || canvas.height !== h || paper.matches) {
    canvas.width = w;
    canvas.height = h;
  } else {
    g.setTransform(1, 0, 0, 1, 0, 0);
    g.clearRect(0, 0, w, h);
  }
  g.setTransform(dpr, 0, 0, dpr, 0, 0);
  return g;
}
