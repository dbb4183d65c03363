"use strict";

const assert = require("node:assert/strict");
const { readdirSync, readFileSync } = require("node:fs");
const { builtinModules } = require("node:module");
const path = require("node:path");
const { afterEach, beforeEach, test } = require("node:test");

const invoke = require("./support/cloud.js");
const { house, latest, newPhone } = require("./support/house.js");
const { nowhere, recorder, selfSigned, silent } = require("./support/listener.js");
const { makeWx } = require("./support/wx.js");

const { app_id: appId, app_secret: appSecret, template_id: templateId } = house.zhenzi ?? {};
const SENT = { code: 0, data: "发送成功" };
const PERSON = { OPENID: "oX-person" };
const PLATFORM = {
  HONGYAN_API_URL: house.base_url,
  HONGYAN_APP_ID: appId,
  HONGYAN_APP_SECRET: appSecret,
};

const outside = { ...process.env };
beforeEach(() => Object.assign(process.env, PLATFORM));
afterEach(() => {
  process.env = { ...outside };
});

/** Nothing in the environment: everything comes with the call, as in the original document. */
function withoutEnvironment() {
  process.env = { ...outside };
}

const form = (asked) => Object.fromEntries(new URLSearchParams(asked.body));

// The three calls of the document.

test("the calls of the document, word for word but for the names", async () => {
  withoutEnvironment();
  global.wx = makeWx();
  const number = newPhone();
  const who = { apiUrl: house.base_url, appId, appSecret };
  const call = (name, data) =>
    new Promise((success, fail) =>
      wx.cloud.callFunction({ name, data: { ...who, ...data }, success, fail }),
    );
  const sent = await call("zhenzisms_send", {
    message: "你的验证码为:1234",
    number,
    messageId: "",
  });
  assert.deepEqual(sent.result, { body: SENT, error: null });
  assert.match((await latest(number)).text, /你的验证码为:1234/);
  const balance = await call("zhenzisms_balance", {});
  assert.equal(balance.result.body.code, 0);
  assert.ok(Number.isInteger(balance.result.body.data));
});

test("with the secret in the environment a call names the text only", async () => {
  const number = newPhone();
  const messageId = `m-${number}`;
  const data = { message: "你的验证码为:1234", number, messageId };
  assert.deepEqual((await invoke("zhenzisms_send", data, PERSON)).body, SENT);
  const found = await invoke("zhenzisms_findSmsByMessageId", { messageId }, PERSON);
  assert.equal(found.body.code, 0);
  assert.equal(found.body.data.messageId, messageId);
  assert.equal((await invoke("zhenzisms_balance", undefined, PERSON)).body.code, 0);
});

test("a template is sent too", async () => {
  const number = newPhone();
  const data = { templateId, templateParams: ["0423", "5分钟"], number };
  assert.deepEqual((await invoke("zhenzisms_send", data, PERSON)).body, SENT);
  assert.match((await latest(number)).text, /0423.*5分钟/);
});

test("a refusal of the platform comes as its code", async () => {
  const { body, error } = await invoke(
    "zhenzisms_send",
    { number: "123", message: "你的验证码" },
    PERSON,
  );
  assert.equal(body.code, 100);
  assert.equal(error, null);
});

// What leaves them.

test("fields that were not given are left out", async (t) => {
  const { url, asked } = await recorder(t);
  process.env.HONGYAN_API_URL = `${url}/`;
  await invoke("zhenzisms_findSmsByMessageId", { messageId: "m-1" }, PERSON);
  assert.equal(asked[0].path, "/sms/findSmsByMessageId.html");
  assert.deepEqual(form(asked[0]), { appId, appSecret, messageId: "m-1" });
  const { "content-type": type, accept } = asked[0].headers;
  assert.deepEqual([type, accept], ["application/x-www-form-urlencoded", "application/json"]);
});

test("who asks is what WeChat says", async (t) => {
  const { url, asked } = await recorder(t);
  process.env.HONGYAN_API_URL = url;
  const data = {
    number: "15811111111",
    templateId: 355,
    templateParams: ["1", "2"],
    clientIp: "1.2.3.4",
  };
  await invoke("zhenzisms_send", data, PERSON);
  assert.equal(asked[0].path, "/sms/v2/send.html");
  const { clientIp, templateParams, messageId } = form(asked[0]);
  assert.deepEqual([clientIp, templateParams, messageId], ["oX-person", '["1","2"]', ""]);
});

test("a caller cannot have the secret sent elsewhere", async (t) => {
  const elsewhere = await recorder(t);
  const { asked, url } = await recorder(t);
  process.env.HONGYAN_API_URL = url;
  const data = { apiUrl: elsewhere.url, appId: "999999", messageId: "m-1" };
  await invoke("zhenzisms_findSmsByMessageId", data, PERSON);
  assert.equal(elsewhere.asked.length, 0);
  assert.deepEqual([form(asked[0]).appId, form(asked[0]).appSecret], [appId, appSecret]);
});

