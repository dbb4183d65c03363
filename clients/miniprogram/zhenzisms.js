/**
 * Hongyan in WeChat mini programs: the API of the Zhenzi SDK (榛子云短信), and beside it the
 * verification of phone numbers with a publishable key, which is what a mini program should use.
 *
 *   var zhenzisms = require('../../utils/zhenzisms.js');
 *
 * One file without dependencies, ES2018 at most, because the base library runs it as it is.
 */

"use strict";

const TIMEOUT_MS = 20000;
const AGAIN_MS = 1000;
const DEVICE = "hongyan.device";

/** What this client answers by itself; the platform's own codes are 0 and above. */
const NO_ANSWER = -1;
const REFUSED_HERE = -2;

const WORDS = {
  secretInside:
    "[zhenzisms] 小程序的代码是公开的：任何人都能解包看到 AppSecret，用它发短信、花您的钱。" +
    "请改用公开密钥 client.init(apiUrl, 'pk_…')，或把 AppSecret 放进云函数的环境变量，并立即重置已发布过的 AppSecret。" +
    " / Whatever a mini program holds is public: anybody can unpack it, find this AppSecret and" +
    " send texts at your cost. Use a publishable key, client.init(apiUrl, 'pk_…'), or keep the" +
    " secret in the environment of a cloud function, and reset every secret ever released.",
  publishableOnly:
    "公开密钥（pk_…）不能发送或查询短信：请用 client.start / resend / check，或在云函数里发送。" +
    " / A publishable key neither sends nor looks up texts: use client.start / resend / check," +
    " or send from a cloud function.",
  publishableNeeded:
    "start / resend / check 需要公开密钥：client.init(apiUrl, 'pk_…')。" +
    " / start, resend and check need a publishable key: client.init(apiUrl, 'pk_…').",
  notBegun:
    "请先调用 client.init(apiUrl, appId, appSecret)。" +
    " / Call client.init(apiUrl, appId, appSecret) first.",
  lost: "网络请求失败 / The request failed",
  foreignDomain:
    "请在微信公众平台把它加入 request 合法域名 / Add it to the request domains of the mini program",
  unreadable: "服务器的应答无法识别 / The answer was not understood",
};

let warned = false;

/** Once is enough: what is printed at every launch is read by nobody. */
function warnOfSecret() {
  if (warned) return;
  warned = true;
  console.warn(WORDS.secretInside);
}

class Client {
  constructor() {
    /** Where requests go instead of `apiUrl`, once it is set; as in version 2 of the original. */
    this.baseUrl = "";
    this.apiUrl = "";
    this.appId = "";
    this.appSecret = "";
    this.publishableKey = "";
    this._keys = new Map();
  }

  /** With `appId` and `appSecret`, or with a publishable key as the second or third argument. */
  init(apiUrl, appId, appSecret) {
    const [name, secret] = [appId, appSecret].map((value) => text(value).trim());
    this.apiUrl = text(apiUrl).trim();
    this.publishableKey = [name, secret].find(isPublishable) || "";
    this.appId = isPublishable(name) ? "" : name;
    this.appSecret = this.publishableKey ? "" : secret;
    if (this.appSecret) warnOfSecret();
  }

  // The API of the Zhenzi SDK. A callback gets the response of wx.request: `res.data.code` is 0 for
  // success, negative when this client refused or no answer came; `res.data.data` says what.

  /** `(callback, number, message[, messageId])`, or `(callback, data)` for text and templates. */
  send(callback, number, message, messageId) {
    const data = isObject(number) ? number : { number, message, messageId };
    const receiver = {
      number: text(data.number),
      messageId: text(data.messageId),
      clientIp: text(data.clientIp),
    };
    if (!text(data.templateId)) {
      const form = Object.assign({ message: text(data.message) }, receiver);
      return this._ask(callback, "/sms/send.html", form);
    }
    const template = {
      templateId: text(data.templateId),
      templateParams: Array.isArray(data.templateParams)
        ? JSON.stringify(data.templateParams)
        : text(data.templateParams),
    };
    return this._ask(callback, "/sms/v2/send.html", Object.assign(template, receiver));
  }

