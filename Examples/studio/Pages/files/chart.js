// The curves of runs.
import { make, tip, grouped } from "./common.js";

const height = 320, margin = { left: 44, right: 12, top: 10, bottom: 26 };
const dashes = ["", "7 3", "2 3", "8 3 2 3", "4 4", "12 4"];
/** Beside its color, by which the colour-blind tell a run. */
export const dash = place => dashes[place % dashes.length];
export const color = place => `c${place % 6}`;

function svg(tag, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}
export const swatch = place => svg("svg", { viewBox: "0 0 26 8", class: `swatch ${color(place)}` },
  svg("path", { class: "curve", d: "M0 4H26", "stroke-width": 3, "stroke-dasharray": dash(place) }));

/** Round numbers between two others. */
function ticks(low, high, count) {
  const raw = (high - low) / count, unit = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map(m => m * unit).find(s => s >= raw);
  const found = [];
  for (let i = Math.ceil(low / step); i * step <= high + step * 1e-9; i++) found.push(i * step);
  return found;
}
/** Neighbouring points as one, so that there are no more than can be seen. */
function thinned(points, count) {
  const size = Math.ceil(points.length / count);
  if (size < 2) return points;
  const found = [];
  for (let i = 0; i < points.length; i += size) {
    const some = points.slice(i, i + size);
    found.push({ ...some.at(-1), loss: some.reduce((sum, p) => sum + p.loss, 0) / some.length });
  }
  return found;
}
const clock = seconds => seconds < 100 ? `${+(seconds < 1 ? seconds.toPrecision(2) : seconds.toFixed(1))} s` : seconds < 6000 ? `${+(seconds / 60).toFixed(1)} min` : `${+(seconds / 3600).toFixed(1)} h`;
const named = (axis, value) => axis === "time" ? clock(value) : axis === "epoch" ? `${+value.toFixed(2)}` : grouped(value);

/** Draws the losses of runs, each with the place that gives it color and dashes. */
export function drawChart(element, runs, axis) {
  const width = Math.max(280, element.clientWidth);
  const curves = runs.map(({ run, place }) => ({ run, place, steps: thinned(run.steps, 400), validations: run.validations }));
  const points = curves.flatMap(c => [...c.steps, ...c.validations]);
  if (points.length === 0) {
    element.replaceChildren(make("p", { className: "quiet", textContent: "No loss has been reported yet." }));
    return;
  }
  const xs = points.map(p => p[axis]), losses = points.map(p => p.loss);
  const low = 0, high = Math.max(...xs, 1e-9);
  const least = Math.min(...losses), most = Math.max(...losses), room = Math.max(.05, (most - least) * .05);
  const x = v => margin.left + (v - low) / (high - low) * (width - margin.left - margin.right);
  const y = v => height - margin.bottom - (v - least + room) / (most - least + 2 * room) * (height - margin.top - margin.bottom);

  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, height, role: "img", "aria-label": "Losses of the chosen runs" });
  for (const value of ticks(least - room, most + room, 6)) {
    picture.append(svg("path", { class: "grid", d: `M${margin.left} ${y(value)}H${width - margin.right}` }),
      svg("text", { x: margin.left - 6, y: y(value) + 4, "text-anchor": "end" }, `${+value.toFixed(3)}`));
  }
  for (const value of ticks(low, high, Math.max(2, width / 130))) {
    const text = named(axis, value);
    // That at the right end is moved in where it is long; half of a digit takes 4.
    picture.append(svg("text", { x: Math.min(x(value), width - 4 * text.length), y: height - 6, "text-anchor": value === low ? "start" : "middle" }, text));
  }
  const line = points => points.map((p, i) => `${i ? "L" : "M"}${x(p[axis]).toFixed(1)} ${y(p.loss).toFixed(1)}`).join("");
  for (const { place, steps, validations } of curves) {
    const group = svg("g", { class: color(place) });
    group.append(svg("path", { class: "curve training", d: line(steps), "stroke-dasharray": dash(place) }),
      svg("path", { class: "curve validation", d: line(validations), "stroke-dasharray": dash(place) }));
    for (const p of validations) group.append(svg("circle", { class: "dot", cx: x(p[axis]), cy: y(p.loss), r: 3.2 }));
    picture.append(group);
  }
  addCursor(picture, curves, axis, x, width);
  element.replaceChildren(picture);
}

/** Tells the losses at the pointer. */
function addCursor(picture, curves, axis, x, width) {
  const line = svg("path", { class: "cursor", d: "" });
  picture.append(line);
  const nearest = (points, at) => points.reduce((a, b) => a && Math.abs(x(a[axis]) - at) <= Math.abs(x(b[axis]) - at) ? a : b, undefined);
  picture.addEventListener("pointermove", event => {
    const box = picture.getBoundingClientRect(), at = (event.clientX - box.left) / box.width * width;
    const rows = [];
    let value;
    for (const { run, place, steps, validations } of curves) {
      const step = nearest(steps, at), validation = nearest(validations, at);
      value ??= (step ?? validation)?.[axis];
      const losses = [step && `training ${step.loss.toFixed(3)}`, validation && `validation ${validation.loss.toFixed(3)}`];
      rows.push(make("div", { className: "value" }, swatch(place), make("code", { textContent: "" }),
        make("span", { textContent: losses.filter(Boolean).join(", ") })));
    }
    if (value === undefined) return;
    line.setAttribute("d", `M${x(value)} ${margin.top}V${height - margin.bottom}`);
    tip([make("p", { textContent: `${axis} ${named(axis, value)}` }), ...rows],
      { left: event.clientX + 34, top: event.clientY, bottom: event.clientY });
  });
  picture.addEventListener("pointerleave", () => { line.setAttribute("d", ""); tip(); });
}
