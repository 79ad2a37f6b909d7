// A recording from the microphone.

export class Recorder {
  #recorder = null;

  get running() {
    return this.#recorder !== null;
  }

  /** Rejects where the browser gives no microphone. */
  async start() {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    this.pieces = [];
    this.#recorder = new MediaRecorder(stream);
    this.#recorder.addEventListener("dataavailable", (event) => this.pieces.push(event.data));
    this.#recorder.start();
  }

  /** What was recorded. */
  stop() {
    const recorder = this.#recorder;
    this.#recorder = null;
    return new Promise((resolve) => {
      recorder.addEventListener("stop", () => {
        for (const track of recorder.stream.getTracks()) track.stop();
        resolve(new Blob(this.pieces, { type: recorder.mimeType || "audio/webm" }));
      });
      recorder.stop();
    });
  }
}
