/** Looking for a code with the camera: the browser's own detector where it works, else the `qr` package. */

import { openCamera } from "../platform/camera.js";
import { button, h, updateText } from "./dom.js";
import { t } from "./i18n.js";
import { showErrors } from "./show-error.js";

const PAUSE_MS = 60; // between two looks
const BOTH_AFTER = 8; // looks at which the detector alone found nothing
const AGAIN_MS = 3_000; // until what was refused is tried again while it stays in the picture
const SIDES = /** @type {const} */ (["environment", "user"]);

/** Reads a picture; null when there is no code in it.
 *  @typedef {(video: HTMLVideoElement) => Promise<string | null>} QrReader */

/** Look for a code with the camera until `found` takes what was seen; what it throws is shown, by the sentences of
 *  `within`, and the looking goes on. @param {{ whenLeft: (leave: () => void) => void }} app
 *  @param {{ found: (text: string) => Promise<unknown>, label?: string, within?: string }} by */
export function qrScanner(app, { found, label = t("scan.camera"), within = "errors" }) {
  const video = h("video", { muted: true, playsinline: true, autoplay: true, "aria-label": label });
  video.muted = true;
  const note = h("p", { role: "status", class: "hint" }, t("scan.starting"));
  const problem = h("div", {});
  const turn = h("div", {});
  /** @type {MediaStream | null} */ let stream = null;
  let isOpen = true;
  let side = 0;

  const close = () => {
    isOpen = false;
    shut(stream, video);
  };
  const start = () =>
    showErrors(
      problem,
      async () => {
        shut(stream, video);
        stream = await openCamera({ facingMode: SIDES[side], width: { ideal: 1280 }, height: { ideal: 720 } });
        if (!isOpen) return shut(stream, video);
        video.srcObject = stream;
        await video.play();
        updateText(note, t("scan.hold"));
      },
      within,
    );
  const turnCamera = () => {
    side = 1 - side;
    return start();
  };
  const scan = async () => {
    if (!(await start()) || !isOpen) return updateText(note, "");
    if (await hasTwo()) turn.append(button(t("scan.turn"), "turn", turnCamera, { class: "wide" }));
    const readers = await readersHere();
    const refused = { text: "", at: 0 };
    for (let tries = 0; isOpen; tries++) {
      const text = await read(readers, video, tries);
      const isNew = text !== refused.text || Date.now() - refused.at > AGAIN_MS;
      if (text && isOpen && isNew) {
        if (await showErrors(problem, () => found(text), within)) return close();
        Object.assign(refused, { text, at: Date.now() });
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  };
  app.whenLeft(close);
  scan();
  return { picture: h("div", { class: "camera" }, video), note, problem, turn, close };
}

/** @param {MediaStream | null} stream @param {HTMLVideoElement} video */
function shut(stream, video) {
  for (const track of stream?.getTracks() ?? []) track.stop();
  video.srcObject = null;
}

/** Known only once the camera was allowed. */
async function hasTwo() {
  const all = (await navigator.mediaDevices.enumerateDevices?.().catch(() => [])) ?? [];
  return all.filter(({ kind }) => kind === "videoinput").length > 1;
}

/** @returns {Promise<QrReader[]>} the quick one first */
async function readersHere() {
  const own = await detector();
  const ours = import("./qr-decoder.js").then(({ makeQrReader }) => makeQrReader());
  return own ? [own, async (video) => (await ours)(video)] : [await ours];
}

/** @returns {Promise<QrReader | null>} */
async function detector() {
  const { BarcodeDetector } = /** @type {any} */ (globalThis);
  try {
    if (!(await BarcodeDetector.getSupportedFormats()).includes("qr_code")) return null;
    const barcodes = new BarcodeDetector({ formats: ["qr_code"] });
    return async (video) => (await barcodes.detect(video))[0]?.rawValue ?? null;
  } catch {
    return null;
  }
}

/** @param {QrReader[]} readers @param {HTMLVideoElement} video @param {number} tries
 *  @returns {Promise<string | null>} */
async function read(readers, video, tries) {
  if (!video.videoWidth) return null;
  for (const [i, reader] of readers.entries()) {
    if (i > 0 && tries < BOTH_AFTER) return null;
    const text = await reader(video).catch(() => null);
    if (text) return text;
  }
  return null;
}
