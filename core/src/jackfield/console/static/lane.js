// One conversation with one model: what was said, how it looks, and the answer that is coming.

import { ask, button, events, facts, make, Refused, say, texts } from "./asking.js";
import { copyText, write } from "./console.js";
import { markdown } from "./markdown.js";
import { readParameters, showParameters } from "./parameters.js";

const ENDS = { length: "tooLong", content_filter: "filtered" };

export class Lane {
  /** @param shared the page's system prompt and tools; @param heard called with the lane when an answer is whole */
  constructor(root, shared, { heard, speak }) {
    this.root = root;
    this.shared = shared;
    this.heard = heard;
    this.speak = speak;
    this.messages = [];
    this.stopper = null;
    this.log = root.querySelector("[data-log]");
    this.select = root.querySelector("[data-model]");
    this.parameters = root.querySelector("[data-parameters]");
    this.select.addEventListener("change", () => showParameters(this.parameters, this.model, this.root.id));
    showParameters(this.parameters, this.model, this.root.id);
  }

  get model() {
    return this.select.value;
  }

  get features() {
    return facts.models[this.model]?.features ?? [];
  }

  get busy() {
    return this.stopper !== null;
  }

  /** The body of the next call. Throws Refused for tools or parameters that are no JSON. */
  body() {
    const { system, tools } = this.shared();
    const messages = system ? [{ role: "system", content: system }, ...this.messages] : this.messages;
    return { model: this.model, messages, ...readParameters(this.parameters), ...(tools.length ? { tools } : {}) };
  }

  /** Something from the user, and the answer to it. */
  async send(content) {
    this.messages.push({ role: "user", content });
    this.log.append(this.user(content));
    await this.answer();
  }

  /** The same question again. */
  async regenerate() {
    while (this.messages.length && this.messages.at(-1).role === "assistant") this.messages.pop();
    for (const said of [...this.log.children].reverse()) {
      if (said.dataset.role !== "assistant") break;
      said.remove();
    }
    await this.answer();
  }

  stop() {
    this.stopper?.abort();
  }

  clear() {
    this.stop();
    this.messages = [];
    this.log.replaceChildren();
  }

  /** What was said so far in another lane, as the beginning of this one. */
  follow(other) {
    this.clear();
    this.messages = structuredClone(other.messages);
    this.log.append(...[...other.log.children].map((said) => said.cloneNode(true)));
    for (const row of this.log.querySelectorAll(".said-actions, [data-results] button")) row.remove();
  }

  async answer() {
    const answer = new Answer(this.model);
    this.log.querySelectorAll(".said-actions").forEach((row) => row.remove());
    this.log.append(answer.root);
    answer.root.scrollIntoView({ block: "nearest" });
    this.stopper = new AbortController();
    this.root.dispatchEvent(new CustomEvent("lane", { bubbles: true }));
    let whole = false;
    try {
      const response = await ask("/playground/chat", this.body(), { signal: this.stopper.signal });
      for await (const chunk of events(response)) answer.take(chunk);
      whole = true;
    } catch (error) {
      if (error.name === "AbortError") answer.note(texts.stopped);
      else if (error instanceof Refused) answer.note(error.message, "bad");
      else throw error;
    } finally {
      this.stopper = null;
      answer.finish(whole);
      if (answer.message.content || answer.calls.length) this.messages.push(answer.message);
      answer.root.append(this.actions(answer));
      if (whole && answer.calls.length) answer.root.append(this.results(answer));
      this.root.dispatchEvent(new CustomEvent("lane", { bubbles: true }));
    }
    if (whole && !answer.calls.length) this.heard(this);
  }

  user(content) {
    const parts = typeof content === "string" ? [{ type: "text", text: content }] : content;
    const said = make("article", { class: "said said-user", "data-role": "user" }, make("h3", {}, texts.you));
    for (const part of parts) said.append(shown(part));
    return said;
  }

  actions(answer) {
    const row = make("div", { class: "said-actions row" }, button(texts.regenerate, () => this.regenerate()));
    if (answer.text) {
      row.append(button(texts.copy, () => copyText(answer.text)));
      if (facts.speaks) row.append(button(texts.speak, (event) => this.speak(answer.text, event.currentTarget)));
    }
    return row;
  }

  /** Fields for what the tools answer, and the way on. */
  results(answer) {
    const form = make("form", { class: "stack stack-tight", "data-results": true });
    for (const [at, call] of answer.calls.entries()) {
      const id = `${this.root.id}-result-${this.messages.length}-${at}`;
      const label = make("label", { for: id }, `${texts.result}: `, make("code", {}, call.function.name));
      form.append(make("div", { class: "field" }, label, make("textarea", { class: "input mono", id, rows: 2, required: true })));
    }
    form.append(make("div", {}, make("button", { class: "button button-small" }, texts.goOn)));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const fields = [...form.querySelectorAll("textarea")];
      answer.calls.forEach((call, at) => {
        this.messages.push({ role: "tool", tool_call_id: call.id, content: fields[at].value });
      });
      for (const field of fields) field.disabled = true;
      form.querySelector("button").remove();
      answer.root.dataset.role = "answered";
      this.answer();
    });
    return form;
  }
}

