/** The `qr` package, for browsers that read no codes themselves. A chunk of its own. */
import { decodeQR } from "../../vendor-src/scan.js";

const LONGEST_SIDE = 720; // a version-9 code is still read, and an old phone looks several times a second

/** Return a reader of codes that needs nothing of the browser but a canvas. */
export function makeQrReader() {
  const canvas = document.createElement("canvas");
  const drawing = canvas.getContext("2d", { willReadFrequently: true });
  return async (/** @type {HTMLVideoElement} */ video) => {
    const scale = Math.min(1, LONGEST_SIDE / Math.max(video.videoWidth, video.videoHeight));
    canvas.width = Math.round(video.videoWidth * scale);
    canvas.height = Math.round(video.videoHeight * scale);
    if (!drawing || !canvas.width) return null;
    drawing.drawImage(video, 0, 0, canvas.width, canvas.height);
    return decoded(drawing.getImageData(0, 0, canvas.width, canvas.height));
  };
}

/** @param {ImageData} picture @returns {string | null} */
function decoded(picture) {
  try {
    return decodeQR(picture);
  } catch {
    return null; // no code in this one
  }
}
