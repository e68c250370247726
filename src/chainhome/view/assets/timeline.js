/** The strip above the time slider: how many tracks there are over time, and a mark for each event that matters. */
import { context } from './dom.js';

const MARKS = { friend: 1, neutral: 2, hostile: 3 };

export class Timeline {
  constructor(canvas, state) {
    this.canvas = canvas;
    this.state = state;
  }

  draw(colours) {
    const width = this.canvas.clientWidth;
    const height = this.canvas.clientHeight;
    if (!width || !height) return;
    const g = context(this.canvas, width, height);
    const { info, events } = this.state;
    const density = info.density ?? [];
    const most = Math.max(1, ...density);
    const top = 9;
    if (density.length) {
      g.beginPath();
      g.moveTo(0, height);
      density.forEach((n, i) => g.lineTo(((i + 0.5) / density.length) * width, height - (n / most) * (height - top - 2)));
      g.lineTo(width, height);
      g.closePath();
      g.fillStyle = colours.strip.fill;
      g.fill();
      g.strokeStyle = colours.strip.line;
      g.lineWidth = 1.2;
      g.stroke();
    }
    const span = info.end_s - info.start_s || 1;
    for (const event of events) {
      const x = ((event.time_s - info.start_s) / span) * width;
      const side = MARKS[event.tone];
      g.fillStyle = side ? colours.sides[side] : event.tone === 'hit' ? colours.hit : event.tone ? colours.ink : colours.strip.mark;
      const strong = side || event.tone;
      g.globalAlpha = strong ? 0.95 : 0.45;
      g.fillRect(x - 0.75, 0, 1.5, strong ? 8 : 5);
    }
    g.globalAlpha = 1;
  }
}
