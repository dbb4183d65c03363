/** POST /v1/proofs/verify: what a proof proves, or undefined if it proves nothing (any more). */

"use strict";

const http = require("http");
const https = require("https");

const TIMEOUT_MS = 2500;

async function verify(proof) {
  const { HONGYAN_API_URL, HONGYAN_API_KEY } = process.env;
  if (!HONGYAN_API_URL || !HONGYAN_API_KEY) {
    throw new Error("Set HONGYAN_API_URL and HONGYAN_API_KEY in the environment of the function");
  }
  const url = `${HONGYAN_API_URL.replace(/\/+$/, "")}/v1/proofs/verify`;
  const body = JSON.stringify({ proof });
  const { request } = url.startsWith("https:") ? https : http;
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      {
        method: "POST",
        timeout: TIMEOUT_MS,
        headers: {
          Authorization: `Bearer ${HONGYAN_API_KEY}`,
          "Content-Type": "application/json",
          "Content-Length": Buffer.byteLength(body),
        },
      },
      (response) => {
        const parts = [];
        response.on("data", (part) => parts.push(part));
        response.on("error", reject);
        response.on("end", () => {
          const answer = Buffer.concat(parts).toString();
          if (response.statusCode === 200) resolve(JSON.parse(answer));
          else if ([400, 409].includes(response.statusCode)) resolve(undefined);
          else reject(new Error(`The house answered ${response.statusCode}: ${answer}`));
        });
      },
    );
    sent.on("timeout", () => sent.destroy(new Error(`no answer in ${TIMEOUT_MS} ms`)));
    sent.on("error", reject);
    sent.end(body);
  });
}

module.exports = { verify };
