// Where the keyboard is. A request switches its button off and may replace what was focused, a dialog may close over what is gone:
// the focus then goes to the same thing in its new shape, or to the part of the page that changed, never to the page's top.

let place = null;

/** Remember what is focused, before anything happens to it. */
export function rememberFocus() {
  const element = document.activeElement;
  if (element && element !== document.body) place = placeOf(element);
  return place;
}

/** Give the focus back, where it was lost. */
export function returnFocus(to = place) {
  const focused = document.activeElement;
  if (!to || (focused && focused !== document.body)) return;
  if (usable(to.element)) return to.element.focus();
  for (const selector of to.selectors) {
    const found = [...document.querySelectorAll(selector)].find(usable);
    if (found) return found.focus();
  }
  const region = document.querySelector(to.region) ?? document.getElementById("main");
  if (region && !region.hasAttribute("tabindex")) region.tabIndex = -1;
  region?.focus({ preventScroll: true });
}

function usable(element) {
  return element.isConnected && !element.disabled && element.checkVisibility();
}

/** How to find an element, or what led to it, once it has been drawn anew. */
function placeOf(element) {
  const selectors = [];
  if (element.id) selectors.push(`#${CSS.escape(element.id)}`);
  for (const name of ["aria-label", "hx-get", "hx-post"]) {
    const value = element.getAttribute(name);
    if (value) selectors.push(`${element.localName}[${name}="${CSS.escape(value)}"]`);
  }
  const form = element.closest("form[hx-post]");
  if (form) selectors.push(`[hx-get="${CSS.escape(form.getAttribute("hx-post"))}"]`); // the button that opened it
  const target = (form ?? element).getAttribute("hx-target");
  return { element, selectors, region: target?.startsWith("#") ? target : "#main" };
}
