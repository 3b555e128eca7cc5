// A column of the playground: a model, how it draws, and what it writes.
import { cellTitle, chooseModel, events, getJSON, glyph, grouped, make, post, reason, tip } from "./common.js";

/** The numbers of `Sampling`, with what changes nothing where the field is empty. */
const settings = [
  { key: "temperature", text: "Temperature", off: 1, min: 0, max: 2, step: .05, slides: true,
    help: "Low takes what is likely, high takes chances; 0 always takes the likeliest." },
  { key: "minP", text: "Min-p", min: 0, max: 1, step: .01, help: "Leaves out what has less than this share of the likeliest's probability." },
  { key: "topP", text: "Top-p", min: .01, max: 1, step: .01, help: "Keeps the likeliest that together have this probability." },
  { key: "topK", text: "Top-k", min: 1, max: 1000, step: 1, help: "Keeps so many of the likeliest." },
  { key: "typical", text: "Typical", min: .01, max: 1, step: .01, help: "Keeps what surprises about as much as is to be expected." },
  { key: "topNSigma", text: "Top-n-sigma", min: .1, max: 10, step: .1, help: "Keeps what is within so many standard deviations of the likeliest." },
  { key: "repetitionPenalty", text: "Repetition penalty", off: 1, min: .1, max: 3, step: .05, help: "Above 1 makes recent characters less likely." },
  { key: "frequencyPenalty", text: "Frequency penalty", off: 0, min: -2, max: 2, step: .05, help: "For each time that a character has come." },
  { key: "presencePenalty", text: "Presence penalty", off: 0, min: -2, max: 2, step: .05, help: "Once for a character that has come." },
  { key: "penaltyWindow", text: "Penalty window", off: 64, min: 1, max: 256, step: 1, help: "How many recent characters the penalties look at." },
  { key: "surprise", of: "mirostat", text: "Mirostat, bits", min: .05, max: 8, step: .05, help: "Keeps the surprise near so many bits a character." },
  { key: "learningRate", of: "mirostat", text: "Mirostat's rate", off: .1, min: .01, max: 1, step: .01, help: "How fast its bound follows." },
  { key: "seed", text: "Seed", min: 0, step: 1, help: "The same seed writes the same text; none writes another each time." },
];

export class Column {
  #fields = new Map();
  #characters = [];
  #abort;
  /** Is kept once the facts of the chosen model have come. */
  #told;
  /** What has come and is not drawn yet, and the characters in it. */
  #pending = [];
  #pendingCount = 0;
  #drawing;
  /** The line that is being written. */
  #line;

