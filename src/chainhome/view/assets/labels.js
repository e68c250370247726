/** Places for labels that do not overlap: a coarse grid of what is taken, and eight places about a point to try. */
const CELL = 5;

export class Places {
  constructor(width, height) {
    this.columns = Math.ceil(width / CELL) + 1;
    this.rows = Math.ceil(height / CELL) + 1;
    this.width = width;
    this.height = height;
    this.taken = new Uint8Array(this.columns * this.rows);
  }

  clear() {
    this.taken.fill(0);
  }

  /** Mark a box as taken. */
  take(x, y, w, h) {
    const x0 = Math.max(0, Math.floor(x / CELL));
    const x1 = Math.min(this.columns - 1, Math.floor((x + w) / CELL));
    const y0 = Math.max(0, Math.floor(y / CELL));
    const y1 = Math.min(this.rows - 1, Math.floor((y + h) / CELL));
    if (x1 < x0) return;
    for (let row = y0; row <= y1; row++) this.taken.fill(1, row * this.columns + x0, row * this.columns + x1 + 1);
  }

  /** Return whether a box lies on the map and touches nothing that is taken. */
  free(x, y, w, h) {
    if (x < 0 || y < 0 || x + w > this.width || y + h > this.height) return false;
    const x0 = Math.floor(x / CELL);
    const x1 = Math.floor((x + w) / CELL);
    const y0 = Math.floor(y / CELL);
    const y1 = Math.floor((y + h) / CELL);
    for (let row = y0; row <= y1; row++) {
      const from = row * this.columns;
      for (let k = from + x0; k <= from + x1; k++) if (this.taken[k]) return false;
    }
    return true;
  }

  /**
   * Take a place for a box beside a point and return the number of the place, -1 where none is free. `first` is tried
   * first, so that a label stays where it was. The corner is in `this.x`, `this.y`. The number says the direction only.
   */
  beside(px, py, w, h, gap, first = 0) {
    for (let tried = 0; tried < 8; tried++) {
      const k = (first + tried) % 8;
      const x = k === 0 || k === 1 || k === 7 ? px + gap : k === 2 || k === 6 ? px - w / 2 : px - gap - w;
      const y = k === 0 || k === 4 ? py - h / 2 : k <= 3 ? py - gap - h * 0.8 : py + gap - h * 0.2;
      if (!this.free(x, y, w, h)) continue;
      this.take(x, y, w, h);
      this.x = x;
      this.y = y;
      return k;
    }
    return -1;
  }
}
