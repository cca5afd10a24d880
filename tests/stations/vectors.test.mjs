/** The shared vectors, as the phone reads them: the twin of test_vectors.py. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { readPack } from "../../client/phone/core/stations/pack.js";
import { unb64 } from "../../client/phone/protocol/wire.js";

const vectors = JSON.parse(readFileSync(new URL("../vectors/stations.json", import.meta.url), "utf8"));
const root = unb64(vectors.root);
const stationPack = await readPack(unb64(vectors.pack), root);

test("the pack holds the stations in its order", () => {
  assert.equal(stationPack.length, vectors.stations.length);
  for (const [at, station] of vectors.stations.entries()) assert.deepEqual(stationPack.station(at), station);
});

test("each station has its telephones", async () => {
  const called = await readPack(unb64(vectors.called), root);
  const phones = vectors.called_phones.map((_, at) => called.station(at).phone);
  assert.deepEqual(phones, vectors.called_phones);
});

const crowd = await readPack(unb64(vectors.crowd), root);
const asked = [
  ...vectors.near.map((question) => [stationPack, question]),
  ...vectors.crowd_near.map((question) => [crowd, question]),
];

for (const [stations, { lat, lon, accuracy, answer }] of asked) {
  test(`near ${lat}, ${lon}, ${accuracy}`, () => {
    const found = stations.near(lat, lon, accuracy);
    assert.deepEqual(
      found.map(({ station, m, highlight }) => ({ id: station.id, m, highlight })),
      answer,
    );
  });
}

for (const { text, answer } of vectors.find) {
  test(`find ${text.slice(0, 30)}`, () => {
    const found = stationPack.find(text);
    assert.deepEqual(
      found.map(({ station, score }) => ({ id: station.id, score })),
      answer,
    );
  });
}

for (const { name, expect, pack, comment } of vectors.packs) {
  test(`pack ${name}: ${comment}`, async () => {
    const read = readPack(unb64(pack), root, stationPack.about);
    if (expect === "ok") assert.equal((await read).about.id, stationPack.about.id);
    else await assert.rejects(read, { code: expect });
  });
}
