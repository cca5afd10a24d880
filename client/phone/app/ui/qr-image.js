/** A code as a picture: always dark on white with its quiet zone, also on a dark screen, because cameras want it so. */
import { encodeQR } from "../../vendor-src/draw.js";
import { svg } from "./dom.js";

const QUIET = 4; // modules, as the standard asks

/** Draw a code. @param {string} text @param {string} label @returns {SVGElement} */
export function drawCode(text, label) {
  const rows = encodeQR(text, "raw", { ecc: "medium", border: QUIET });
  const path = rows.flatMap((row, y) => listRuns(row).map(([x, width]) => `M${x} ${y}h${width}v1h-${width}z`)).join("");
  const side = rows.length;
  return svg(
    "svg",
    { class: "code", viewBox: `0 0 ${side} ${side}`, role: "img", "aria-label": label, data: { show: "code" } },
    svg("path", { d: `M0 0h${side}v${side}H0z`, fill: "#fff" }),
    svg("path", { d: path, fill: "#000", "shape-rendering": "crispEdges" }),
  );
}

/** List the dark stretches of a row: where each begins and how long it is. @param {boolean[]} row
 *  @returns {[number, number][]} */
export function listRuns(row) {
  const starts = row.flatMap((dark, x) => (dark && !row[x - 1] ? [x] : []));
  return starts.map((x) => {
    const end = row.indexOf(false, x);
    return [x, (end < 0 ? row.length : end) - x];
  });
}
