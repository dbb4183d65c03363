/** The Hongyan process that the tests call, as its dev.json tells, and its sandbox phone. */

"use strict";

const { randomInt } = require("node:crypto");
const { readFileSync } = require("node:fs");

const file = process.env.HONGYAN_DEV_JSON;
if (!file) {
  throw new Error("HONGYAN_DEV_JSON is to name the dev.json of a house that `hongyan dev` opened");
}
const house = JSON.parse(readFileSync(file, "utf8"));

/** A number that no other test has. */
const newPhone = () => `139${String(randomInt(1e8)).padStart(8, "0")}`;

/** The newest text of a number, which is waited for. */
async function latest(phone, after = "") {
  const query = new URLSearchParams({ phone, after, wait: 5 });
  const answer = await fetch(`${house.base_url}/sandbox/messages/latest?${query}`);
  if (!answer.ok) throw new Error(`No text came for ${phone}: HTTP ${answer.status}`);
  return answer.json();
}

async function textsOf(phone) {
  const query = new URLSearchParams({ phone });
  const answer = await fetch(`${house.base_url}/sandbox/messages?${query}`);
  return (await answer.json()).messages;
}

/** What the developer's back end does with a proof: `{status, body}`. */
async function verifyProof(proof) {
  const answer = await fetch(`${house.base_url}/v1/proofs/verify`, {
    method: "POST",
    headers: { Authorization: `Bearer ${house.api_key}`, "Content-Type": "application/json" },
    body: JSON.stringify({ proof }),
  });
  return { status: answer.status, body: await answer.json() };
}

module.exports = { house, latest, newPhone, textsOf, verifyProof };
