// Small behaviours that every page shares: the menu on narrow screens, dialogs, copying, what goes wrong with a form.

import { rememberFocus, returnFocus } from "./focus.js";

const page = document.documentElement;
const body = document.body;

/** The token that every change must carry. */
export function csrfToken() {
  return JSON.parse(body.getAttribute("hx-headers"))["X-CSRF-Token"];
}

/** Show a sentence in the corner; screen readers hear it. `kind` is good, bad or warn. */
export function announce(text, kind = "good") {
  const toasts = document.querySelector(".toasts");
  const notice = document.createElement("div");
  notice.className = `notice notice-${kind}`;
  write(notice, text);
  if (document.querySelector("dialog[open]")) raise(toasts);
  toasts.append(notice);
  setTimeout(() => notice.remove(), 8000);
}

/** A sentence; what stands between backticks in it is code. */
export function write(element, sentence) {
  const pieces = sentence.split(/`([^`]+)`/).map((piece, at) => {
    if (at % 2 === 0) return piece;
    const code = document.createElement("code");
    code.textContent = piece;
    return code;
  });
  const line = document.createElement("span"); // in one: a notice lays its parts out beside each other
  line.append(...pieces);
  element.replaceChildren(line);
}

/** Into the top layer, above the dialogs that are open. It is always shown, empty or not: a screen reader hears only such a place. */
function raise(toasts) {
  if (!toasts.showPopover) return;
  toasts.popover = "manual";
  if (toasts.matches(":popover-open")) toasts.hidePopover();
  toasts.showPopover();
}
raise(document.querySelector(".toasts"));

/** Put a text on the clipboard, and say whether that worked. */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    announce(page.dataset.copied, "good");
  } catch {
    announce(page.dataset.copyFailed, "bad");
  }
}

document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  if (!target) return;

  const menu = target.closest("[data-menu]");
  if (menu) {
    const open = document.querySelector(".sidebar").toggleAttribute("data-open");
    menu.setAttribute("aria-expanded", String(open));
  }

  const close = target.closest("[data-close-dialog]");
  if (close) leave(close.closest("dialog"));

  const copy = target.closest("[data-copy]");
  if (copy) copyText((document.querySelector(copy.dataset.copy)?.textContent ?? "").trim());

  const tab = target.closest("[role=tab]");
  if (tab) choose(tab);
});

// Times are written in UTC and shown in the reader's own.
function localTimes(root) {
  for (const time of root.querySelectorAll?.("time[datetime]") ?? []) {
    const moment = new Date(time.dateTime);
    if (Number.isNaN(moment.valueOf())) continue;
    time.title = time.dateTime;
    time.textContent = moment.toLocaleString(page.lang, { dateStyle: "medium", timeStyle: "seconds" in time.dataset ? "medium" : "short" });
  }
}

// -- tabs ---------------------------------------------------------------------------------------------------------------

function choose(tab) {
  for (const other of tab.closest("[role=tablist]").querySelectorAll("[role=tab]")) {
    const chosen = other === tab;
    other.setAttribute("aria-selected", String(chosen));
    other.tabIndex = chosen ? 0 : -1;
    document.getElementById(other.getAttribute("aria-controls")).hidden = !chosen;
  }
}

document.addEventListener("keydown", (event) => {
  const tab = event.target instanceof Element ? event.target.closest("[role=tab]") : null;
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!tab || !step) return;
  const tabs = [...tab.closest("[role=tablist]").querySelectorAll("[role=tab]")];
  const next = tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length];
  choose(next);
  next.focus();
});

// -- dialogs ------------------------------------------------------------------------------------------------------------

function leave(dialog) {
  dialog?.close();
}

function openDialogs(root) {
  for (const dialog of root.querySelectorAll?.("dialog[data-open-now]") ?? []) {
    const opener = rememberFocus();
    if (!dialog.open) dialog.showModal();
    dialog.addEventListener(
      "close",
      () => {
        dialog.remove();
        returnFocus(opener);
      },
      { once: true },
    );
  }
}

// The server asks for these with the response header HX-Trigger.
body.addEventListener("announce", (event) => announce(event.detail.text, event.detail.kind));
body.addEventListener("closeDialog", (event) => {
  const dialog = event.target.closest?.("dialog");
  setTimeout(() => leave(dialog), 0);
});
body.addEventListener("csrf", (event) => {
  body.setAttribute("hx-headers", JSON.stringify({ "X-CSRF-Token": event.detail.token }));
  for (const input of document.querySelectorAll("input[name=csrf_token]")) input.value = event.detail.token;
});

// A question before what cannot be taken back.
body.addEventListener("htmx:confirm", (event) => {
  if (!event.detail.question) return;
  event.preventDefault();
  const dialog = document.getElementById("confirm");
  const yes = dialog.querySelector("[value=yes]");
  dialog.querySelector("p").textContent = event.detail.question;
  yes.textContent = event.detail.elt.dataset.confirmLabel ?? yes.dataset.confirmLabel;
  dialog.returnValue = "no";
  dialog.addEventListener("close", () => dialog.returnValue === "yes" && event.detail.issueRequest(true), { once: true });
  dialog.showModal();
});

// -- what goes wrong ----------------------------------------------------------------------------------------------------

// A lost connection loses nothing that was typed: the form stays as it is, and a sentence says what to do.
for (const lost of ["htmx:sendError", "htmx:timeout"]) body.addEventListener(lost, () => announce(page.dataset.offline, "bad"));

body.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr } = event.detail;
  const ours = xhr.getResponseHeader("X-Console");
  if (xhr.status < 400 || !ours) return;
  event.detail.isError = false;
  event.detail.shouldSwap = ours === "sign-in";
});
body.addEventListener("htmx:responseError", () => announce(page.dataset.failed, "bad"));

// The server refused: mark the fields at fault and say why, beside them.
body.addEventListener("refused", (event) => {
  const { message, advice, problems, retryable } = event.detail;
  const form = event.target.closest?.("form");
  if (!form) return announce(`${message} ${advice}`, "bad");
  forgive(form);
  const fields = Object.entries(problems).map(([name, problem]) => markField(form, name, problem));
  const marked = fields.filter(Boolean);
  const whole = form.querySelector("[data-problem]");
  if (whole && marked.length < fields.length + (fields.length ? 0 : 1)) {
    write(whole, `${message} ${advice}`);
    whole.hidden = false;
  } else if (!marked.length) announce(`${message} ${advice}`, "bad");
  const anyway = form.querySelector("[data-anyway]");
  if (anyway) anyway.hidden = !retryable;
  marked[0]?.focus();
});

function markField(form, name, problem) {
  const input = form.querySelector(`[name="${CSS.escape(name)}"]:not([type=hidden])`);
  const field = input?.closest(".field");
  if (!field) return null;
  const text = document.createElement("p");
  text.className = "problem";
  text.id = `${input.id || name}-problem`;
  write(text, problem);
  field.append(text);
  input.setAttribute("aria-invalid", "true");
  input.setAttribute("aria-describedby", [input.getAttribute("aria-describedby"), text.id].filter(Boolean).join(" "));
  return input;
}

function forgive(form) {
  for (const input of form.querySelectorAll("[aria-invalid]")) {
    input.removeAttribute("aria-invalid");
    const rest = (input.getAttribute("aria-describedby") ?? "").split(" ").filter((id) => id && !id.endsWith("-problem"));
    if (rest.length) input.setAttribute("aria-describedby", rest.join(" "));
    else input.removeAttribute("aria-describedby");
  }
  for (const text of form.querySelectorAll(".field > .problem")) text.remove();
  const whole = form.querySelector("[data-problem]");
  if (whole) whole.hidden = true;
}

// Long work: the form says that it is at it, and does not start twice.
body.addEventListener("htmx:beforeRequest", (event) => {
  rememberFocus();
  const form = event.target.closest?.("form");
  if (!form) return;
  forgive(form);
  form.setAttribute("aria-busy", "true");
  for (const button of form.querySelectorAll("button:not([type=button])")) button.disabled = true;
});
body.addEventListener("htmx:afterRequest", (event) => {
  const form = event.target.closest?.("form");
  form?.removeAttribute("aria-busy");
  for (const button of form?.querySelectorAll("button:not([type=button])") ?? []) button.disabled = false;
  returnFocus();
});

// -- forms --------------------------------------------------------------------------------------------------------------

// Fields that are shown only under a condition: data-shown-if='{"name": ["value", …]}' (the server checks the same).
function applyConditions(form) {
  const value = (name) => {
    const input = form.elements.namedItem(name);
    if (!input) return undefined;
    if (input.closest?.("[data-shown-if]")?.hidden) return undefined;
    return input.type === "checkbox" ? String(input.checked) : input.value;
  };
  // What stands in a hidden field shows no other: as often as there are fields that depend on others.
  const fields = [...form.querySelectorAll("[data-shown-if]")];
  for (let again = 0; again < fields.length; again += 1) {
    for (const field of fields) {
      const wanted = JSON.parse(field.dataset.shownIf);
      field.hidden = !Object.entries(wanted).every(([name, values]) => values.map(String).includes(value(name)));
      for (const input of field.querySelectorAll("input, select, textarea")) input.disabled = field.hidden;
    }
  }
}

document.addEventListener("input", (event) => {
  if (event.target.form) applyConditions(event.target.form);
  if (event.target.matches("[data-filter]")) filter(event.target);
});
document.addEventListener("change", (event) => event.target.matches("select[data-filter]") && filter(event.target));

// A search field over what is on the page: data-filter="#list" hides its [data-words] that lack what is asked for.
function filter(input) {
  const group = [...document.querySelectorAll(`[data-filter="${CSS.escape(input.dataset.filter)}"]`)];
  const wanted = group.flatMap((each) => each.value.toLowerCase().split(/\s+/).filter(Boolean));
  const list = document.querySelector(input.dataset.filter);
  let left = 0;
  for (const item of list.querySelectorAll("[data-words]")) {
    const words = item.dataset.words.toLowerCase();
    item.hidden = !wanted.every((word) => words.includes(word));
    if (!item.hidden) left += 1;
  }
  const none = document.querySelector(list.dataset.none);
  if (none) none.hidden = left > 0;
}

// A link to what a password field holds.
document.addEventListener("click", (event) => {
  const reveal = event.target.closest?.("[data-reveal]");
  if (!reveal) return;
  const input = document.getElementById(reveal.dataset.reveal);
  const shown = input.type === "text";
  input.type = shown ? "password" : "text";
  reveal.setAttribute("aria-pressed", String(!shown));
});

function prepare(root) {
  root.querySelectorAll?.("form").forEach(applyConditions);
  localTimes(root);
  openDialogs(root.matches?.("dialog") ? root.parentElement : root);
}
body.addEventListener("htmx:load", (event) => prepare(event.target));
prepare(document);