test("who passes a secret is asked for with that one, where they say", async (t) => {
  const theirs = await recorder(t);
  const { asked, url } = await recorder(t);
  process.env.HONGYAN_API_URL = url;
  const data = { apiUrl: theirs.url, appId: "999999", appSecret: "theirs", messageId: "m-1" };
  await invoke("zhenzisms_findSmsByMessageId", data, PERSON);
  assert.equal(asked.length, 0);
  const { appId: whose, appSecret: what } = form(theirs.asked[0]);
  assert.deepEqual([whose, what], ["999999", "theirs"]);
  const send = { ...data, number: "15811111111", message: "你的验证码为:1234" };
  assert.equal((await invoke("zhenzisms_send", send, {})).body.code, 0);
});

test("a secret without an address is not used at all", async (t) => {
  const { url, asked } = await recorder(t);
  delete process.env.HONGYAN_API_URL;
  const { body } = await invoke("zhenzisms_balance", { apiUrl: url }, PERSON);
  assert.equal(body.code, -2);
  assert.match(body.data, /HONGYAN_API_URL/);
  assert.equal(asked.length, 0);
});

test("nobody from outside the mini program sends", async (t) => {
  const { url, asked } = await recorder(t);
  process.env.HONGYAN_API_URL = url;
  const data = { number: "15811111111", message: "你的验证码为:1234", clientIp: "1.2.3.4" };
  const { body, error } = await invoke("zhenzisms_send", data, {});
  assert.equal(body.code, -2);
  assert.match(body.data, /OPENID/);
  assert.equal(error, null);
  assert.equal(asked.length, 0);
  process.env.HONGYAN_WITHOUT_OPENID = "allow";
  assert.equal((await invoke("zhenzisms_send", data, {})).body.code, 0);
  assert.equal(form(asked[0]).clientIp, "1.2.3.4");
});

for (const name of ["zhenzisms_balance", "zhenzisms_findSmsByMessageId"]) {
  test(`nobody from outside the mini program asks with our secret (${name})`, async (t) => {
    const { url, asked } = await recorder(t);
    process.env.HONGYAN_API_URL = url;
    const data = { messageId: "m-1" };
    const { body, error } = await invoke(name, data, {});
    assert.equal(body.code, -2);
    assert.match(body.data, /OPENID/);
    assert.equal(error, null);
    assert.equal(asked.length, 0);
    process.env.HONGYAN_WITHOUT_OPENID = "allow";
    assert.equal((await invoke(name, data, {})).body.code, 0);
    delete process.env.HONGYAN_WITHOUT_OPENID;
    const theirs = { ...data, apiUrl: url, appId: "999999", appSecret: "theirs" };
    assert.equal((await invoke(name, theirs, {})).body.code, 0);
    assert.deepEqual(
      asked.map((one) => form(one).appSecret),
      [appSecret, "theirs"],
    );
  });
}

test("a function is deployed with all that it needs", () => {
  const folder = path.resolve(__dirname, "../cloudfunctions");
  for (const name of readdirSync(folder).filter((one) => one.startsWith("zhenzisms_"))) {
    const [index, shared] = ["index.js", "hongyan.js"].map((file) =>
      readFileSync(path.join(folder, name, file), "utf8"),
    );
    const wanted = [...`${index}${shared}`.matchAll(/require\("([^".]+)"\)/g)].map(([, one]) => one);
    const { dependencies } = require(path.join(folder, name, "package.json"));
    const installed = wanted.filter((one) => !builtinModules.includes(one));
    assert.deepEqual(Object.keys(dependencies), [...new Set(installed)], name);
  }
});

// Addresses and networks.

for (const address of ["http://sms.example.com", "ftp://sms.example.com", "sms.example.com", ""]) {
  test(`an address is https (${address || "none"})`, async () => {
    withoutEnvironment();
    const { body } = await invoke(
      "zhenzisms_balance",
      { apiUrl: address, appId, appSecret: "s" },
      PERSON,
    );
    assert.equal(body.code, -2);
    assert.match(body.data, /https:/);
  });
}

test("certificates are looked at", async (t) => {
  process.env.HONGYAN_API_URL = await selfSigned(t);
  const { body, error } = await invoke("zhenzisms_balance", {}, PERSON);
  assert.equal(body.code, -1);
  assert.equal(error.code, "DEPTH_ZERO_SELF_SIGNED_CERT");
});

test("a platform that nobody finds, that is silent, or that is some proxy", async (t) => {
  process.env.HONGYAN_API_URL = await nowhere();
  const refused = await invoke("zhenzisms_balance", {}, PERSON);
  assert.deepEqual([refused.body.code, refused.error.code], [-1, "ECONNREFUSED"]);
  process.env.HONGYAN_API_URL = await silent(t);
  process.env.HONGYAN_TIMEOUT_MS = "50";
  const late = await invoke("zhenzisms_balance", {}, PERSON);
  assert.equal(late.body.code, -1);
  assert.match(late.error.message, /50 ms/);
  process.env.HONGYAN_TIMEOUT_MS = "5000";
  process.env.HONGYAN_API_URL = (await recorder(t, { status: 502, body: "<html>" })).url;
  const proxy = await invoke("zhenzisms_balance", {}, PERSON);
  assert.equal(proxy.body.code, -1);
  assert.match(proxy.body.data, /HTTP 502/);
});
