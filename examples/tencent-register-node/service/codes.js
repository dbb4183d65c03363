// 验证码：生成、计数、核对。What a code must obey to prove anything. In memory, for one process:
// several share it in Redis (SET … PX NX for the pause, HINCRBY for the guesses, GETDEL at the end).
"use strict";

const crypto = require("node:crypto");

const LIFE_MS = 5 * 60_000;
const PAUSE_MS = 60_000;
const MOST_GUESSES = 5;
const MOST_WAITING = 100_000;
const CLIENT_WINDOW_MS = 60 * 60_000;
const MOST_OF_A_CLIENT = 20;

// 只存带密钥的摘要：内存或缓存泄露也读不出验证码。
const key = crypto.randomBytes(32);
const digest = (id, code) => crypto.createHmac("sha256", key).update(`${id} ${code}`).digest();

class Codes {
  #waiting = new Map(); // 注册编号 → 号码、摘要、次数
  #pauses = new Map(); // 号码 → 何时可以再发
  #clients = new Map(); // 地址 → 这一小时发了几次

  constructor(now = Date.now) {
    this.now = now;
  }

  /** 先占位再发送：同时来的两个请求只发一条。Raises TooOften. */
  create(phone, client) {
    this.#forget();
    const now = this.now();
    const since = this.#clients.get(client) || { until: now + CLIENT_WINDOW_MS, count: 0 };
    const isFull = Math.max(this.#waiting.size, this.#pauses.size, this.#clients.size) >= MOST_WAITING;
    if (this.#pauses.has(phone) || since.count >= MOST_OF_A_CLIENT || isFull) throw new TooOften();
    since.count += 1;
    this.#clients.set(client, since);
    this.#pauses.set(phone, { until: now + PAUSE_MS });
    const id = crypto.randomUUID();
    const code = String(crypto.randomInt(1_000_000)).padStart(6, "0");
    this.#waiting.set(id, { phone, digest: digest(id, code), guesses: 0, until: now + LIFE_MS });
    return { id, code, minutes: LIFE_MS / 60_000 };
  }

  /** 没有发出的验证码作废。 */
  drop(id) {
    this.#waiting.delete(id);
  }

  /** 号码，或 undefined。先计数后比较；对了只算一次。 */
  take(id, code) {
    const one = this.#waiting.get(id);
    if (one === undefined || one.until <= this.now()) return undefined;
    one.guesses += 1;
    if (one.guesses >= MOST_GUESSES) this.#waiting.delete(id);
    if (!crypto.timingSafeEqual(one.digest, digest(id, code))) return undefined;
    this.#waiting.delete(id);
    return one.phone;
  }

  #forget() {
    for (const map of [this.#waiting, this.#pauses, this.#clients]) {
      for (const [name, { until }] of map) if (until <= this.now()) map.delete(name);
    }
  }
}

class TooOften extends Error {}

module.exports = { Codes, TooOften };