  /** How many texts are left. */
  balance(callback) {
    this._ask(callback, "/sms/balance.html", {});
  }

  /** The text that was sent under this id. */
  findSmsByMessageId(callback, messageId) {
    this._ask(callback, "/sms/findSmsByMessageId.html", { messageId: text(messageId) });
  }

  _ask(callback, path, form) {
    if (this.publishableKey) return later(callback, refusedHere(WORDS.publishableOnly));
    if (!this.appId || !this._address()) return later(callback, refusedHere(WORDS.notBegun));
    const { apiUrl, appId, appSecret } = this;
    return wx.request({
      url: this._address() + path,
      method: "POST",
      header: { "content-type": "application/x-www-form-urlencoded" },
      data: Object.assign({ apiUrl, appId, appSecret }, form),
      timeout: TIMEOUT_MS,
      success: (res) => later(callback, platformAnswer(res)),
      fail: (failure) => later(callback, noAnswer(failure, this._address())),
    });
  }

  // Verification with a publishable key. Each takes an object of options and returns a Promise of
  // the body; with a callback before the options, it gets the response instead, and `res.ok`.

  /** Send a code: `{phone, purpose?, device?}` → `{id, phone, status, …, resendIn, expiresIn}`. */
  start(callback, options) {
    return answered(callback, options, ({ phone, purpose, device }) =>
      this._post("/v1/verifications", {
        phone: text(phone),
        purpose: purpose || "register",
        client: { device: device || deviceId() },
      }),
    );
  }

  /** Send another code: `{id, device?}`. The code before it is void. */
  resend(callback, options) {
    return answered(callback, options, ({ id, device }) =>
      this._post(`${pathOf(id)}/resend`, { client: { device: device || deviceId() } }),
    );
  }

  /** Check the code that the person typed: `{id, code, device?}` → `{status, proof}`. */
  check(callback, options) {
    return answered(callback, options, ({ id, code, device }) =>
      this._post(`${pathOf(id)}/check`, {
        code: text(code),
        client: { device: device || deviceId() },
      }),
    );
  }

  /**
   * POST with an Idempotency-Key that stays with this request until an answer comes, over one
   * repetition here and any later ones: a request may die when the person looks at the messages,
   * and to the server it is then the same one, so nothing is sent or counted twice.
   */
  _post(path, body) {
    if (!this.publishableKey) return Promise.resolve(notSent(WORDS.publishableNeeded));
    if (!this._address()) return Promise.resolve(notSent(WORDS.notBegun));
    const request = path + JSON.stringify(body);
    const key = this._keys.get(request) || randomId();
    this._keys.set(request, key);
    const attempt = () => this._attempt(path, body, key);
    return attempt()
      .then((outcome) => (isLost(outcome) ? pause(AGAIN_MS).then(attempt) : outcome))
      .then((outcome) => {
        if (!isLost(outcome)) this._keys.delete(request);
        return outcome;
      });
  }

  _attempt(path, body, key) {
    return new Promise((resolve) => {
      wx.request({
        url: this._address() + path,
        method: "POST",
        header: {
          "content-type": "application/json",
          Authorization: `Bearer ${this.publishableKey}`,
          "Idempotency-Key": key,
        },
        data: body,
        timeout: TIMEOUT_MS,
        success: (res) => resolve(houseAnswer(res)),
        fail: (failure) => resolve(lostOutcome(failure, this._address())),
      });
    });
  }

  _address() {
    return (this.baseUrl || this.apiUrl).replace(/\/+$/, "");
  }
}

const isObject = (value) => typeof value === "object" && value !== null;
const isPublishable = (value) => value.startsWith("pk_");
const text = (value) => (value === undefined || value === null ? "" : String(value));
const pathOf = (id) => `/v1/verifications/${encodeURIComponent(text(id))}`;
const pause = (span) => new Promise((resolve) => setTimeout(resolve, span));

/** Callbacks always come after the call has returned, whoever answers. */
function later(callback, res) {
  if (typeof callback === "function") setTimeout(() => callback(res), 0);
}

// The answers of the Zhenzi API

/** A response in the form of wx.request that no server gave. */
function response(errMsg, data, more) {
  return Object.assign({ errMsg, statusCode: 0, header: {}, cookies: [], data }, more);
}

