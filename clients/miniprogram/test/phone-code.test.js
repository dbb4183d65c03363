"use strict";

const assert = require("node:assert/strict");
const path = require("node:path");
const { beforeEach, test } = require("node:test");

const { drawn, eventually, opened, tap, type } = require("./support/simulate.js");
const { house, latest, newPhone, verifyProof } = require("./support/house.js");
const { nowhere } = require("./support/listener.js");
const { makeWx } = require("./support/wx.js");

const ROOT = path.resolve(__dirname, "..", "components");
const FILE = path.join(ROOT, "phone-code", "phone-code");

const WORDS = require("../components/phone-code/words.js");

/** Refusals of what a program did or an operator set up: a person is told that something is wrong. */
const OF_PROGRAMS = [
  "account_closed",
  "app_disabled",
  "idempotency_key_reused",
  "invalid_idempotency_key",
  "invalid_json",
  "invalid_request",
  "too_large",
  "unknown_template",
  "unsupported_media_type",
];

let phone;

beforeEach(() => {
  global.wx = makeWx();
  phone = newPhone();
});

/** The component, and what it has told its page. */
function form(t, properties) {
  const component = opened(t, FILE, ROOT, {
    apiUrl: house.base_url,
    publishableKey: house.publishable_key,
    ...properties,
  });
  const told = [];
  for (const name of ["verified", "failed"]) {
    component.addEventListener(name, ({ detail }) => told.push([name, detail]));
  }
  return Object.assign(component, { told });
}

const notice = (component) => drawn(component, "#notice")?.text;
const noticed = (component, words) => eventually(() => words.test(notice(component)));

/** A form to which a code has been sent. */
async function sent(t, properties) {
  const component = form(t, properties);
  await type(component, "#phone", phone);
  tap(component, "#get");
  await noticed(component, /验证码已发送/);
  return component;
}

test("a number is typed, its code got and checked, and the page gets the proof", async (t) => {
  const component = await sent(t, { purpose: "login" });
  assert.match(drawn(component, "#get").text, /^(0:5\d|1:00) 后重试$/);
  assert.ok(drawn(component, "#get").disabled);
  const { code } = await latest(phone);
  await type(component, "#code", code);
  tap(component, "#check");
  const [name, detail] = await eventually(() => component.told[0]);
  assert.equal(name, "verified");
  assert.equal(detail.phone, phone);
  assert.ok(detail.verificationId);
  const { body } = await verifyProof(detail.proof);
  assert.deepEqual([body.phone, body.purpose], [`+86${phone}`, "login"]);
  assert.equal(notice(component), "手机号已验证。");
  for (const field of ["#phone", "#code", "#get", "#check"]) {
    assert.ok(drawn(component, field).disabled, field);
  }
});

test("a code stays as it is typed, with the noughts it begins with", async (t) => {
  const component = await sent(t);
  await type(component, "#code", "004217");
  assert.equal(component.data.code, "004217");
  tap(component, "#check");
  await eventually(() => component.told.length);
  const { data } = wx.requests.at(-1);
  assert.equal(data.code, "004217");
});

test("a wrong code is refused in words, and the right one still passes", async (t) => {
  const component = await sent(t);
  const { code } = await latest(phone);
  await type(component, "#code", code === "000000" ? "000001" : "000000");
  tap(component, "#check");
  await noticed(component, /验证码不对/);
  assert.match(drawn(component, "#notice").class, /problem/);
  assert.equal(drawn(component, "#notice")["aria-role"], "alert");
  assert.equal(component.told[0][1].code, "invalid_or_expired");
  await type(component, "#code", code);
  assert.equal(notice(component), undefined);
  tap(component, "#check");
  await noticed(component, /已验证/);
});

test("a code can be checked only when it is whole", async (t) => {
  const component = await sent(t);
  await type(component, "#code", "12345");
  assert.ok(drawn(component, "#check").disabled);
  component.querySelector("#code").dispatchEvent("confirm");
  await noticed(component, /6 位数字/);
  await type(component, "#code", "123456");
  assert.ok(!drawn(component, "#check").disabled);
});

