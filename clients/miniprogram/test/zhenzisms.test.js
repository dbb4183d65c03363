"use strict";

const assert = require("node:assert/strict");
const { beforeEach, test } = require("node:test");

const { called, loaded } = require("./support/client.js");
const { house, latest, newPhone } = require("./support/house.js");
const { nowhere, recorder } = require("./support/listener.js");
const { makeWx } = require("./support/wx.js");

const { app_id: appId, app_secret: appSecret, template_id: templateId } = house.zhenzi ?? {};
const SENT = { code: 0, data: "发送成功" };
const COMMON = { apiUrl: "https://sms.zhenzikj.com", appId: "100001", appSecret: "sec" };

let client;

beforeEach((t) => {
  global.wx = makeWx();
  t.mock.method(console, "warn", () => {});
  ({ client } = loaded());
  client.init(house.base_url, appId, appSecret);
});

const form = (asked) => Object.fromEntries(new URLSearchParams(asked.body));

/** A client of the original's address whose requests go to a server that tells of them. */
async function recorded(t, options) {
  const { url, asked } = await recorder(t, options);
  client.init(COMMON.apiUrl, COMMON.appId, COMMON.appSecret);
  client.baseUrl = url;
  return { url, asked };
}

// Against a house.

test("a text is sent as the document shows", async () => {
  const phone = newPhone();
  const res = await called(client, "send", phone, "您的验证码为2323");
  assert.deepEqual(res.data, SENT);
  assert.equal(res.statusCode, 200);
  assert.match((await latest(phone)).text, /您的验证码为2323/);
});

test("a text with a messageId is found by it", async () => {
  const messageId = `m-${newPhone()}`;
  assert.deepEqual(
    (await called(client, "send", newPhone(), "您的验证码为2323", messageId)).data,
    SENT,
  );
  const { data } = await called(client, "findSmsByMessageId", messageId);
  assert.equal(data.code, 0);
  assert.equal(data.data.messageId, messageId);
});

test("a template is filled with its parameters", async () => {
  const phone = newPhone();
  const data = { templateId, templateParams: ["0423", "5分钟"], number: phone };
  assert.deepEqual((await called(client, "send", data)).data, SENT);
  assert.match((await latest(phone)).text, /0423.*5分钟/);
  assert.deepEqual(data.templateParams, ["0423", "5分钟"]);
});

test("a text is sent from one data object too", async () => {
  const phone = newPhone();
  const data = { number: phone, message: "您的验证码为2424", clientIp: "221.221.221.111" };
  assert.deepEqual((await called(client, "send", data)).data, SENT);
  assert.match((await latest(phone)).text, /2424/);
});

test("the balance is a number and goes down", async () => {
  const before = (await called(client, "balance")).data;
  assert.equal(before.code, 0);
  assert.ok(Number.isInteger(before.data));
  await called(client, "send", newPhone(), "您的验证码为2323");
  assert.ok((await called(client, "balance")).data.data < before.data);
});

test("refusals come with the platform's codes", async () => {
  assert.equal((await called(client, "send", "123", "您的验证码为2323")).data.code, 100);
  client.init(house.base_url, "999999", appSecret);
  assert.equal((await called(client, "balance")).data.code, 105);
  client.init(house.base_url, appId, "00000000-0000-0000-0000-000000000000");
  const { data } = await called(client, "balance");
  assert.equal(data.code, 110);
  assert.equal(typeof data.data, "string");
});

test("slashes behind the address do no harm", async () => {
  client.init(`${house.base_url}//`, appId, appSecret);
  assert.equal((await called(client, "balance")).data.code, 0);
});

// What leaves it.

test("a text leaves as a form in which nothing is missing", async (t) => {
  const { asked } = await recorded(t);
  await called(client, "send", "15811111111", "您的验证码为 2323");
  assert.equal(asked[0].method, "POST");
  assert.equal(asked[0].path, "/sms/send.html");
  assert.equal(asked[0].headers["content-type"], "application/x-www-form-urlencoded");
  const rest = { message: "您的验证码为 2323", number: "15811111111", messageId: "", clientIp: "" };
  assert.deepEqual(form(asked[0]), { ...COMMON, ...rest });
});

