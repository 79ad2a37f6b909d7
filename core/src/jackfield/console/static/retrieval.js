// The retrieval bench: cut texts into passages, embed them once, rank them for each question, before and after rerank.

import { ask, make, Refused, say, texts } from "./asking.js";
import { announce } from "./console.js";

const BATCH = 32;
const find = (name) => document.querySelector(`[data-${name}]`);
const form = find("bench");
const progress = find("progress");
const state = find("state");
let known = { key: "", vectors: [] };

/** Paragraphs, the long ones cut at sentences into pieces of about `most` characters. */
export function cut(text, most) {
  const passages = [];
  for (const paragraph of text.split(/\n\s*\n/).map((one) => one.trim()).filter(Boolean)) {
    let piece = "";
    for (const sentence of paragraph.match(/[^.!?。！？]+[.!?。！？]*\s*/gu) ?? [paragraph]) {
      if (piece && piece.length + sentence.length > most) {
        passages.push(piece.trim());
        piece = "";
      }
      piece += sentence;
    }
    if (piece.trim()) passages.push(piece.trim());
  }
  return passages;
}

async function embed(model, input) {
  return (await (await ask("/retrieval/embed", { model, input })).json()).embeddings;
}

async function embedAll(model, passages) {
  const key = JSON.stringify([model, passages]);
  if (known.key === key) return known.vectors;
  const vectors = [];
  progress.hidden = false;
  progress.max = passages.length;
  for (let at = 0; at < passages.length; at += BATCH) {
    progress.value = at;
    state.textContent = say("embedding", { done: at, all: passages.length });
    vectors.push(...(await embed(model, passages.slice(at, at + BATCH))));
  }
  known = { key, vectors };
  return vectors;
}

function cosine(a, b) {
  let [dot, left, right] = [0, 0, 0];
  for (let at = 0; at < a.length; at += 1) {
    dot += a[at] * b[at];
    left += a[at] * a[at];
    right += b[at] * b[at];
  }
  return dot / (Math.sqrt(left * right) || 1);
}

function draw(list, ranking, passages, before) {
  list.replaceChildren(
    ...ranking.map(({ index, score }, place) => {
      const line = make("div", { class: "row row-between" }, make("span", { class: "muted small" }, say("score", { score: score.toFixed(4) })));
      const former = before?.findIndex((one) => one.index === index) ?? -1;
      if (former >= 0 && former !== place) {
        const kind = former > place ? "badge badge-good" : "badge badge-warn";
        line.append(make("span", { class: kind }, `${former > place ? "↑" : "↓"} ${say("moved", { place: former + 1 })}`));
      }
      return make("li", {}, line, make("div", { class: "said-text" }, passages[index]));
    }),
  );
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const values = new FormData(form);
  const passages = cut(values.get("text"), Number(values.get("size")));
  const query = values.get("query").trim();
  if (!passages.length || !query) return announce(texts.nothing, "warn");
  const pressed = form.querySelector("button:not([type=button])");
  pressed.disabled = true;
  form.setAttribute("aria-busy", "true");
  try {
    const vectors = await embedAll(values.get("embedding"), passages);
    state.textContent = texts.ranking;
    const [asked] = await embed(values.get("embedding"), [query]);
    const scored = vectors.map((vector, index) => ({ index, score: cosine(asked, vector) }));
    const before = scored.sort((a, b) => b.score - a.score).slice(0, Number(values.get("top")));
    draw(find("before"), before, passages, null);
    find("results").hidden = false;
    if (values.get("ranking")) await rerank(values.get("ranking"), query, before, passages);
    state.textContent = say("passages", { count: passages.length });
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    state.textContent = "";
    announce(error.message, "bad");
  } finally {
    pressed.disabled = false;
    progress.hidden = true;
    form.removeAttribute("aria-busy");
  }
});

async function rerank(model, query, before, passages) {
  const documents = before.map(({ index }) => passages[index]);
  const { ranking } = await (await ask("/retrieval/rank", { model, query, documents })).json();
  const after = ranking.map(({ index, score }) => ({ index: before[index].index, score }));
  draw(find("after"), after, passages, before);
}

// Text files that are dropped or chosen are added to the text.
const [area, chooser] = [form.elements.namedItem("text"), find("files")];
async function add(files) {
  const read = await Promise.all([...files].map((file) => file.text()));
  area.value = [area.value.trim(), ...read].filter(Boolean).join("\n\n");
  chooser.value = "";
}
find("choose").addEventListener("click", () => chooser.click());
chooser.addEventListener("change", () => add(chooser.files));
area.addEventListener("dragover", (event) => event.preventDefault());
area.addEventListener("drop", (event) => {
  if (!event.dataTransfer.files.length) return;
  event.preventDefault();
  add(event.dataTransfer.files);
});
