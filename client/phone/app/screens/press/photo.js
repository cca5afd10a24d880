/** A photo: taken inside the page, so that no gallery gets it, or chosen; made small, told nothing, sent in parcels. */
/** @import { CaseSession } from "../../services/case.js" */
/** @import { App } from "../../app.js" */

import { cutFile, fitPicture, QUALITY, sealFile, stripJpeg } from "../../../core/media.js";
import { openCamera } from "../../platform/camera.js";
import { button, fill, h, updateText } from "../../ui/dom.js";
import { t } from "../../ui/i18n.js";
import { showErrors } from "../../ui/show-error.js";

/** Build the screen `photo`. @param {App} app @param {CaseSession} caseSession @returns {Node[]} */
export function photo(app, caseSession) {
  const canvas = h("canvas", { hidden: true, role: "img", "aria-label": t("photo.preview") });
  const video = h("video", { playsinline: true, hidden: true, "aria-label": t("scan.camera") });
  video.muted = true;
  const problem = h("div", {});
  const note = h("p", { class: "hint", role: "status", data: { show: "notice" } });
  const send = button(t("photo.send"), "send", () => sendPhoto(app, caseSession, { canvas, note, problem, send }), {
    class: "main",
  });
  send.disabled = true;
  const parts = { canvas, video, problem, note, send };
  app.whenLeft(() => shut(video));
  return [
    h("h1", {}, t("photo.title")),
    h("p", {}, t("photo.more")),
    h("div", { class: "camera" }, video, canvas),
    note,
    problem,
    shutter(parts),
    chooser(parts),
    h(
      "div",
      { class: "row ends" },
      button(t("back"), "back", () => app.go("pressed", caseSession)),
      send,
    ),
  ];
}

/** @typedef {{ canvas: HTMLCanvasElement, video: HTMLVideoElement, problem: HTMLElement, note: HTMLElement,
 *    send: HTMLButtonElement }} Parts */

/** @param {Parts} parts */
function shutter(parts) {
  const { video, problem } = parts;
  const click = async () => {
    if (!video.hidden) return showPicture(parts, video, video.videoWidth, video.videoHeight);
    await showErrors(problem, async () => {
      video.srcObject = await openCamera({ facingMode: "environment", width: { ideal: 1920 } });
      video.hidden = false;
      parts.canvas.hidden = true;
      await video.play();
      updateText(element, t("photo.take"));
    });
  };
  const element = button(t("photo.camera"), "camera", click, { class: "wide" });
  return element;
}

/** @param {Parts} parts */
function chooser(parts) {
  const input = h("input", {
    id: "file",
    type: "file",
    accept: "image/*",
    autocomplete: "off",
    data: { field: "file" },
  });
  input.addEventListener("change", async () => {
    const [file] = input.files ?? [];
    if (!file) return;
    await showErrors(parts.problem, () => chosen(parts, file));
    input.value = "";
  });
  return h("div", { class: "pick" }, input, h("label", { for: "file" }, t("photo.choose")));
}

/** @param {Parts} parts @param {File} file */
async function chosen(parts, file) {
  const picture = await pictureOf(file);
  await showPicture(parts, picture.source, picture.width, picture.height);
  picture.release();
}

/** Turned as the camera was held, where the browser knows. @param {File} file */
async function pictureOf(file) {
  try {
    const source = await createImageBitmap(file, { imageOrientation: "from-image" });
    return { source, width: source.width, height: source.height, release: () => source.close() };
  } catch {
    return throughImage(file);
  }
}

/** @param {File} file
 *  @returns {Promise<{ source: CanvasImageSource, width: number, height: number, release: () => void }>} */
function throughImage(file) {
  const source = new Image();
  const address = URL.createObjectURL(file);
  const release = () => URL.revokeObjectURL(address);
  return new Promise((resolve, reject) => {
    source.onload = () => resolve({ source, width: source.naturalWidth, height: source.naturalHeight, release });
    source.onerror = () => {
      release();
      reject({ reason: "not-a-picture" });
    };
    source.src = address;
  });
}

/** @param {Parts} parts @param {CanvasImageSource} source @param {number} width @param {number} height */
async function showPicture({ canvas, video, note, send }, source, width, height) {
  const size = fitPicture(width, height);
  Object.assign(canvas, size);
  canvas.getContext("2d")?.drawImage(source, 0, 0, size.width, size.height);
  shut(video);
  canvas.hidden = false;
  send.disabled = false;
  updateText(note, t("photo.ready"));
}

/** @param {HTMLVideoElement} video */
function shut(video) {
  const stream = /** @type {MediaStream | null} */ (video.srcObject);
  for (const track of stream?.getTracks() ?? []) track.stop();
  video.srcObject = null;
  video.hidden = true;
}

/** @param {App} app @param {CaseSession} caseSession
 *  @param {{ canvas: HTMLCanvasElement, note: HTMLElement, problem: HTMLElement, send: HTMLButtonElement }} parts */
async function sendPhoto(app, caseSession, { canvas, note, problem, send }) {
  send.disabled = true;
  updateText(note, t("photo.sealing"));
  const isSent = await showErrors(problem, async () => {
    const jpeg = stripJpeg(await jpegOf(canvas, QUALITY));
    const pieces = cutFile(jpeg, "image/jpeg", app.randomBytes);
    const { sha256, type, bytes } = pieces.ref;
    await caseSession.file(sealFile, pieces, {
      files: [{ sha256, bytes, type, taken: Math.floor(Date.now() / 1_000) }],
    });
  });
  canvas.width = 0;
  fill(note);
  if (isSent) await app.go("pressed", caseSession);
}

/** @param {HTMLCanvasElement} canvas @param {number} quality @returns {Promise<Uint8Array>} */
async function jpegOf(canvas, quality) {
  const blob = await new Promise((/** @type {(blob: Blob | null) => void} */ resolve) =>
    canvas.toBlob(resolve, "image/jpeg", quality),
  );
  if (!blob) throw { reason: "not-a-picture" };
  return new Uint8Array(await blob.arrayBuffer());
}