/** An answer while it comes. */
class Answer {
  constructor(model) {
    this.begun = performance.now();
    this.first = null;
    this.text = "";
    this.reasoning = "";
    this.calls = [];
    this.details = [];
    this.usage = null;
    this.end = null;
    this.waiting = make("span", { class: "spinner", role: "img", "aria-label": "…" });
    this.thought = make("div", { class: "said-text muted" });
    this.thoughts = make("details", { class: "reasoning", hidden: true }, make("summary", {}, texts.reasoning), this.thought);
    this.said = make("div", { class: "said-body" });
    this.asked = make("div", { class: "stack stack-tight" });
    this.root = make("article", { class: "said said-model", "data-role": "assistant", "aria-busy": "true" });
    this.root.append(make("h3", {}, model), this.waiting, this.thoughts, this.said, this.asked);
    this.drawing = 0;
  }

  take(chunk) {
    this.usage = chunk.usage ?? this.usage;
    const choice = chunk.choices[0];
    if (!choice) return;
    const { content, refusal, reasoning_content: thought, reasoning_details: details, tool_calls: calls } = choice.delta;
    if (content || refusal || thought || calls) this.first ??= performance.now();
    this.text += content ?? "";
    this.text += refusal ?? "";
    this.reasoning += thought ?? "";
    this.details.push(...(details ?? []));
    for (const { index, function: called, ...rest } of calls ?? []) {
      const call = (this.calls[index] ??= { type: "function", function: { name: "", arguments: "" } });
      Object.assign(call, rest);
      call.function.name += called?.name ?? "";
      call.function.arguments += called?.arguments ?? "";
    }
    this.end = choice.finish_reason ?? this.end;
    this.drawing ||= requestAnimationFrame(() => this.draw());
  }

  draw() {
    this.drawing = 0;
    const log = this.root.parentElement;
    const follow = log && log.scrollHeight - log.scrollTop - log.clientHeight < 80;
    this.waiting.hidden = Boolean(this.text || this.reasoning || this.calls.length);
    this.thoughts.hidden = !this.reasoning;
    this.thought.textContent = this.reasoning;
    this.said.replaceChildren(...markdown(this.text));
    this.asked.replaceChildren(...this.calls.map(calling));
    if (follow) log.scrollTop = log.scrollHeight;
  }

  finish(whole) {
    cancelAnimationFrame(this.drawing);
    this.draw();
    this.waiting.remove();
    this.root.removeAttribute("aria-busy");
    if (!whole) return;
    if (ENDS[this.end]) this.note(texts[ENDS[this.end]], "warn");
    const facts = [];
    if (this.usage) facts.push(say("tokens", { input: this.usage.prompt_tokens, output: this.usage.completion_tokens }));
    const seconds = (moment) => ((moment - this.begun) / 1000).toFixed(2);
    facts.push(say("timing", { first: seconds(this.first ?? performance.now()), all: seconds(performance.now()) }));
    this.root.append(make("p", { class: "muted small" }, facts.join(" · ")));
  }

  note(text, kind = "plain") {
    const notice = make("p", { class: `notice notice-${kind}`, role: kind === "bad" ? "alert" : null });
    write(notice, text);
    this.root.append(notice);
  }

  /** The answer as the next call sends it back. */
  get message() {
    const message = { role: "assistant", content: this.text || null };
    if (this.calls.length) message.tool_calls = this.calls;
    if (this.reasoning) message.reasoning_content = this.reasoning;
    if (this.details.length) message.reasoning_details = this.details;
    return message;
  }
}

/** A tool call to be read. */
function calling(call) {
  let written = call.function.arguments;
  try {
    written = JSON.stringify(JSON.parse(written), null, 2);
  } catch {
    // Not whole yet, or no JSON: it is shown as the model wrote it.
  }
  return make("div", { class: "tool-call" }, make("code", {}, call.function.name), make("pre", { tabindex: 0 }, written));
}

/** A part of what the user sent. */
function shown(part) {
  if (part.type === "image_url") return make("img", { src: part.image_url.url, alt: "", class: "said-image" });
  if (part.type === "input_audio") return make("span", { class: "tag" }, `♪ ${part.input_audio.format}`);
  if (part.type === "file") return make("span", { class: "tag" }, part.file.filename);
  return make("div", { class: "said-text" }, part.text);
}
