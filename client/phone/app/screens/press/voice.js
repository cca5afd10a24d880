/** A voice note: recorded in memory, sealed, sent in parcels. */
/** @import { CaseSession } from "../../services/case.js" */
/** @import { App } from "../../app.js" */

import { cutFile, sealFile } from "../../../core/media.js";
import { button, h, updateText } from "../../ui/dom.js";
import { t } from "../../ui/i18n.js";
import { showErrors } from "../../ui/show-error.js";

const LONGEST_S = 120; // at this rate 240 KB: four parcels
const BITS = 16_000; // a second; speech stays clear
const TYPES = ["audio/webm;codecs=opus", "audio/ogg;codecs=opus", "audio/mp4"];

/** Build the screen `voice`. @param {App} app @param {CaseSession} caseSession @returns {Node[]} */
export function voice(app, caseSession) {
  const note = h("p", { role: "status", data: { show: "notice" } }, t("voice.more", { n: LONGEST_S }));
  const problem = h("div", {});
  /** @type {{ stop: () => Promise<{ data: Uint8Array, type: string }>, shut: () => void } | null} */
  let recording = null;
  /** @type {{ data: Uint8Array, type: string } | null} */
  let audio = null;
  const show = () => {
    record.hidden = recording !== null;
    finish.hidden = recording === null;
    send.disabled = audio === null;
  };
  const start = () =>
    showErrors(problem, async () => {
      audio = null;
      recording = await recorded(note, () => finish.click());
      show();
    });
  const end = async () => {
    audio = (await recording?.stop()) ?? null;
    recording = null;
    updateText(note, t("voice.ready"));
    show();
  };
  const leave = async () => {
    if (!audio) return;
    const { data, type } = audio;
    const isSent = await showErrors(problem, () => sendVoice(app, caseSession, data, type));
    if (isSent) await app.go("pressed", caseSession);
  };
  const record = button(t("voice.record"), "record", start, { class: "wide" });
  const finish = button(t("voice.finish"), "finish", end, { class: "wide main" });
  const send = button(t("voice.send"), "send", leave, { class: "main" });
  app.whenLeft(() => recording?.shut());
  show();
  const back = button(t("back"), "back", () => app.go("pressed", caseSession));
  return [h("h1", {}, t("voice.title")), note, problem, record, finish, h("div", { class: "row ends" }, back, send)];
}

/** @param {HTMLElement} note @param {() => void} full */
async function recorded(note, full) {
  const stream = await microphone();
  const type = TYPES.find((mime) => MediaRecorder.isTypeSupported(mime)) ?? "";
  const recorder = new MediaRecorder(stream, { ...(type ? { mimeType: type } : {}), audioBitsPerSecond: BITS });
  /** @type {Blob[]} */
  const parts = [];
  recorder.addEventListener("dataavailable", ({ data }) => void parts.push(data));
  recorder.start();
  const began = Date.now();
  const timer = setInterval(() => {
    const n = Math.round((Date.now() - began) / 1_000);
    updateText(note, t("voice.running", { n }));
    if (n >= LONGEST_S) full();
  }, 1_000);
  const shut = () => {
    clearInterval(timer);
    for (const track of stream.getTracks()) track.stop();
  };
  const stop = async () => {
    await new Promise((resolve) => {
      recorder.addEventListener("stop", resolve);
      recorder.stop();
    });
    shut();
    const blob = new Blob(parts);
    return { data: new Uint8Array(await blob.arrayBuffer()), type: (recorder.mimeType || type).split(";")[0] };
  };
  return { stop, shut };
}

async function microphone() {
  try {
    if (!globalThis.MediaRecorder) throw new Error();
    return await navigator.mediaDevices.getUserMedia({ audio: true, video: false });
  } catch (error) {
    throw { reason: /** @type {any} */ (error)?.name === "NotAllowedError" ? "microphone-refused" : "microphone-none" };
  }
}

/** @param {App} app @param {CaseSession} caseSession @param {Uint8Array} data @param {string} type */
async function sendVoice(app, caseSession, data, type) {
  const pieces = cutFile(data, type, app.randomBytes);
  const { sha256, bytes } = pieces.ref;
  await caseSession.file(sealFile, pieces, { files: [{ sha256, bytes, type, taken: Math.floor(Date.now() / 1_000) }] });
}
