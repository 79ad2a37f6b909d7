// The conversation as code that makes the same call: curl, Python, JavaScript.

/** Fill and open the dialog. `body` is the call's; what was attached is shortened, as nobody reads a picture's base64. */
export function showCode(dialog, body, base) {
  const brief = shorten(body);
  const code = { curl: curl(brief, base), python: python(brief, base), javascript: javascript(brief, base) };
  for (const [id, text] of Object.entries(code)) dialog.querySelector(`#code-code-${id}`).textContent = text;
  dialog.showModal();
}

function shorten(value) {
  if (typeof value === "string") return value.length > 4000 || /^data:.{200}/.test(value) ? `${value.slice(0, 60)}…` : value;
  if (Array.isArray(value)) return value.map(shorten);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shorten(inner)]));
}

function curl(body, base) {
  const json = JSON.stringify(body, null, 2).replaceAll("'", "'\\''");
  return `curl ${base}/v1/chat/completions \\
  -H "Authorization: Bearer $JACKFIELD_API_KEY" \\
  -H "Content-Type: application/json" \\
  -d '${json}'`;
}

function python(body, base) {
  const lines = Object.entries(body).map(([name, value]) => `    ${name}=${literal(value, 4)},`);
  return `import os

from openai import OpenAI

client = OpenAI(base_url="${base}/v1", api_key=os.environ["JACKFIELD_API_KEY"])
answer = client.chat.completions.create(
${lines.join("\n")}
)
print(answer.choices[0].message.content)`;
}

function javascript(body, base) {
  return `import OpenAI from "openai";

const client = new OpenAI({ baseURL: "${base}/v1", apiKey: process.env.JACKFIELD_API_KEY });
const answer = await client.chat.completions.create(${JSON.stringify(body, null, 2)});
console.log(answer.choices[0].message.content);`;
}

/** A JSON value as Python writes it. */
function literal(value, indent) {
  const inner = " ".repeat(indent + 4);
  const outer = " ".repeat(indent);
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value !== "object") return JSON.stringify(value);
  const items = Array.isArray(value)
    ? value.map((each) => literal(each, indent + 4))
    : Object.entries(value).map(([key, each]) => `${JSON.stringify(key)}: ${literal(each, indent + 4)}`);
  const [begin, end] = Array.isArray(value) ? "[]" : "{}";
  if (!items.length) return begin + end;
  const flat = `${begin}${items.join(", ")}${end}`;
  if (flat.length + indent < 100 && !flat.includes("\n")) return flat;
  return `${begin}\n${items.map((item) => `${inner}${item},\n`).join("")}${outer}${end}`;
}
