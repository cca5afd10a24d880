/**
 * A phone without a page, for a test in Python with real relays: reads one JSON object, presses, sends until all is quiet,
 * and says what happened. `{card (b64), facts, profile?, file? (bytes), patience (ms)}` ->
 * `{case, reply: {keep}, finished: [copies], received, open: [reasons], replies: [texts]}`; a second line `{"pull": true}`
 * collects the answers.
 */
import { createInterface } from "node:readline";
import { cutFile, sealFile } from "../../client/phone/core/media.js";
import { emptyOutbox, stepOutbox, summarize } from "../../client/phone/core/outbox.js";
import { prepareKit } from "../../client/phone/core/prepare.js";
import { press } from "../../client/phone/core/press.js";
import { pullMailbox } from "../../client/phone/core/relay-reads.js";
import { askRelay, deposit } from "../../client/phone/core/transport.js";
import { readCard } from "../../client/phone/protocol/organisation.js";
import { randomBytes } from "../../client/phone/protocol/random.js";
import { newReplyBlock, openReplies, replyMailbox } from "../../client/phone/protocol/reply-block.js";
import { unb64 } from "../../client/phone/protocol/wire.js";
import { doWork } from "../../client/phone/protocol/work.js";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const asked = JSON.parse((await lines.next()).value);
const card = readCard(unb64(asked.card));
const until = Math.floor(Date.now() / 1_000) + 86_400;
const { block, keep } = await newReplyBlock({ relays: card.relays, until, randomBytes });
const kit = await prepareKit({ card, facts: asked.profile ?? {}, reply: block, now: Date.now(), randomBytes });
const pressed = await press(kit, { facts: asked.facts, now: Date.now(), randomBytes });
const file = cutFile(randomBytes(asked.file ?? 0), "image/jpeg", randomBytes);
const more = asked.file ? await sealFile(pressed.kit, file, { now: Date.now(), randomBytes }) : { letters: [] };
const outcome = await sent([...pressed.letters, ...more.letters], asked.patience);
console.log(JSON.stringify({ case: kit.case, ...outcome, sha256: file.ref.sha256 }));

await lines.next();
const frames = await pullMailbox(
  card.relays[0],
  replyMailbox(keep),
  {},
  { now: () => Math.floor(Date.now() / 1_000), randomBytes, fetch },
);
const { replies, bad } = await openReplies(frames, keep);
console.log(JSON.stringify({ replies: replies.map(({ message }) => message.text), bad: bad.map(({ code }) => code) }));
process.exit(0);

function sent(letters, patience) {
  return new Promise((resolve) => {
    let outbox = emptyOutbox();
    let timer;
    const finished = [];
    const worked = [];
    const stop = setTimeout(end, patience);
    const act = {
      send: (effect) => deposit(effect, fetch).then(tell),
      ask: ({ url }) => askRelay(url, fetch).then(tell),
      work: async ({ id, url, attempt, bits, ...task }) => {
        worked.push(bits);
        tell({ type: "worked", id, url, attempt, nonce: await doWork(task, bits, async () => {}) });
      },
      finished: ({ copies }) => finished.push(copies),
      wake: ({ at }) => {
        clearTimeout(timer);
        timer = setTimeout(() => tell({ type: "tick" }), Math.max(0, at - Date.now()));
      },
    };
    for (const letter of letters) tell({ type: "add", letter });

    function tell(event) {
      const next = stepOutbox(outbox, { ...event, now: Date.now() }, randomBytes);
      outbox = next.outbox;
      for (const effect of next.effects) act[effect.type]?.(effect);
      if (finished.length === letters.length) end();
    }

    function end() {
      clearTimeout(stop);
      clearTimeout(timer);
      const open = summarize(outbox).flatMap(({ trouble }) => trouble.map(({ reason }) => reason));
      resolve({ letters: letters.length, finished, worked: worked.length, open });
    }
  });
}
