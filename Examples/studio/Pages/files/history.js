// What the lines of history.jsonl files tell of runs.
import { cellTitle } from "./common.js";

/** A run: what it is, its curves and its samples. */
class Run {
  constructor(folder, line) {
    this.folder = folder;
    this.id = line.run;
    this.start = line.start;
    this.steps = [];         // { iteration, epoch, time, loss }
    this.validations = [];   // the same
    this.samples = [];       // { iteration, text }
    this.last = line;
    this.speed = undefined;
    this.seconds = 0;
  }

  read(line) {
    if (line.start) this.start = line.start;
    if (line.returned_from !== undefined) {
      // It takes these steps a second time.
      const isKept = ({ iteration }) => iteration <= line.iteration;
      this.steps = this.steps.filter(isKept);
      this.validations = this.validations.filter(isKept);
      this.samples = this.samples.filter(isKept);
    }
    const { iteration, epoch } = line;
    if (Number.isFinite(line.loss)) {
      const before = this.steps.at(-1)?.iteration ?? 0;
      this.seconds += (line.seconds_per_batch ?? 0) * Math.max(0, iteration - before);
      this.steps.push({ iteration, epoch, time: this.seconds, loss: line.loss });
      this.speed = line.chars_per_second;
    }
    if (Number.isFinite(line.validation_loss)) {
      this.validations.push({ iteration, epoch, time: this.seconds, loss: line.validation_loss });
    }
    if (Number.isFinite(line.test_loss)) this.test = line.test_loss;
    if (line.sample !== undefined) this.samples.push({ iteration, text: line.sample });
    this.last = line;
  }

  get best() { return this.validations.reduce((a, b) => (a && a.loss <= b.loss ? a : b), undefined); }
  /** Whether something was written in the last minute. One that was killed leaves its folder as if it had it still. */
  get isRecent() { return Date.now() / 1000 - this.last.time < 60; }
  get facts() {
    const { cell, layers, hidden_size } = this.start;
    return `${cellTitle(cell)} ${layers} × ${hidden_size}`;
  }
}

/** The runs of some folders, in the order in which they began. */
export class Histories {
  #runs = new Map();

  clear(folder) {
    for (const [key, run] of this.#runs) if (folder === undefined || run.folder === folder) this.#runs.delete(key);
  }
  read(folder, lines) {
    for (const line of lines) {
      const key = `${folder}\n${line.run}`;
      if (!this.#runs.has(key)) {
        if (!line.start) continue;
        this.#runs.set(key, new Run(folder, line));
      }
      this.#runs.get(key).read(line);
    }
  }
  get all() { return [...this.#runs.values()]; }
  of(folder) { return this.all.filter(run => run.folder === folder); }
}
