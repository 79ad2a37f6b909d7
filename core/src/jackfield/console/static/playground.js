// The playground's page: the field to write in, attachments, a second model beside the first, voice, code, names and questions.

import { attachmentOf } from "./attachments.js";
import { ask, button, facts, make, Refused, say, texts } from "./asking.js";
import { showCode } from "./code.js";
import { announce } from "./console.js";
import { Lane } from "./lane.js";
import { Recorder } from "./recorder.js";

const find = (name) => document.querySelector(`[data-${name}]`);
const form = find("composer");
const field = form.querySelector("textarea");
const title = find("title");
const suggestions = find("suggestions");
const attached = find("attached");
const [sendButton, stopButton] = [find("send"), find("stop")];
const attachments = [];
let player = null;

function shared() {
  const written = find("tools").value.trim();
  let tools = [];
  try {
    tools = written ? JSON.parse(written) : [];
  } catch {
    tools = null;
  }
  if (!Array.isArray(tools)) throw new Refused(texts.badTools);
  return { system: find("system").value.trim(), tools };
}

const lanes = [...document.querySelectorAll("[data-lane]")].map((root) => new Lane(root, shared, { heard, speak }));
const [first, second] = lanes;
const open = () => lanes.filter((lane) => !lane.root.hidden);
const busy = () => open().some((lane) => lane.busy);

// -- sending ------------------------------------------------------------------------------------------------------------

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = field.value.trim();
  if (busy() || (!text && !attachments.length)) return;
  const refusing = open().flatMap((lane) => attachments.filter((one) => one.needs && !lane.features.includes(one.needs)).map((one) => [lane, one]));
  if (refusing.length) {
    announce(say("noVision", { model: refusing[0][0].model, file: refusing[0][1].name }), "bad");
    return;
  }
  send(text);
});

function send(text) {
  const parts = attachments.map((one) => one.part);
  const content = parts.length ? [...(text ? [{ type: "text", text }] : []), ...parts] : text;
  field.value = "";
  attachments.length = 0;
  drawAttached();
  suggestions.replaceChildren();
  for (const lane of open()) lane.send(structuredClone(content));
}

field.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  form.requestSubmit();
});
stopButton.addEventListener("click", () => open().forEach((lane) => lane.stop()));
document.addEventListener("lane", () => {
  const working = busy();
  stopButton.hidden = !working;
  sendButton.hidden = working;
});

// -- a name, and what to ask next ---------------------------------------------------------------------------------------

async function heard(lane) {
  if (lane !== first || !facts.assist) return;
  const messages = lane.messages.map(({ role, content }) => ({ role, content })).filter(({ role, content }) => role !== "tool" && content);
  const naming = title.dataset.named ? null : ask("/playground/title", { messages }).then((answer) => answer.json());
  const asking = ask("/playground/questions", { messages }).then((answer) => answer.json());
  const [named, asked] = await Promise.allSettled([naming, asking]);
  if (lane.busy || !lane.messages.length) return; // they went on without waiting for it
  if (named.value) {
    title.textContent = named.value.title;
    title.dataset.named = "true";
  }
  suggestions.replaceChildren(...(asked.value?.questions ?? []).map((question) => button(question, () => send(question))));
}

// -- attachments --------------------------------------------------------------------------------------------------------

const chooser = find("files");
find("attach").addEventListener("click", () => chooser.click());
chooser.addEventListener("change", () => add([...chooser.files]));
field.addEventListener("paste", (event) => event.clipboardData.files.length && add([...event.clipboardData.files]));
form.addEventListener("dragover", (event) => event.preventDefault());
form.addEventListener("drop", (event) => {
  event.preventDefault();
  add([...event.dataTransfer.files]);
});

async function add(files) {
  attachments.push(...(await Promise.all(files.map(attachmentOf))));
  chooser.value = "";
  drawAttached();
}

function drawAttached() {
  attached.replaceChildren(
    ...attachments.map((one) => {
      const drop = button("×", () => {
        attachments.splice(attachments.indexOf(one), 1);
        drawAttached();
      }, { "aria-label": `${texts.remove}: ${one.name}` });
      return make("span", { class: "tag row" }, one.name, drop);
    }),
  );
}

// -- voice --------------------------------------------------------------------------------------------------------------

const microphone = find("microphone");
if (microphone) {
  const recorder = new Recorder();
  microphone.addEventListener("click", async () => {
    try {
      if (!recorder.running) {
        await recorder.start();
        microphone.textContent = texts.stopRecording;
        microphone.setAttribute("aria-pressed", "true");
        return;
      }
      const recording = await recorder.stop();
      microphone.textContent = texts.transcribing;
      microphone.disabled = true;
      const answer = await ask("/playground/transcribe", recording, { type: recording.type });
      field.value = [field.value.trim(), (await answer.json()).text].filter(Boolean).join(" ");
      field.focus();
    } catch (error) {
      announce(error instanceof Refused ? error.message : texts.noMicrophone, "bad");
    } finally {
      if (!recorder.running) {
        microphone.textContent = texts.record;
        microphone.setAttribute("aria-pressed", "false");
        microphone.disabled = false;
      }
    }
  });
}

async function speak(text, pressed) {
  player?.pause();
  pressed.disabled = true;
  try {
    const sound = await (await ask("/playground/speak", { text })).blob();
    player = new Audio(URL.createObjectURL(sound));
    player.addEventListener("ended", () => URL.revokeObjectURL(player.src), { once: true });
    await player.play();
  } catch (error) {
    announce(error instanceof Refused ? error.message : texts.failed, "bad");
  } finally {
    pressed.disabled = false;
  }
}

// -- the page's own buttons ---------------------------------------------------------------------------------------------

const compare = find("compare");
compare.addEventListener("click", () => {
  const both = second.root.hidden;
  second.root.hidden = !both;
  compare.setAttribute("aria-pressed", String(both));
  find("lanes").classList.toggle("lanes-two", both);
  if (both) second.follow(first);
  else second.clear();
});

find("new").addEventListener("click", () => {
  for (const lane of lanes) lane.clear();
  suggestions.replaceChildren();
  title.textContent = texts.untitled;
  delete title.dataset.named;
  field.focus();
});

find("code").addEventListener("click", () => {
  try {
    const body = first.body();
    if (field.value.trim()) body.messages = [...body.messages, { role: "user", content: field.value.trim() }];
    showCode(find("code-dialog"), body, facts.base);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    announce(error.message, "bad");
  }
});
