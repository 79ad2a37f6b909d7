// Small behaviours that every page shares: the menu on narrow screens, dialogs, copying, what is typed and not yet saved.

const page = document.documentElement;

document.addEventListener("click", async (event) => {
  const target = event.target instanceof Element ? event.target : null;
  if (!target) return;

  const menu = target.closest("[data-menu]");
  if (menu) {
    const open = document.querySelector(".sidebar").toggleAttribute("data-open");
    menu.setAttribute("aria-expanded", String(open));
  }

  const close = target.closest("[data-close-dialog]");
  if (close) close.closest("dialog")?.close();

  const copy = target.closest("[data-copy]");
  if (copy) {
    const text = document.querySelector(copy.dataset.copy)?.textContent ?? "";
    try {
      await navigator.clipboard.writeText(text.trim());
      announce(copy.dataset.copied ?? "Copied.", "good");
    } catch {
      announce(copy.dataset.copyFailed ?? "Your browser did not allow copying. Select the text and copy it.", "bad");
    }
  }
});

/** Show a sentence in the corner; screen readers hear it. `kind` is good, bad or warn. */
export function announce(text, kind = "good") {
  const toasts = document.querySelector(".toasts");
  const notice = document.createElement("div");
  notice.className = `notice notice-${kind}`;
  notice.textContent = text;
  toasts.append(notice);
  setTimeout(() => notice.remove(), 8000);
}

// The server asks for a toast with the response header HX-Trigger: {"announce": {"text": …, "kind": …}}.
document.body.addEventListener("announce", (event) => announce(event.detail.text, event.detail.kind));

// A swapped-in dialog opens itself; closing it takes it away again, so that the next one starts afresh.
document.body.addEventListener("htmx:afterSwap", (event) => {
  for (const dialog of event.target.querySelectorAll?.("dialog[data-open-now]") ?? []) {
    if (!dialog.open) dialog.showModal();
    dialog.addEventListener("close", () => dialog.remove(), { once: true });
  }
});

// A lost connection or an expired session loses nothing that was typed: the form stays as it is, and a sentence says what to do.
document.body.addEventListener("htmx:sendError", () => announce(page.dataset.offline, "bad"));
document.body.addEventListener("htmx:responseError", (event) => {
  const { status } = event.detail.xhr;
  announce(status === 401 ? page.dataset.expired : page.dataset.failed, "bad");
});

// An answer that carries a marked-up problem (422, 409, …) is shown where it belongs, as any other answer.
document.body.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr } = event.detail;
  if (xhr.status >= 400 && xhr.getResponseHeader("X-Console-Fragment")) {
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  }
});

// Fields that are shown only under a condition: data-shown-if='{"name": ["value", …]}' (the server checks the same).
function applyConditions(form) {
  const value = (name) => {
    const input = form.elements.namedItem(name);
    if (!input) return undefined;
    return input.type === "checkbox" ? String(input.checked) : input.value;
  };
  for (const field of form.querySelectorAll("[data-shown-if]")) {
    const wanted = JSON.parse(field.dataset.shownIf);
    field.hidden = !Object.entries(wanted).every(([name, values]) => values.map(String).includes(value(name)));
    for (const input of field.querySelectorAll("input, select, textarea")) input.disabled = field.hidden;
  }
}
document.addEventListener("input", (event) => event.target.form && applyConditions(event.target.form));
const applyAll = (root) => root.querySelectorAll?.("form").forEach(applyConditions);
document.body.addEventListener("htmx:load", (event) => applyAll(event.target));
applyAll(document);
