// The runs of the folder, live.
import { $, make, grouped, readable, trouble } from "./common.js";
import { Histories } from "./history.js";
import { color, drawChart, swatch } from "./chart.js";

const histories = new Histories();
let folders = [], running = new Set(), chosen = new Set(), isFirst = true, source, isDrawing = false;

// MARK: What comes from the studio

/** Follows the histories of the chosen folders, from their beginnings. */
function follow() {
  source?.close();
  const query = [...chosen].map(folder => `folder=${encodeURIComponent(folder)}`).join("&");
  source = new EventSource(`runs/events?${query}`);
  source.onopen = () => { trouble(""); histories.clear(); };
  source.onerror = () => {
    trouble("The studio does not answer. Was it ended? This page goes on when it is back.");
    // A browser tries again by itself, but not after a refusal, as of a folder that another studio has not.
    if (source.readyState === EventSource.CLOSED) setTimeout(() => { chosen.clear(); folders = []; isFirst = true; follow(); }, 2000);
  };
  source.addEventListener("runs", event => listed(JSON.parse(event.data).runs));
  source.addEventListener("replaced", event => histories.clear(JSON.parse(event.data).folder));
  source.addEventListener("lines", event => {
    const { folder, lines } = JSON.parse(event.data);
    histories.read(folder, lines);
    drawSoon();
  });
}
function listed(runs) {
  const known = new Set(folders);
  const added = runs.map(run => run.name).filter(name => !known.has(name));
  folders = runs.map(run => run.name);
  running = new Set(runs.filter(run => run.is_running).map(run => run.name));
  // The newest are shown, and later those that begin.
  const shown = added.slice(0, isFirst ? 4 : Infinity).filter(() => chosen.size < 6);
  isFirst = false;
  const before = [...chosen].join("\n");
  chosen = new Set([...chosen].filter(name => folders.includes(name)));
  for (const name of shown) if (chosen.size < 6) chosen.add(name);
  if ([...chosen].join("\n") !== before) follow();
  drawSoon();
}

// MARK: What is shown

function drawSoon() {
  if (isDrawing) return;
  isDrawing = true;
  requestAnimationFrame(() => { isDrawing = false; draw(); });
}
function draw() {
  if ($("runs").hidden) return;
  // Of a folder with many runs the last ones.
  const runs = [...chosen].flatMap(folder => histories.of(folder).slice(-4)).map((run, place) => ({ run, place }));
  drawFolders(runs);
  drawChart($("chart"), runs, $("axis").value);
  drawTable(runs);
  drawSamples(runs);
}
const titled = ({ folder, start }) => readable(folder === "." ? start.label : `${folder} · ${start.label}`);

function drawFolders(runs) {
  if (folders.length === 0) {
    $("folders").replaceChildren(make("p", { className: "quiet", textContent:
      "There is no run yet. Begin one with: char-rnn train --data-dir TEXT --checkpoint-dir FOLDER, with the folder that the studio shows." }));
    return;
  }
  const focused = document.activeElement?.dataset.folder;
  $("folders").replaceChildren(...folders.map(folder => {
    const box = make("input", { type: "checkbox", checked: chosen.has(folder), "data-folder": folder });
    box.onchange = () => {
      if (box.checked) chosen.add(folder); else { chosen.delete(folder); histories.clear(folder); }
      follow();
      drawSoon();
    };
    const mine = runs.filter(({ run }) => run.folder === folder).map(({ run, place }) => make("div", { className: "one" },
      swatch(place), make("span", { textContent: `${readable(run.start.label)}, iteration ${grouped(run.last.iteration)}` }),
      ...(running.has(folder) && run.isRecent && run === histories.of(folder).at(-1) ? [make("span", { className: "live", textContent: "live" })] : [])));
    return make("div", { className: "card" }, make("label", {}, box, folder === "." ? "this folder" : readable(folder)), ...mine);
  }));
  if (focused !== undefined) document.querySelector(`[data-folder="${CSS.escape(focused)}"]`)?.focus();
}
function drawTable(runs) {
  const names = ["", "run", "model", "iteration", "epoch", "training loss", "best validation", "test", "characters a second"];
  const number = (value, digits = 4) => (value === undefined ? "–" : value.toFixed(digits));
  $("table").replaceChildren(make("tr", {}, ...names.map(name => make("th", { textContent: name }))),
    ...runs.map(({ run, place }) => make("tr", {}, make("td", {}, swatch(place)), ...[
      titled(run), run.facts, grouped(run.last.iteration), number(run.last.epoch, 2), number(run.steps.at(-1)?.loss),
      run.best ? `${number(run.best.loss)} at ${grouped(run.best.iteration)}` : "–", number(run.test), run.speed ? grouped(run.speed) : "–",
    ].map(text => make("td", { textContent: text })))));
}
function drawSamples(runs) {
  const old = new Map([...$("samples").children].map(card => [card.dataset.key, card]));
  $("samples").replaceChildren(...runs.filter(({ run }) => run.samples.length > 0).map(({ run, place }) => {
    const key = `${run.folder} ${run.id} ${run.samples.length} ${run.samples.at(-1).iteration} ${place}`;
    // One that is being read stays where it is.
    return old.get(key) ?? make("article", { className: `card ${color(place)}`, "data-key": key },
      make("div", { className: "row" }, swatch(place), make("h3", { textContent: `${titled(run)}: what it has written` })),
      ...run.samples.slice(-20).reverse().flatMap(({ iteration, text }) => [
        make("h4", { textContent: `iteration ${grouped(iteration)}` }), make("pre", { textContent: text })]));
  }));
}

$("axis").onchange = draw;
addEventListener("resize", drawSoon);
addEventListener("part", drawSoon);
setInterval(drawSoon, 10_000);
addEventListener("DOMContentLoaded", follow);