test("what has not been got is not checked, nor a code got for no number", async (t) => {
  const component = form(t);
  await type(component, "#code", "123456");
  tap(component, "#check");
  await noticed(component, /请先获取验证码/);
  tap(component, "#get");
  await noticed(component, /请输入手机号/);
  assert.equal(wx.requests.length, 0);
});

test("a form that is opened anew takes the code that is out", async (t) => {
  await sent(t);
  const anew = form(t);
  await type(anew, "#phone", phone);
  tap(anew, "#get");
  await noticed(anew, /刚刚已发送/);
  assert.match(drawn(anew, "#get").text, /:\d\d 后重试$/);
  await type(anew, "#code", (await latest(phone)).code);
  tap(anew, "#check");
  await noticed(anew, /已验证/);
});

test("a number of which another phone has got a code has to wait", async (t) => {
  await sent(t);
  const elsewhere = makeWx();
  wx = elsewhere;
  const component = form(t);
  await type(component, "#phone", phone);
  tap(component, "#get");
  await noticed(component, /太频繁/);
  assert.ok(drawn(component, "#get").disabled);
  // Another number need not wait.
  phone = newPhone();
  await type(component, "#phone", phone);
  tap(component, "#get");
  await noticed(component, /验证码已发送/);
});

test("the count goes down by the clock and then opens the button", async (t) => {
  t.mock.timers.enable({ apis: ["Date", "setInterval"], now: Date.now() });
  const component = await sent(t);
  t.mock.timers.tick(10_000);
  await eventually(() => /^0:(49|5\d) 后重试$/.test(drawn(component, "#get").text));
  t.mock.timers.tick(51_000);
  await eventually(() => drawn(component, "#get").text === "重新获取");
  assert.ok(!drawn(component, "#get").disabled);
});

test("a number that is none, a network that is none", async (t) => {
  const component = form(t);
  await type(component, "#phone", "123");
  tap(component, "#get");
  await noticed(component, /手机号不对/);
  component.setData({ apiUrl: await nowhere() });
  tap(component, "#get");
  await noticed(component, /网络没有应答/);
  assert.deepEqual(
    component.told.map(([, { code }]) => code),
    ["invalid_number", "network"],
  );
});

test("without a key it says what is missing", async (t) => {
  const component = form(t, { publishableKey: "" });
  await type(component, "#phone", phone);
  tap(component, "#get");
  await noticed(component, /publishable-key/);
});

test("it speaks English, as WeChat does or as the page wants", async (t) => {
  assert.equal(drawn(form(t), "#get").text, "获取验证码");
  const component = form(t, { lang: "en" });
  assert.equal(drawn(component, "#get").text, "Get a code");
  assert.equal(drawn(component, "#code")["aria-label"], "Code");
  global.wx = makeWx({ language: "en" });
  assert.equal(drawn(form(t), "#check").text, "Verify");
  delete wx.getAppBaseInfo;
  wx.getSystemInfoSync = () => ({ language: "zh_TW" });
  assert.equal(drawn(form(t), "#check").text, "验证");
});

test("both languages have the same words", () => {
  assert.deepEqual(Object.keys(WORDS.zh), Object.keys(WORDS.en));
});

test("every refusal that a person can meet has words of its own", async () => {
  const { paths } = await (await fetch(`${house.base_url}/openapi.json`)).json();
  const operations = ["", "/{id}/resend", "/{id}/check"].map(
    (rest) => paths[`/v1/verifications${rest}`].post,
  );
  const codes = operations.flatMap(({ responses }) =>
    Object.values(responses).flatMap((one) => one["x-codes"] ?? []),
  );
  assert.ok(codes.includes("too_soon"));
  const worded = (code) => `error.${code}` in WORDS.zh || OF_PROGRAMS.includes(code);
  assert.deepEqual(
    [...new Set(codes)].filter((code) => !worded(code)),
    [],
  );
});

test("a form that is closed does not go on counting", async (t) => {
  const clear = t.mock.method(global, "clearInterval");
  const component = await sent(t);
  const before = clear.mock.callCount();
  component.detach();
  assert.equal(clear.mock.callCount(), before + 1);
});