function refusedHere(sentence) {
  return response(`request:fail ${sentence}`, { code: REFUSED_HERE, data: sentence });
}

function noAnswer(failure, address) {
  const { errMsg, errno } = failure || {};
  return response(errMsg, { code: NO_ANSWER, data: lostWords(errMsg, address) }, { errno });
}

function lostWords(errMsg, address) {
  const advice = /domain list/.test(errMsg) ? `${WORDS.foreignDomain}: ${address}. ` : "";
  return `${WORDS.lost}: ${advice}${errMsg}`;
}

/** A proxy on the way may answer with a page: callers are to find a code all the same. */
function platformAnswer(res) {
  if (isObject(res.data) && Number.isInteger(res.data.code)) return res;
  const data = { code: NO_ANSWER, data: `${WORDS.unreadable} (HTTP ${res.statusCode})` };
  return Object.assign({}, res, { data });
}

// The answers of /v1: outcomes are responses with `ok` and `retryAfter`, problems have a `code`

/** The two forms of a call: a Promise of the body, or a callback that gets the response. */
function answered(first, second, work) {
  const outcome = work((typeof first === "function" ? second : first) || {});
  if (typeof first !== "function") return outcome.then(bodyOrError);
  return outcome.then((res) => later(first, res));
}

function bodyOrError(outcome) {
  if (outcome.ok) return outcome.data;
  const { code, detail, verification_id: verificationId } = outcome.data;
  throw Object.assign(new Error(detail), {
    name: "HongyanError",
    code,
    status: outcome.statusCode,
    retryAfter: outcome.retryAfter,
    verificationId: verificationId || "",
    problem: outcome.data,
  });
}

function houseAnswer(res) {
  const ok = res.statusCode >= 200 && res.statusCode < 300;
  if (!isObject(res.data) || (!ok && typeof res.data.code !== "string")) {
    const detail = `${WORDS.unreadable} (HTTP ${res.statusCode})`;
    return Object.assign({}, res, problem("unreadable", detail));
  }
  const now = serverNow(res);
  const until = (moment) => Math.max(Math.ceil((Date.parse(moment) - now) / 1000), 0);
  const data = Object.assign({}, res.data);
  if (data.resend_at) data.resendIn = until(data.resend_at);
  if (data.expires_at) data.expiresIn = until(data.expires_at);
  return Object.assign({}, res, {
    ok,
    data,
    retryAfter: Number(headerOf(res, "retry-after")) || 0,
  });
}

function lostOutcome(failure, address) {
  const { errMsg, errno } = failure || {};
  const told = problem("network", lostWords(errMsg, address));
  return response(errMsg, {}, Object.assign({ errno }, told));
}

function notSent(sentence) {
  return response(`request:fail ${sentence}`, {}, problem("refused_here", sentence));
}

function problem(code, detail) {
  return { ok: false, retryAfter: 0, data: { code, detail } };
}

/** Whether the server may have done it, and we do not know. */
function isLost(outcome) {
  return ["network", "unreadable"].includes(outcome.data.code);
}

/** Names of headers come as the server wrote them on one system and in lower case on another. */
function headerOf(res, name) {
  const found = Object.keys(res.header || {}).find((one) => one.toLowerCase() === name);
  return found === undefined ? "" : res.header[found];
}

/** The server's clock, where the phone's is clearly off: the moments it names count by it. */
function serverNow(res) {
  const date = Date.parse(headerOf(res, "date"));
  return Math.abs(date - Date.now()) > 5000 ? date : Date.now();
}

/** To be told from others, not to be secret: Math.random will do. */
function randomId() {
  const part = () => Math.random().toString(36).slice(2, 10).padEnd(8, "0");
  return [part(), part(), part(), part()].join("");
}

/** What tells this phone from others behind its address, so that it is told of its own codes. */
function deviceId() {
  try {
    const device = wx.getStorageSync(DEVICE) || randomId();
    wx.setStorageSync(DEVICE, device);
    return device;
  } catch (error) {
    return ""; // A phone without room is not told, and waits.
  }
}

module.exports = { client: new Client(), Client };
