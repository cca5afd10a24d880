/** Reading a code with the camera: the browser's own detector where it works, else the `qr` package. */
/** @import { App } from "./app.js" */

import { button, h, say } from "./dom.js";
import { takeCode } from "./joining.js";
import { camera, tried } from "./later.js";
import { t } from "./words.js";

const PAUSE_MS = 60; // between two looks
const BOTH_AFTER = 8; // looks at which the detector alone found nothing

/** @param {App} app @returns {Node[]} */
export function scan(app) {
  const video = h("video", { muted: true, playsinline: true, autoplay: true, "aria-label": t("scan.camera") });
  video.muted = true;
  const problem = h("div", {});
  const note = h("p", { role: "status", class: "hint" }, t("scan.starting"));
  const eye = { open: true, stream: /** @type {MediaStream | null} */ (null) };
  app.whenLeft(() => {
    eye.open = false;
    shut(eye.stream, video);
  });
  watch(app, eye, { video, problem, note });
  const others = h(
    "div",
    { class: "row" },
    button(t("back"), "back", () => app.go("welcome")),
    button(t("welcome.paste"), "paste", () => app.go("paste")),
  );
  return [h("h1", {}, t("scan.title")), h("div", { class: "camera" }, video), note, problem, others];
}

/** @param {MediaStream | null} stream @param {HTMLVideoElement} video */
function shut(stream, video) {
  for (const track of stream?.getTracks() ?? []) track.stop();
  video.srcObject = null;
}

/** @param {App} app @param {{ open: boolean, stream: MediaStream | null }} eye
 *  @param {{ video: HTMLVideoElement, problem: HTMLElement, note: HTMLElement }} parts */
async function watch(app, eye, { video, problem, note }) {
  const isOpen = await tried(problem, async () => {
    eye.stream = await camera({ facingMode: "environment", width: { ideal: 1280 }, height: { ideal: 720 } });
    if (!eye.open) return shut(eye.stream, video);
    video.srcObject = eye.stream;
    await video.play();
  });
  if (!isOpen || !eye.open) return say(note, "");
  say(note, t("scan.hold"));
  const readers = await readersHere();
  for (let looks = 0; eye.open; looks++) {
    const text = await read(readers, video, looks);
    if (text && eye.open && (await found(app, text, problem))) return;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

/** @param {App} app @param {string} text @param {HTMLElement} problem */
function found(app, text, problem) {
  return tried(problem, () => takeCode(app, text));
}

/** Reads a picture; null when there is no code in it. @typedef {(video: HTMLVideoElement) => Promise<string | null>} Reader */

/** @returns {Promise<Reader[]>} the quick one first */
async function readersHere() {
  const own = await detector();
  const ours = import("./qr.js").then(({ reader }) => reader());
  return own ? [own, async (video) => (await ours)(video)] : [await ours];
}

/** @returns {Promise<Reader | null>} */
async function detector() {
  const { BarcodeDetector } = /** @type {any} */ (globalThis);
  try {
    if (!(await BarcodeDetector.getSupportedFormats()).includes("qr_code")) return null;
    const one = new BarcodeDetector({ formats: ["qr_code"] });
    return async (video) => (await one.detect(video))[0]?.rawValue ?? null;
  } catch {
    return null;
  }
}

/** @param {Reader[]} readers @param {HTMLVideoElement} video @param {number} looks @returns {Promise<string | null>} */
async function read(readers, video, looks) {
  if (!video.videoWidth) return null;
  for (const [i, reader] of readers.entries()) {
    if (i > 0 && looks < BOTH_AFTER) return null;
    const text = await reader(video).catch(() => null);
    if (text) return text;
  }
  return null;
}
