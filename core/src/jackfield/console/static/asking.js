// Asking the host from a script: one way for all pages to send, to read a stream, and to say what went wrong.

import { csrfToken } from "./console.js";

/** What the page was given: facts about models, and its texts in the reader's language. */
export const facts = JSON.parse(document.getElementById("facts").textContent);
export const texts = facts.texts;

/** A text with its `{places}` filled in. */
export function say(name, values = {}) {
  return texts[name].replace(/\{(\w+)\}/g, (_, place) => values[place]);
}

/** The host, or the model, did not do it; the message says what to do. */
export class Refused extends Error {}

/** POST to a path below /console; an object goes as JSON. Throws Refused, or an AbortError where `signal` stopped it. */
export async function ask(path, body, { signal, type, again = true } = {}) {
  let response;
  try {
    response = await fetch(`/console${path}`, {
      method: "POST",
      body: type ? body : JSON.stringify(body),
      signal,
      headers: { "content-type": type ?? "application/json", "x-csrf-token": csrfToken(), "hx-request": "true" },
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(texts.offline);
  }
  if (response.ok) return response;
  if (response.headers.get("x-console") === "sign-in") {
    htmx.swap("#session", await response.text(), { swapStyle: "innerHTML" });
    throw new Refused(texts.signIn);
  }
  const { csrf, refused } = JSON.parse(response.headers.get("hx-trigger") ?? "{}");
  if (csrf) document.body.dispatchEvent(new CustomEvent("csrf", { detail: csrf }));
  if (csrf && again) return ask(path, body, { signal, type, again: false });
  throw new Refused(refused ? `${refused.message} ${refused.advice}` : texts.failed);
}

/** The JSON values of a stream of server-sent events. Throws Refused where the stream tells an error or breaks. */
export async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    let piece;
    try {
      piece = await reader.read();
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Refused(texts.broke);
    }
    if (piece.done) throw new Refused(texts.broke);
    rest += piece.value;
    for (let at = rest.indexOf("\n\n"); at >= 0; at = rest.indexOf("\n\n")) {
      const lines = rest.slice(0, at).split("\n").filter((line) => line.startsWith("data:"));
      const data = lines.map((line) => line.slice(5).trimStart()).join("\n");
      rest = rest.slice(at + 2);
      if (data === "[DONE]") return;
      if (!data) continue;
      const value = JSON.parse(data);
      if (value.error) throw new Refused(value.error.message);
      yield value;
    }
  }
}

/** An element: `make("p", { class: "muted" }, "text", child)`. Text is text, never markup. */
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export function button(label, pressed, attributes = {}) {
  const element = make("button", { type: "button", class: "button button-small", ...attributes }, label);
  element.addEventListener("click", pressed);
  return element;
}
