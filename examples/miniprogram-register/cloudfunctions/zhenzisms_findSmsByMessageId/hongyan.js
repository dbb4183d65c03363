/**
 * What the cloud functions share: who is asked with which secret, and how. Each function is
 * deployed alone, so each holds a copy of this file (`npm run copy`). Node 16 or newer, no more.
 */

"use strict";

const http = require("http");
const https = require("https");

const cloud = require("wx-server-sdk");

cloud.init({ env: cloud.DYNAMIC_CURRENT_ENV });

/** Within the 3 s after which a cloud function is ended, unless it was given more. */
const TIMEOUT_MS = 2500;

/** What a function answers by itself; the platform's own codes are 0 and above. */
const NO_ANSWER = -1;
const REFUSED_HERE = -2;

/**
 * Ask the platform: POST `fields` as a form to `path` → `{body, error}`, as `request` gives it.
 *
 * A caller who passes a secret is asked for with that, at the address that they pass. Everybody else
 * is asked for with the environment's, at the environment's address only: a caller who could choose
 * where that secret goes would be sent it. And only somebody in the mini program may use it at all.
 */
async function ask(path, event, fields) {
  const { HONGYAN_API_URL, HONGYAN_APP_ID, HONGYAN_APP_SECRET, HONGYAN_TIMEOUT_MS } = process.env;
  // The secret of the function is its own, which no stranger may spend or look up with.
  const isOurs = !event.appSecret;
  if (isOurs && !openId() && process.env.HONGYAN_WITHOUT_OPENID !== "allow") {
    return refused(
      "只有小程序里的用户可以调用（没有 OPENID）；服务端调用请设置 HONGYAN_WITHOUT_OPENID=allow。" +
        " / Only for people in the mini program (there is no OPENID); for calls of your own" +
        " servers set HONGYAN_WITHOUT_OPENID=allow.",
    );
  }
  const apiUrl = isOurs ? HONGYAN_API_URL : event.apiUrl || HONGYAN_API_URL;
  if (isOurs && HONGYAN_APP_SECRET && !(HONGYAN_API_URL && HONGYAN_APP_ID)) {
    return refused(
      "云函数的环境变量要同时设置 HONGYAN_API_URL、HONGYAN_APP_ID、HONGYAN_APP_SECRET。" +
        " / Set all three in the function's environment.",
    );
  }
  if (!isSafe(apiUrl)) {
    return refused(
      "接口地址必须以 https:// 开头（环境变量 HONGYAN_API_URL 或参数 apiUrl）。" +
        " / The address must begin with https:// (HONGYAN_API_URL, or apiUrl).",
    );
  }
  const application = isOurs
    ? { appId: HONGYAN_APP_ID, appSecret: HONGYAN_APP_SECRET }
    : { appId: event.appId || HONGYAN_APP_ID, appSecret: event.appSecret };
  const form = encoded({ apiUrl: event.apiUrl, ...application, ...fields });
  try {
    const timeout = Number(HONGYAN_TIMEOUT_MS) || TIMEOUT_MS;
    return understood(await post(apiUrl.replace(/\/+$/, "") + path, form, timeout));
  } catch (error) {
    const { code, message } = error;
    const sentence = `网络请求失败 / The request failed: ${message}`;
    return { body: { code: NO_ANSWER, data: sentence }, error: { code, message } };
  }
}

/** Who calls, as WeChat says; empty for nobody in the mini program. */
function openId() {
  const context = cloud.getWXContext ? cloud.getWXContext() : {};
  return context.OPENID || "";
}

/** Refused by the function itself: nothing has left it. */
function refused(sentence) {
  return { body: { code: REFUSED_HERE, data: sentence }, error: null };
}

/** A secret travels encrypted, or not at all; to this very machine it does not travel. */
function isSafe(address) {
  try {
    const { protocol, hostname } = new URL(address);
    const here = ["127.0.0.1", "[::1]", "localhost"].includes(hostname);
    return protocol === "https:" || (protocol === "http:" && here);
  } catch {
    return false;
  }
}

/** A form; what is undefined is left out. */
function encoded(fields) {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined && value !== null);
  return new URLSearchParams(given).toString();
}

function post(url, form, timeout) {
  const { request } = url.startsWith("https:") ? https : http;
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      {
        method: "POST",
        headers: {
          Accept: "application/json",
          "Content-Type": "application/x-www-form-urlencoded",
          "Content-Length": Buffer.byteLength(form),
        },
      },
      (response) => {
        const parts = [];
        response.on("data", (part) => parts.push(part));
        response.on("error", reject);
        response.on("end", () => {
          resolve({ status: response.statusCode, text: Buffer.concat(parts).toString() });
        });
      },
    );
    // Of the whole, not of a silence: an answer in drips would hold the function until its end.
    const patience = setTimeout(
      () => sent.destroy(new Error(`no answer in ${timeout} ms`)),
      timeout,
    );
    sent.on("close", () => clearTimeout(patience));
    sent.on("error", reject);
    sent.end(form);
  });
}

function understood({ status, text }) {
  try {
    const body = JSON.parse(text);
    if (Number.isInteger(body.code)) return { body, error: null };
  } catch {
    // Some proxy's page: told below.
  }
  const sentence = `服务器的应答无法识别 / The answer was not understood (HTTP ${status})`;
  return { body: { code: NO_ANSWER, data: sentence }, error: { message: sentence } };
}

module.exports = { ask, openId };
