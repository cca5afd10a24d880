/** Photos and recordings: how large they may be, what is taken out of them, and the pieces they travel in. */
/** @import { Letter } from "./letter.js" */
/** @import { Kit } from "./press.js" */
/** @import { ParcelRef } from "../protocol/message.js" */
/** @import { RandomBytes } from "../protocol/wire.js" */

import { Malformed, TooMuchContent } from "../protocol/errors.js";
import { headerOf, PIECE_BYTES, PIECES, parcelMessage } from "../protocol/message.js";
import { b64, concat, digest, ID_BYTES, PARCEL_BYTES } from "../protocol/wire.js";
import { amend, Rank, sealToDesk } from "./press.js";

export const LONGEST_SIDE = 1_600; // a face, a badge number and a licence plate stay readable; about 250 KB
export const QUALITY = 0.7; // of the JPEG
const FILE_BYTES = PIECE_BYTES * PIECES;

// Of a JPEG's segments: those without a length, and those that say something about camera, place or editor.
const START = 0xd8;
const SCAN = 0xda;
const COMMENT = 0xfe;
const APP0 = 0xe0; // JFIF: density, nothing else
const APP15 = 0xef;

/** A file cut up: what announces it, and its pieces. @typedef {{ ref: ParcelRef, pieces: Uint8Array[] }} Pieces */

/** Return the size a picture is drawn in before it is sent; never larger than it was. @param {number} width
 *  @param {number} height @returns {{ width: number, height: number }} */
export function fitPicture(width, height) {
  const scale = Math.min(1, LONGEST_SIDE / Math.max(width, height, 1));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

/** Return the JPEG without camera, place, time, thumbnail and comments. Drawing on a canvas leaves them out too, but a
 *  browser may add its own. @param {Uint8Array} jpeg @returns {Uint8Array} @throws {Malformed} */
export function stripJpeg(jpeg) {
  if (jpeg[0] !== 0xff || jpeg[1] !== START) throw new Malformed("not a JPEG");
  const parts = [jpeg.subarray(0, 2)];
  for (let at = 2; ; ) {
    const marker = jpeg[at + 1];
    if (jpeg[at] !== 0xff || at + 4 > jpeg.length) throw new Malformed("not a JPEG");
    if (marker === SCAN) return concat(...parts, jpeg.subarray(at));
    const end = at + 2 + jpeg[at + 2] * 256 + jpeg[at + 3];
    if (end > jpeg.length || end < at + 4) throw new Malformed("not a JPEG");
    if (!tells(marker)) parts.push(jpeg.subarray(at, end));
    at = end;
  }
}

/** @param {number} marker */
function tells(marker) {
  return marker === COMMENT || (marker > APP0 && marker <= APP15);
}

/** Cut a file into pieces of `PIECE_BYTES`; an empty file is one empty piece. @param {Uint8Array} file
 *  @param {string} type media type @param {RandomBytes} randomBytes @returns {Pieces} @throws {TooMuchContent} */
export function cutFile(file, type, randomBytes) {
  if (file.length > FILE_BYTES) throw new TooMuchContent(`${file.length} bytes where ${FILE_BYTES} fit`);
  const n = Math.max(1, Math.ceil(file.length / PIECE_BYTES));
  const pieces = Array.from({ length: n }, (_, i) => file.subarray(i * PIECE_BYTES, (i + 1) * PIECE_BYTES));
  const ref = { id: b64(randomBytes(ID_BYTES)), n, sha256: b64(digest(file)), type, bytes: file.length };
  return { ref, pieces };
}

/** Seal the letter that announces a file, and one parcel for each piece; `breathe` between two parcels lets the screen
 *  live. @param {Kit} kit @param {Pieces} file
 *  @param {{ facts?: Record<string, any>, key?: Uint8Array | null, now: number, randomBytes: RandomBytes, breathe?: () =>
 *  Promise<void> }} by @returns {Promise<{ kit: Kit, letters: Letter[] }>} */
export async function sealFile(kit, { ref, pieces }, { facts = {}, key = null, now, randomBytes, breathe }) {
  const content = { facts, parcels: [ref] };
  const announced = await amend(kit, { content, key, now, randomBytes });
  const letters = announced.letters;
  const place = { case: announced.kit.case, seq: kit.seq, at: Math.floor(now / 1_000) }; // one sending, one place in the case
  for (const [i, body] of pieces.entries()) {
    const header = headerOf(parcelMessage(place, ref, i, randomBytes));
    letters.push(await sealToDesk(kit, { header, body, size: PARCEL_BYTES, rank: Rank.FILE, now, randomBytes }));
    await breathe?.();
  }
  return { kit: announced.kit, letters };
}
