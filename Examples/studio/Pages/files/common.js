// What the parts of the page share.
import { cellTitles } from "./cells.js";

export const $ = id => document.getElementById(id);

/** An element with properties, attributes (`aria-…`, `data-…`) and children. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-")) element.setAttribute(name, value); else element[name] = value;
  }
  element.append(...children);
  return element;
}

/** A name for people. The server has a private character for each byte of a name that is no UTF-8, and wants it back so. */
export const readable = name => name.replace(/[\u{10FE80}-\u{10FEFF}]/gu,
  byte => "\\x" + (byte.codePointAt(0) - 0x10FE00).toString(16).toUpperCase());

/** What people call a cell; one that this studio does not know, as its file does. */
export const cellTitle = cell => cellTitles[cell] ?? cell;

export const grouped = number => Math.round(number).toLocaleString("en");

/** A character as it can be seen. */
const glyphs = { "\n": "↵", "\t": "→", "\r": "␍", " ": "space" };
export const glyph = text => glyphs[text] ?? text;

/** What a refusal says, in a line. */
export async function reason(response) {
  try {
    const { error } = await response.json();
    return readable(`${error.what}: ${error.why}`);
  } catch { return `the studio answered ${response.status}`; }
}

export async function getJSON(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(await reason(response));
  return response.json();
}

export const post = (path, value, signal) => fetch(path, {
  method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(value), signal,
});

/** The events of an answer that is a stream, as `[name, value]`. */
export async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const parts = (rest + value).split("\n\n");
    rest = parts.pop();
    for (const part of parts) {
      let name = "message", data = "";
      for (const line of part.split("\n")) {
        if (line.startsWith("event: ")) name = line.slice(7);
        if (line.startsWith("data: ")) data += line.slice(6);
      }
      if (data) yield [name, JSON.parse(data)];
    }
  }
}

/** Says what is wrong, above everything; nothing takes it away. */
export function trouble(text) {
  $("trouble").textContent = text;
  $("trouble").hidden = !text;
}

/** Shows a small window beside an element or a point. */
export function tip(content, box) {
  const window_ = $("tip");
  window_.hidden = !content;
  if (!content) return;
  window_.replaceChildren(...content);
  const below = box.bottom + 10 + window_.offsetHeight < innerHeight;
  window_.style.left = `${Math.max(8, Math.min(innerWidth - window_.offsetWidth - 8, box.left - 20))}px`;
  window_.style.top = `${below ? box.bottom + 8 : Math.max(8, box.top - window_.offsetHeight - 8)}px`;
}
// A finger never leaves what it has touched.
addEventListener("pointerdown", event => { if (!event.target.closest("output, #chart")) tip(); });

// MARK: The models of the folder

let listed = [];
const selects = new Set();

/** Keeps a menu of the models up to date. */
export function chooseModel(select) {
  selects.add(select);
  fill(select);
}
function fill(select) {
  const chosen = select.value;
  select.replaceChildren(...listed.map(({ name }) => make("option", { value: name, textContent: readable(name) })));
  if (listed.some(({ name }) => name === chosen)) select.value = chosen;
}
export async function loadModels() {
  const { models } = await getJSON("models");
  if (models.map(m => m.name).join("\n") === listed.map(m => m.name).join("\n")) return listed;
  // The best first, as their names tell; then those without a loss.
  const loss = ({ name }) => +(name.match(/_(\d+\.\d+)\.(?:safetensors|t7)$/)?.[1] ?? Infinity);
  listed = models.sort((a, b) => loss(a) - loss(b));
  for (const select of selects) { fill(select); select.dispatchEvent(new Event("change")); }
  return listed;
}

// MARK: The parts

const parts = ["runs", "playground", "explain"];
function show() {
  const chosen = parts.includes(location.hash.slice(1)) ? location.hash.slice(1) : "runs";
  for (const part of parts) {
    $(part).hidden = part !== chosen;
    const link = document.querySelector(`nav a[href="#${part}"]`);
    if (part === chosen) link.setAttribute("aria-current", "page"); else link.removeAttribute("aria-current");
  }
  tip();
  if (chosen !== "runs") loadModels().catch(error => trouble(error.message));
  dispatchEvent(new Event("part"));
}
addEventListener("hashchange", show);
addEventListener("DOMContentLoaded", show);
