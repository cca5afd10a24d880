/** Two people whose phones know each other or will, for the tests of contacts. */
import assert from "node:assert/strict";
import { deriveSession } from "../../client/phone/core/contacts/book.js";
import { sealAlertTo } from "../../client/phone/core/contacts/mail.js";
import { fromPackages } from "./from-phone.mjs";
import { Person, pair, Relays } from "./post.mjs";
import { seededBytes } from "./random.mjs";

export const { default: fc } = await fromPackages("fast-check");

export const randomBytes = seededBytes("contacts");

export const [NORTH, SOUTH, EAST] = ["https://north.example", "https://south.example", "https://east.example"];

export const TEXT = "Меня задержали. Позвони адвокату.";

export const PLACE = { lat: 5_575_000, lon: 3_761_000, accuracy: 20, age: 5 };

export function people(label = "x") {
  const relays = new Relays(label);
  return [
    new Person(`anna ${label}`, relays, [NORTH, SOUTH]),
    new Person(`boris ${label}`, relays, [SOUTH, EAST]),
    relays,
  ];
}

export async function pairedPeople(label) {
  const [anna, boris, relays] = people(label);
  await pair(anna, boris);
  assert.deepEqual([anna.state, boris.state], ["paired", "paired"]);
  return [anna, boris, relays];
}

export async function tell(from, words) {
  return from.send((book) => sealAlertTo(book, from.contact.id, words, from.by()));
}

export async function publicCard(who) {
  const { own } = await deriveSession(who.contact);
  return { key: own.key.public, mailbox: own.mailbox.id, relays: own.half.relays, until: own.half.until, wake: null };
}
