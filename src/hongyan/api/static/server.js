/** The server: its clock, what is asked of it, and which words its refusals have. */

import { known } from "./words.js";

const PATIENCE_MS = 15_000;
const AGAIN_MS = 1_000;

const pause = (span) => new Promise((resolve) => setTimeout(resolve, span));

/** The server's clock, learnt from `Date` headers: the moments it names are to be counted by it. */
export const clock = {
  ahead: 0,
  now() {
    return Date.now() + this.ahead;
  },
  learn(date) {
    const behind = Date.now() - Date.parse(date);
    if (Number.isNaN(behind)) return;
    // A `Date` has whole seconds and took a moment to come: within that margin ours is right.
    this.ahead = behind > -500 && behind < 3_000 ? 0 : -behind;
  },
};

/** What the server tells this page: `publishable_key`, and the `code_length` of its codes. */
export function askPage() {
  return answered("/sandbox/page.json", {}, 2);
}

/**
 * POST. What carries an Idempotency-Key is asked for once more if the answer gets lost: to the
 * server it is then the same request, so nothing is sent or counted twice.
 */
export function post(path, body, headers = {}) {
  const request = {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify(body),
  };
  return answered(path, request, "Idempotency-Key" in headers ? 2 : 1);
}

/**
 * What came back: `{ok, body, retryAt}`. An answer that got lost in every try is a refusal too,
 * with the code "network".
 */
async function answered(path, request, tries) {
  for (let attempt = 1; attempt <= tries; attempt += 1) {
    if (attempt > 1) await pause(AGAIN_MS);
    try {
      return await ask(path, request);
    } catch {
      // Refused, cut off, too slow or unreadable: the loop says whether to ask again.
    }
  }
  return { ok: false, body: { code: "network" }, retryAt: 0 };
}

async function ask(path, request) {
  const response = await fetch(path, { ...request, signal: AbortSignal.timeout(PATIENCE_MS) });
  clock.learn(response.headers.get("date"));
  const body = await response.json();
  const seconds = Number(response.headers.get("retry-after"));
  const retryAt = body.retry_at ? Date.parse(body.retry_at) : clock.now() + seconds * 1_000;
  return { ok: response.ok, body, retryAt };
}

/** The key of the words for a refusal, from its stable code: the most particular there is. */
export function wordsFor({ code, reason, scope }) {
  const candidates = [`error.${code}.${reason ?? scope}`, `error.${code}`];
  return candidates.find(known) ?? "error.unknown";
}