test("a template leaves with its parameters as one field of JSON", async (t) => {
  const { asked } = await recorded(t);
  const data = { templateId: 355, templateParams: ["3421", "5分钟"], number: "15811111111" };
  await called(client, "send", data);
  await called(client, "send", { templateId: "355", number: "15811111111" });
  assert.equal(asked[0].path, "/sms/v2/send.html");
  const rest = { templateId: "355", number: "15811111111", messageId: "", clientIp: "" };
  assert.deepEqual(form(asked[0]), { ...COMMON, ...rest, templateParams: '["3421","5分钟"]' });
  assert.deepEqual(form(asked[1]), { ...COMMON, ...rest, templateParams: "" });
});

test("balance and find ask under their own paths", async (t) => {
  const { asked } = await recorded(t);
  await called(client, "balance");
  await called(client, "findSmsByMessageId", "dfee_dfdw_xdfd_dfdfd");
  assert.deepEqual([asked[0].path, form(asked[0])], ["/sms/balance.html", COMMON]);
  assert.equal(asked[1].path, "/sms/findSmsByMessageId.html");
  assert.equal(form(asked[1]).messageId, "dfee_dfdw_xdfd_dfdfd");
});

test("the address may have a path, and baseUrl goes before it", async (t) => {
  const { url, asked } = await recorded(t);
  client.baseUrl = "";
  client.init(` ${url}/sms-house/ `, "100001", "sec");
  await called(client, "balance");
  client.baseUrl = `${url}/other`;
  await called(client, "balance");
  assert.deepEqual(
    asked.map(({ path }) => path),
    ["/sms-house/sms/balance.html", "/other/sms/balance.html"],
  );
});

test("a callback may be left out", async (t) => {
  const { asked } = await recorded(t);
  client.send(undefined, "15811111111", "您的验证码为2323");
  await called(client, "balance");
  assert.equal(asked.length, 2);
});

// When no answer comes.

test("a request that fails answers in the same form", async () => {
  client.init(await nowhere(), appId, appSecret);
  const res = await called(client, "balance");
  assert.equal(res.data.code, -1);
  assert.match(res.data.data, /网络请求失败.*ECONNREFUSED/);
  assert.match(res.errMsg, /^request:fail/);
  assert.equal(res.statusCode, 0);
});

test("a domain that is not on the list is named", async () => {
  wx.domains = ["https://elsewhere.example"];
  const { data } = await called(client, "balance");
  assert.equal(data.code, -1);
  assert.ok(data.data.includes(`合法域名`) && data.data.includes(house.base_url));
});

test("a page of some proxy is a failure that has a code", async (t) => {
  await recorded(t, { status: 502, body: "<html>Bad Gateway</html>" });
  const { data, statusCode } = await called(client, "balance");
  assert.deepEqual([data.code, statusCode], [-1, 502]);
  assert.match(data.data, /HTTP 502/);
});

test("before init nothing leaves", async () => {
  const fresh = loaded().client;
  const { data } = await called(fresh, "balance");
  assert.equal(data.code, -2);
  assert.match(data.data, /client\.init/);
  assert.equal(wx.requests.length, 0);
});

// What a mini program should not hold.

test("an AppSecret is warned of, once", () => {
  console.warn.mock.resetCalls();
  const { client: fresh, Client } = loaded();
  fresh.init(house.base_url, house.publishable_key);
  assert.equal(console.warn.mock.callCount(), 0);
  fresh.init(house.base_url, "100001", "sec");
  new Client().init(house.base_url, "100001", "sec");
  assert.equal(console.warn.mock.callCount(), 1);
  const [sentence] = console.warn.mock.calls[0].arguments;
  assert.match(sentence, /小程序的代码是公开的.*AppSecret.*public/);
  assert.ok(!sentence.includes("sec'"));
});

for (const given of [[house.publishable_key], ["100001", house.publishable_key]]) {
  test(`a publishable key sends nothing (argument ${given.length + 1} of init)`, async () => {
    client.init(house.base_url, ...given);
    const answers = await Promise.all([
      called(client, "send", "15811111111", "您的验证码为2323"),
      called(client, "balance"),
      called(client, "findSmsByMessageId", "m-1"),
    ]);
    for (const { data } of answers) {
      assert.equal(data.code, -2);
      assert.match(data.data, /公开密钥.*publishable key/);
    }
    assert.equal(wx.requests.length, 0);
  });
}
