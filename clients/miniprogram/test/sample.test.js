"use strict";

const assert = require("node:assert/strict");
const { existsSync, readFileSync } = require("node:fs");
const path = require("node:path");
const { afterEach, beforeEach, test } = require("node:test");

const { drawn, eventually, opened, tap, type } = require("./support/simulate.js");
const invoke = require("./support/cloud.js");
const { house, latest, newPhone } = require("./support/house.js");
const { makeWx } = require("./support/wx.js");

const PROJECT = path.resolve(__dirname, "../../../examples/miniprogram-register");
const ROOT = path.join(PROJECT, "miniprogram");
const config = require(path.join(ROOT, "config.js"));

const { app_id: appId, app_secret: appSecret } = house.zhenzi ?? {};
const ENVIRONMENT = {
  HONGYAN_API_URL: house.base_url,
  HONGYAN_API_KEY: house.api_key,
  HONGYAN_APP_ID: appId,
  HONGYAN_APP_SECRET: appSecret,
};

const outside = { ...process.env };
let phone;

beforeEach(() => {
  global.wx = makeWx();
  phone = newPhone();
  Object.assign(process.env, ENVIRONMENT);
  Object.assign(config, { apiUrl: house.base_url, publishableKey: house.publishable_key });
});
afterEach(() => {
  process.env = { ...outside };
});

const page = (t, name) => opened(t, path.join(ROOT, "pages", name, name), ROOT);
const result = (component) => drawn(component, "#result")?.text;
const shown = (component, words) => eventually(() => words.test(result(component)));

/** The form on the registration page with a number verified. */
async function verified(form) {
  await type(form, "#phone", phone);
  tap(form, "#get");
  await eventually(() => form.data.wait);
  await type(form, "#code", (await latest(phone)).code);
  tap(form, "#check");
}

test("a person registers", async (t) => {
  const register = page(t, "register");
  await verified(register.querySelector("#form"));
  await shown(register, /^注册成功/);
  assert.equal(result(register), `注册成功：+86${phone.slice(0, 3)}****${phone.slice(7)}`);
});

test("a proof registers once, and nothing else registers", async (t) => {
  const calls = t.mock.method(wx.cloud, "callFunction");
  const register = page(t, "register");
  await verified(register.querySelector("#form"));
  await shown(register, /^注册成功/);
  const { data } = calls.mock.calls[0].arguments[0];
  for (const proof of [data.proof, "no.such.proof", ""]) {
    assert.equal((await invoke("register", { proof }, { OPENID: "o-other" })).code, 2, proof);
  }
  assert.equal((await invoke("register", data, {})).code, 1);
});

test("a registration that fails is told of", async (t) => {
  wx.cloud.callFunction = () =>
    Promise.reject({ errMsg: "cloud.callFunction:fail no environment" });
  const register = page(t, "register");
  await verified(register.querySelector("#form"));
  await shown(register, /no environment/);
  assert.match(drawn(register, "#result").class, /problem/);
});

test("without a key the page says where it goes", (t) => {
  config.publishableKey = "";
  assert.match(result(page(t, "register")), /config\.js/);
});

test("a text is sent and found, and the balance seen, through cloud functions", async (t) => {
  const sms = page(t, "sms");
  assert.ok(drawn(sms, "#find").disabled);
  await type(sms, "#number", phone);
  await type(sms, "#message", "您的验证码为2424");
  tap(sms, "#send");
  await shown(sms, /发送成功/);
  assert.match((await latest(phone)).text, /2424/);
  await eventually(() => !drawn(sms, "#find").disabled);
  tap(sms, "#find");
  await shown(sms, /: .*验证码/);
  await eventually(() => !drawn(sms, "#balance").disabled);
  tap(sms, "#balance");
  await shown(sms, /^剩余 \d+ 条$/);
});

test("an id of a text cannot be guessed, and tells of nobody", async (t) => {
  const calls = t.mock.method(wx.cloud, "callFunction");
  const sms = page(t, "sms");
  await type(sms, "#number", phone);
  for (const count of [1, 2]) {
    await eventually(() => !drawn(sms, "#send").disabled);
    tap(sms, "#send");
    await eventually(() => calls.mock.callCount() === count);
  }
  const ids = calls.mock.calls.map(({ arguments: [{ data }] }) => data.messageId);
  for (const id of ids) assert.match(id, /^[0-9a-f]{32}$/);
  assert.notEqual(ids[0], ids[1]);
});

test("without randomness nothing is sent", async (t) => {
  const calls = t.mock.method(wx.cloud, "callFunction");
  wx.getRandomValues = ({ fail }) => fail({ errMsg: "getRandomValues:fail" });
  const sms = page(t, "sms");
  await type(sms, "#number", phone);
  tap(sms, "#send");
  await shown(sms, /getRandomValues:fail/);
  assert.equal(calls.mock.callCount(), 0);
  assert.ok(!drawn(sms, "#send").disabled);
});

test("a refusal is shown with its code", async (t) => {
  const sms = page(t, "sms");
  await type(sms, "#number", "123");
  tap(sms, "#send");
  await shown(sms, /（100）$/);
  assert.ok(drawn(sms, "#find").disabled);
});

test("the project's files are where it says", () => {
  const json = (...names) => JSON.parse(readFileSync(path.join(PROJECT, ...names), "utf8"));
  const project = json("project.config.json");
  const app = json(project.miniprogramRoot, "app.json");
  for (const file of app.pages) {
    for (const kind of ["js", "json", "wxml"]) {
      assert.ok(existsSync(path.join(ROOT, `${file}.${kind}`)), `${file}.${kind}`);
    }
  }
  assert.ok(existsSync(path.join(ROOT, app.sitemapLocation)));
  for (const name of ["zhenzisms_send", "zhenzisms_balance", "register"]) {
    assert.equal(json(project.cloudfunctionRoot, name, "package.json").name, name);
  }
});
