// Envelopes written a second time, from keys/envelope.md alone and over another HPKE library: shares no line with
// keys/ or client/phone/. Reads a JSON list of calls on stdin, writes the list of answers; bytes travel as hex.
import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { text } from "node:stream/consumers";

const require = createRequire(new URL("../../../client/phone/package.json", import.meta.url));
const { CipherSuite, HkdfSha256 } = require("@hpke/core");
const { Chacha20Poly1305 } = require("@hpke/chacha20poly1305");
const { XWing } = require("@hpke/hybridkem-x-wing");

const suite = new CipherSuite({ kem: new XWing(), kdf: new HkdfSha256(), aead: new Chacha20Poly1305() });
const ENC = 1120;
const TAG = 16;

const u32 = (number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(number);
  return bytes;
};
const hex = (words) => Buffer.from(words, "hex");
const exact = (bytes) => new Uint8Array(bytes).buffer;

const infoOf = ({ purpose, recipient, mailbox }, size) =>
  exact(
    Buffer.concat([
      Buffer.from("tocsin/1/envelope\0"),
      Buffer.from([purpose]),
      hex(recipient),
      hex(mailbox),
      u32(size),
    ]),
  );
const commitment = (content) => createHash("sha256").update("tocsin/1/commit\0").update(content).digest("hex");

async function seal(call) {
  const [header, body] = [hex(call.header), hex(call.body)];
  const content = Buffer.concat([hex(call.salt), u32(header.length), header, u32(body.length), body]);
  const plaintext = Buffer.alloc(call.size - 1 - ENC - TAG);
  content.copy(plaintext);
  const recipientPublicKey = await suite.kem.deserializePublicKey(exact(hex(call.public)));
  const { enc, ct } = await suite.seal({ recipientPublicKey, info: infoOf(call, call.size) }, exact(plaintext));
  const envelope = Buffer.concat([Buffer.from([1]), Buffer.from(enc), Buffer.from(ct)]);
  return { envelope: envelope.toString("hex"), commitment: commitment(content) };
}

async function open(call) {
  const envelope = hex(call.envelope);
  if (![8192, 65536].includes(envelope.length)) return { refused: "size" };
  if (envelope[0] !== 1) return { refused: "suite" };
  const recipientKey = await suite.kem.deserializePrivateKey(exact(hex(call.seed)));
  const enc = exact(envelope.subarray(1, 1 + ENC));
  let plaintext;
  try {
    const info = infoOf(call, envelope.length);
    plaintext = Buffer.from(await suite.open({ recipientKey, enc, info }, exact(envelope.subarray(1 + ENC))));
  } catch (error) {
    if (error.name !== "OpenError") throw error;
    return { refused: "key" };
  }
  const header = plaintext.subarray(36, 36 + plaintext.readUInt32BE(32));
  const start = 36 + header.length + 4;
  const end = start + plaintext.readUInt32BE(start - 4);
  if (plaintext.subarray(end).some((byte) => byte !== 0)) return { refused: "padding" };
  return {
    header: header.toString("hex"),
    body: plaintext.subarray(start, end).toString("hex"),
    commitment: commitment(plaintext.subarray(0, end)),
  };
}

const ops = { seal, open };
const answers = [];
for (const call of JSON.parse(await text(process.stdin))) answers.push(await ops[call.op](call));
process.stdout.write(JSON.stringify(answers));