  /** @param onRemove is called when it is to go; @param onExplain with its model and its text. */
  constructor(onRemove, onExplain) {
    this.model = make("select", { "aria-label": "Model" });
    this.facts = make("p", { className: "quiet" });
    this.status = make("p", { className: "quiet", role: "status" });
    this.output = make("output", { tabIndex: 0, "aria-label": "What the model writes" });
    const [first, ...others] = settings.map(setting => this.#row(setting));
    const remove = make("button", { textContent: "Remove", onclick: () => { this.stop(); onRemove(this); } });
    const explain = make("button", { textContent: "Explain this text", onclick: () => onExplain(this.model.value, this.output.textContent) });
    this.element = make("article", { className: "card column" }, this.model, this.facts, first,
      make("details", {}, make("summary", { textContent: "More ways to draw" }), ...others),
      this.output, this.status, make("div", { className: "row" }, explain, remove));
    this.model.onchange = () => { this.#told = this.#tellFacts(); };
    this.output.addEventListener("pointermove", event => this.#point(event.target));
    this.output.addEventListener("pointerdown", event => this.#point(event.target));
    this.output.addEventListener("pointerleave", () => this.#point());
    chooseModel(this.model);
    this.#told = this.#tellFacts();
  }

  #row({ key, text, off, min, max, step, slides, help }) {
    const field = make("input", { type: "number", min, max, step, title: help, "aria-label": text, placeholder: off ?? "off" });
    this.#fields.set(key, field);
    const row = make("label", { className: `setting${slides ? " slides" : ""}`, title: help }, make("span", { textContent: text }));
    if (slides) {
      const slider = make("input", { type: "range", min, max, step, value: off, "aria-label": text });
      field.value = off;
      slider.oninput = () => { field.value = slider.value; };
      field.oninput = () => { slider.value = field.value; };
      row.append(slider);
    }
    row.append(field);
    return row;
  }

  set temperature(value) { this.#fields.get("temperature").value = value; this.#fields.get("temperature").oninput(); }

  /** What is set, as the interface takes it. */
  get sampling() {
    const sampling = {};
    for (const { key, of } of settings) {
      const { value } = this.#fields.get(key);
      if (value === "") continue;
      if (of) sampling[of] = { ...sampling[of], [key]: +value }; else sampling[key] = +value;
    }
    return sampling;
  }

  async #tellFacts() {
    const name = this.model.value;
    this.facts.textContent = "";
    if (!name) { this.facts.textContent = "There is no model in the folder yet."; return; }
    try {
      const facts = await getJSON(`models?name=${encodeURIComponent(name)}`);
      if (this.model.value !== name) return;
      this.tokens = facts.tokens;
      this.facts.textContent = `${cellTitle(facts.cell)} ${facts.layers} × ${facts.hiddenSize}, ${grouped(facts.parameters)} parameters, ${facts.vocabularySize} characters`;
    } catch (error) { this.facts.textContent = error.message; }
  }

  stop() { this.#abort?.abort(); }

  /** Writes, until it is done or stopped. */
  async write({ prompt, length, stop }) {
    this.stop();
    const abort = this.#abort = new AbortController();
    this.#characters = [];
    this.#pending = [];
    this.#line = make("p", {}, make("i", { textContent: prompt }));
    this.output.replaceChildren(this.#line);
    this.status.classList.remove("wrong");
    const start = performance.now();
    let count = 0, seed;
    try {
      await this.#told;
      const asked = { model: this.model.value, prompt, length, stop, sampling: this.sampling, stream: true };
      if (this.tokens === "scalars") asked.alternatives = 5;
      const response = await post("generate", asked, abort.signal);
      if (!response.ok) throw new Error(await reason(response));
      for await (const [name, value] of events(response)) {
        // What came before a stop, and was not looked at yet, is left out.
        abort.signal.throwIfAborted();
        if (name === "error") throw new Error(`${value.error.what}: ${value.error.why}`);
        if (name === "end") { seed = value.seed; this.#tell(count, start, ends[value.end], seed); break; }
        count += [...value.text].length;
        await this.#append(value);
        this.#tell(count, start, "writing");
      }
      this.#draw();
    } catch (error) {
      if (this.#abort !== abort) return;  // Another text has begun.
      this.#draw();  // What is counted is shown, and nothing comes later.
      if (abort.signal.aborted) return this.#tell(count, start, "stopped");
      this.status.textContent = error.message;
      this.status.classList.add("wrong");
    }
  }

  #tell(count, start, how, seed) {
    const rate = count / Math.max(1e-3, (performance.now() - start) / 1000);
    this.status.textContent = `${how}: ${grouped(count)} characters, ${grouped(rate)} a second${seed === undefined ? "" : `, seed ${seed}`}`;
  }

  /** Draws a piece with those that come in the same moment; waits when there is much, so that the page answers. */
  async #append(piece) {
    this.#pending.push(piece);
    this.#pendingCount += piece.text.length;
    this.#drawing ??= new Promise(done => setTimeout(() => { this.#draw(); done(); }, 16));
    if (this.#pendingCount > 2000) await this.#drawing;
  }

  #draw() {
    const isAtEnd = this.output.scrollHeight - this.output.scrollTop - this.output.clientHeight < 40;
    for (const { text, characters } of this.#pending) {
      if (!characters) this.#line.append(text);
      for (const character of characters ?? []) this.#add(character);
    }
    this.#pending = [];
    this.#pendingCount = 0;
    this.#drawing = undefined;
    if (isAtEnd) this.output.scrollTop = this.output.scrollHeight;
  }

  #add(character) {
    const element = make("b", { textContent: character.text, "data-i": this.#characters.length });
    // 8 bits of surprise have the full color.
    element.style.setProperty("--surprise", Math.min(100, -Math.log2(Math.max(character.model, 1e-6)) / 8 * 100).toFixed(0));
    this.#characters.push(character);
    this.#line.append(element);
    // A line by itself, so that those before it need not be laid out again.
    if (character.text === "\n") this.output.append(this.#line = make("p"));
  }

  /** Shows what could have been written in the place of a character. */
  #point(element) {
    this.output.querySelector(".here")?.classList.remove("here");
    const character = this.#characters[element?.dataset?.i];
    if (!character) return tip();
    element.classList.add("here");
    const percent = p => `${(p * 100).toFixed(p < .1 ? 1 : 0)} %`;
    const row = (at, isDrawn) => {
      const bar = make("u");
      bar.style.width = `${at.model * 100}%`;
      return make("div", { className: isDrawn ? "drawn" : "" }, make("code", { textContent: glyph(at.text) }), bar,
        make("span", { textContent: percent(at.model) }), make("span", { textContent: percent(at.sampling) }));
    };
    const isListed = character.alternatives.some(({ text }) => text === character.text);
    tip([make("div", {}, make("code"), make("span"), make("span", { textContent: "model" }), make("span", { textContent: "sampled" })),
      ...character.alternatives.map(at => row(at, at.text === character.text)),
      ...(isListed ? [] : [row(character, true)])], element.getBoundingClientRect());
  }
}

const ends = { limit: "done", stop: "ended before a stop", time: "out of time", shutdown: "the studio was ended" };
