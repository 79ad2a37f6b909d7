// A file as a part of a chat's message, in OpenAI's words, and the feature that a model must have to take it.

const TEXTS = /^(text\/|application\/(json|xml|yaml|toml|javascript))/;
const NAMES = /\.(md|txt|csv|json|jsonl|ya?ml|toml|xml|py|js|ts|sql|log|html|css|sh|rs|go|java|c|h)$/i;
const SOUNDS = { "audio/wav": "wav", "audio/x-wav": "wav", "audio/mpeg": "mp3" };

/** `{name, part, needs}`; text needs nothing, as it goes along as text. */
export async function attachmentOf(file) {
  const { name, type } = file;
  if (TEXTS.test(type) || NAMES.test(name)) {
    return { name, part: { type: "text", text: `${name}:\n\`\`\`\n${await file.text()}\n\`\`\`` }, needs: null };
  }
  const url = await dataUrl(file);
  if (type.startsWith("image/")) return { name, part: { type: "image_url", image_url: { url } }, needs: "vision" };
  if (SOUNDS[type]) {
    const data = url.slice(url.indexOf(",") + 1);
    return { name, part: { type: "input_audio", input_audio: { data, format: SOUNDS[type] } }, needs: "audio_input" };
  }
  return { name, part: { type: "file", file: { filename: name, file_data: url } }, needs: "file_input" };
}

function dataUrl(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve(reader.result));
    reader.addEventListener("error", () => reject(reader.error));
    reader.readAsDataURL(file);
  });
}
