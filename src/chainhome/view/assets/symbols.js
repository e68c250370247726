/**
 * Air frames after APP-6, open at the bottom: an arch is a friend, a square neutral, a peak hostile, lobes unknown. The
 * shape tells; colour only repeats it. Every frame is drawn once for each side and stamped from there.
 */
import { FONT } from './theme.js';

/** Trace the frame of a side (0 unknown, 1 friend, 2 neutral, 3 hostile) about x, y. */
export function frame(g, side, x, y, r) {
  if (side === 1) {
    g.moveTo(x - r, y + r * 0.9);
    g.lineTo(x - r, y);
    g.arc(x, y, r, Math.PI, 0);
    g.lineTo(x + r, y + r * 0.9);
  } else if (side === 2) {
    g.moveTo(x - r, y + r * 0.9);
    g.lineTo(x - r, y - r);
    g.lineTo(x + r, y - r);
    g.lineTo(x + r, y + r * 0.9);
  } else if (side === 3) {
    g.moveTo(x - r, y + r * 0.9);
    g.lineTo(x - r, y - r * 0.2);
    g.lineTo(x, y - r * 1.3);
    g.lineTo(x + r, y - r * 0.2);
    g.lineTo(x + r, y + r * 0.9);
  } else {
    g.moveTo(x - r * 0.75, y + r * 0.95);
    g.arc(x - r * 0.7, y + r * 0.15, r * 0.62, Math.PI * 0.62, Math.PI * 1.45);
    g.arc(x, y - r * 0.6, r * 0.62, Math.PI * 1.1, Math.PI * 1.9);
    g.arc(x + r * 0.7, y + r * 0.15, r * 0.62, Math.PI * 1.55, Math.PI * 0.38);
    g.lineTo(x + r * 0.75, y + r * 0.95);
  }
}

/** Stamps of the four frames for one theme, size and pixel ratio. */
export class Stamps {
  constructor(colours, radius, dpr) {
    this.key = Stamps.key(colours, radius, dpr);
    this.dpr = dpr;
    this.half = Math.ceil(radius * 1.45) + 2;
    const size = Math.round(2 * this.half * dpr);
    this.size = 2 * this.half;
    this.images = [0, 1, 2, 3].map((side) => {
      const canvas = document.createElement('canvas');
      canvas.width = canvas.height = size;
      const g = canvas.getContext('2d');
      g.scale(dpr, dpr);
      drawFrame(g, side, this.half, this.half, radius, colours);
      return canvas;
    });
  }

  static key(colours, radius, dpr) {
    return `${colours.name} ${radius} ${dpr}`;
  }

  /** Stamp on whole device pixels: a copy without filtering costs a fifth. The context's scale must be 1. */
  draw(g, side, x, y) {
    const { dpr } = this;
    g.drawImage(this.images[side], Math.round((x - this.half) * dpr), Math.round((y - this.half) * dpr));
  }
}

/** Draw one frame, filled lightly, with a point where the object is. */
export function drawFrame(g, side, x, y, r, colours) {
  g.lineJoin = 'round';
  g.beginPath();
  frame(g, side, x, y, r);
  g.strokeStyle = colours.halo;
  g.lineWidth = 3.4;
  g.stroke();
  g.fillStyle = colours.sides[side];
  g.globalAlpha = 0.28;
  g.fill();
  g.globalAlpha = 1;
  g.strokeStyle = colours.sides[side];
  g.lineWidth = 1.6;
  g.stroke();
  g.beginPath();
  g.arc(x, y + r * 0.15, 1.2, 0, 7);
  g.fill();
}

/** Draw a radar or a battery: a box on the ground with a dish, and its name beside it by the caller. */
export function drawSite(g, x, y, colours, chosen, battery) {
  g.fillStyle = colours.sensor;
  g.strokeStyle = colours.sensorInk;
  g.lineWidth = 1.2;
  g.beginPath();
  g.rect(x - 9, y - 6, 18, 12);
  g.fill();
  g.stroke();
  g.beginPath();
  if (battery) {
    g.arc(x, y + 6, 6, Math.PI, 0);
    g.moveTo(x, y);
    g.lineTo(x, y - 5);
  } else {
    g.arc(x + 1, y - 1, 4.5, Math.PI * 0.25, Math.PI * 1.25);
    g.moveTo(x, y + 4);
    g.lineTo(x, y);
  }
  g.stroke();
  if (chosen) {
    g.strokeStyle = colours.cover;
    g.lineWidth = 1.6;
    g.strokeRect(x - 12, y - 9, 24, 18);
  }
}

/** Write a text with a halo, so that lines beneath do not disturb it. */
export function haloText(g, text, x, y, colour, halo, font = `11px ${FONT}`) {
  g.font = font;
  g.lineJoin = 'round';
  g.lineWidth = 3;
  g.strokeStyle = halo;
  g.strokeText(text, x, y);
  g.fillStyle = colour;
  g.fillText(text, x, y);
}
