// Markdown as models write it, drawn as elements. `marked` reads it; nothing of it is ever taken for HTML, and nothing is loaded.

import { make } from "./asking.js";
import { lexer } from "./vendor/marked-18.2.1.esm.js";

/** The elements of a text. A line's end is one, as chats have it. */
export function markdown(text) {
  return blocks(lexer(text, { gfm: true, breaks: true }));
}

function blocks(tokens) {
  return tokens.map(block).filter(Boolean);
}

function block(token) {
  switch (token.type) {
    case "space":
    case "def":
      return null;
    case "code":
      return make("pre", { tabindex: 0 }, make("code", {}, token.text));
    case "heading":
      return make("p", { class: "said-heading", role: "heading", "aria-level": Math.min(token.depth + 3, 6) }, ...inline(token.tokens));
    case "hr":
      return make("hr");
    case "blockquote":
      return make("blockquote", {}, ...blocks(token.tokens));
    case "list":
      return make(token.ordered ? "ol" : "ul", { start: token.ordered ? token.start : null }, ...token.items.map(item));
    case "table":
      return table(token);
    case "html":
      return make("p", {}, token.text.trim());
    default: // a paragraph, or the text of a list's item
      return make(token.type === "text" ? "span" : "p", {}, ...(token.tokens ? inline(token.tokens) : [decoded(token.text ?? token.raw)]));
  }
}

function item(token) {
  return make("li", {}, ...token.tokens.map((each) => (each.type === "checkbox" ? box(each) : block(each))).filter(Boolean));
}

function table({ header, rows, align }) {
  const cells = (name, line) => line.map((cell, at) => make(name, { class: align[at] === "right" ? "number" : null }, ...inline(cell.tokens)));
  const head = make("thead", {}, make("tr", {}, ...cells("th", header)));
  const lines = rows.map((line) => make("tr", {}, ...cells("td", line)));
  return make("div", { class: "said-table", tabindex: 0 }, make("table", {}, head, make("tbody", {}, ...lines)));
}

function inline(tokens) {
  return tokens.map((token) => {
    switch (token.type) {
      case "strong":
      case "em":
      case "del":
        return make(token.type, {}, ...inline(token.tokens));
      case "codespan":
        return make("code", {}, token.text);
      case "br":
        return make("br");
      case "checkbox":
        return box(token);
      case "link":
        return link(token.href, inline(token.tokens));
      case "image": // not loaded: its address is the model's, and whoever keeps it would see who reads this
        return link(token.href, [token.text || token.href]);
      default:
        return token.tokens ? make("span", {}, ...inline(token.tokens)) : decoded(token.type === "html" ? token.raw : token.text);
    }
  });
}

function box(token) {
  return token.checked ? "☑ " : "☐ ";
}

/** A link to the web or to a mailbox; whatever else an address may do, it is text. */
function link(href, children) {
  if (!/^(https?:\/\/|mailto:)/i.test(href)) return make("span", {}, ...children);
  return make("a", { href, target: "_blank", rel: "noopener noreferrer" }, ...children);
}

/** `&amp;` as `&`. */
function decoded(text) {
  return text.replace(/&(#\d+|#x[\da-f]+|[a-z][a-z\d]*);/gi, (entity) => new DOMParser().parseFromString(entity, "text/html").body.textContent);
}
