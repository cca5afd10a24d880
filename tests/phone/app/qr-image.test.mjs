import assert from "node:assert/strict";
import { test } from "node:test";
import { listRuns } from "../../../client/phone/app/ui/qr-image.js";
import { CODE_CHARACTERS } from "../../../client/phone/protocol/code.js";
import { encodeQR } from "../../../client/phone/vendor-src/draw.js";
import { fromPackages } from "../from-phone.mjs";

const { default: fc } = await fromPackages("fast-check");

test("the dark stretches are the dark modules and no others", () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 70 }), (row) => {
      const drawn = row.map(() => false);
      for (const [x, width] of listRuns(row)) drawn.fill(true, x, x + width);
      assert.deepEqual(drawn, row);
    }),
  );
});

test("the longest code fits version 9 at level M, with a quiet zone of four", () => {
  const longest = `TOCSIN:1:C:${"A2".repeat(CODE_CHARACTERS)}`.slice(0, CODE_CHARACTERS);
  const rows = encodeQR(longest, "raw", { ecc: "medium", border: 4 });
  assert.equal(rows.length, 17 + 4 * 9 + 8);
  assert.ok(
    rows
      .slice(0, 4)
      .flat()
      .every((dark) => !dark),
  );
});
