/**
 * A stand-in for the base library's `wx`: `wx.request` as the devices do it, storage, and
 * `wx.cloud.callFunction`. Everything goes over real sockets.
 */

"use strict";

const { randomBytes, randomInt } = require("node:crypto");
const http = require("node:http");

const invoke = require("./cloud.js");

/** Each caller has a loopback address of its own, for limits count by address. */
const newAddress = () => `127.${randomInt(1, 255)}.${randomInt(256)}.${randomInt(1, 255)}`;

function makeWx({ openid = "o-test", language = "zh_CN" } = {}) {
  const address = newAddress();
  const kept = new Map();
  const wx = {
    /** Test only: what was requested, in order, and a list of domains when they are checked. */
    requests: [],
    toasts: [],
    domains: undefined,

    request(options) {
      wx.requests.push(options);
      return request(options, { address, domains: wx.domains });
    },
    getStorageSync: (name) => kept.get(name) ?? "",
    setStorageSync: (name, value) => kept.set(name, value),
    getRandomValues: ({ length, success }) =>
      success({ randomValues: new Uint8Array(randomBytes(length)).buffer }),
    getAppBaseInfo: () => ({ language }),
    showToast: ({ title }) => wx.toasts.push(title),
    cloud: {
      DYNAMIC_CURRENT_ENV: Symbol("current"),
      init() {},
      callFunction: (options) => callFunction(options, openid),
    },
  };
  return wx;
}

/** Every status is a success; only what brings no answer fails. There is no Origin header. */
function request(options, { address, domains }) {
  const { success = ignore, fail = ignore, complete = ignore } = options;
  let over = false;
  const end = (callback, res) => {
    if (over) return;
    over = true;
    clearTimeout(patience);
    callback(res);
    complete(res);
  };
  const failed = (reason, errno) => {
    end(fail, { errMsg: `request:fail ${reason}`, errno });
    sent?.destroy();
  };
  let sent;
  const patience = setTimeout(() => failed("timeout", 5), options.timeout ?? 60_000);
  setImmediate(() => {
    const trouble = refusedUnsent(options.url, domains);
    if (trouble) return failed(trouble, 600_009);
    sent = send(options, address, (res) => end(success, res));
    sent.on("error", (error) => failed(error.message, 600_001));
    return undefined;
  });
  return { abort: () => failed("abort") };
}

function refusedUnsent(url, domains) {
  if (!/^https?:\/\/./.test(url)) return `invalid url "${url}"`;
  if (domains && !domains.includes(new URL(url).origin)) return "url not in domain list";
  return undefined;
}

function send(options, address, done) {
  const method = options.method ?? "GET";
  const header = { "content-type": "application/json" };
  for (const [name, value] of Object.entries(options.header ?? {})) {
    header[name.toLowerCase()] = value;
  }
  header.referer = "https://servicewechat.com/wx0123456789abcdef/devtools/page-frame.html";
  const body = method === "GET" ? "" : bodyOf(options.data ?? "", header["content-type"]);
  header["content-length"] = Buffer.byteLength(body);
  const sent = http.request(
    options.url,
    { method, headers: header, localAddress: address, agent: false },
    (response) => {
      const parts = [];
      response.on("data", (part) => parts.push(part));
      response.on("error", (error) => sent.emit("error", error));
      response.on("end", () => {
        done({
          errMsg: "request:ok",
          statusCode: response.statusCode,
          header: response.headers,
          cookies: [],
          data: dataOf(Buffer.concat(parts).toString(), options.dataType ?? "json"),
        });
      });
    },
  );
  sent.end(body);
  return sent;
}

/** A form is made of an object as documented; who leaves `undefined` in sends that word. */
function bodyOf(data, type) {
  if (typeof data === "string") return data;
  if (!type.startsWith("application/x-www-form-urlencoded")) return JSON.stringify(data);
  const pair = ([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`;
  return Object.entries(data).map(pair).join("&");
}

function dataOf(text, type) {
  if (type !== "json") return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** With callbacks, or as a Promise without them. */
function callFunction({ name, data, success, fail = ignore, complete = ignore }, openid) {
  const called = invoke(name, data, { OPENID: openid }).then((result) => ({
    errMsg: "cloud.callFunction:ok",
    result,
  }));
  if (!success) return called;
  called.then(success, fail).then(complete);
  return undefined;
}

function ignore() {}

module.exports = { makeWx };
