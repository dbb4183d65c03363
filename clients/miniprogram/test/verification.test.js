"use strict";

const assert = require("node:assert/strict");
const { beforeEach, test } = require("node:test");

const { called, loaded } = require("./support/client.js");
const { house, latest, newPhone, textsOf, verifyProof } = require("./support/house.js");
const { lossy, nowhere, recorder } = require("./support/listener.js");
const { makeWx } = require("./support/wx.js");

const purpose = "register";
let client;
let phone;

beforeEach(() => {
  global.wx = makeWx();
  ({ client } = loaded());
  client.init(house.base_url, house.publishable_key);
  phone = newPhone();
});

async function started() {
  const { id } = await client.start({ phone });
  const { code } = await latest(phone);
  return { id, code };
}

const wrong = (code) => String((Number(code) + 1) % 1_000_000).padStart(6, "0");

test("a number is verified and its proof is good", async () => {
  const begun = await client.start({ phone, purpose });
  assert.equal(begun.status, "pending");
  assert.ok(begun.resendIn > 50 && begun.resendIn <= 61, String(begun.resendIn));
  assert.ok(begun.expiresIn > begun.resendIn);
  const { code } = await latest(phone);
  const { status, proof } = await client.check({ id: begun.id, code });
  assert.equal(status, "approved");
  const verified = await verifyProof(proof);
  assert.equal(verified.status, 200);
  assert.equal(verified.body.phone, `+86${phone}`);
  assert.equal(verified.body.purpose, purpose);
});

test("the same with callbacks in front", async () => {
  const begun = await called(client, "start", { phone, purpose });
  assert.ok(begun.ok);
  assert.equal(begun.statusCode, 201);
  const { code } = await latest(phone);
  const checked = await called(client, "check", { id: begun.data.id, code });
  assert.ok(checked.ok);
  assert.equal((await verifyProof(checked.data.proof)).status, 200);
});

test("a purpose that is not named is to register", async () => {
  const { id, code } = await started();
  const { proof } = await client.check({ id, code });
  assert.equal((await verifyProof(proof)).body.purpose, "register");
});

test("a wrong code is refused by a stable code", async () => {
  const { id, code } = await started();
  await assert.rejects(client.check({ id, code: wrong(code) }), {
    name: "HongyanError",
    code: "invalid_or_expired",
    status: 400,
    retryAfter: 0,
  });
  const res = await called(client, "check", { id, code: wrong(code) });
  assert.deepEqual([res.ok, res.data.code], [false, "invalid_or_expired"]);
  assert.equal((await client.check({ id, code })).status, "approved");
});

test("too soon: it says how long, and to this very phone which verification waits", async () => {
  const { id, code } = await started();
  const error = await client.start({ phone }).catch((caught) => caught);
  assert.deepEqual([error.code, error.status], ["too_soon", 429]);
  assert.ok(error.retryAfter > 50 && error.retryAfter <= 60);
  assert.equal(error.verificationId, id);
  assert.equal((await client.check({ id: error.verificationId, code })).status, "approved");
});

test("too soon: another phone is not told of the verification", async () => {
  await started();
  const error = await client.start({ phone, device: "another" }).catch((caught) => caught);
  assert.deepEqual([error.code, error.verificationId], ["too_soon", ""]);
});

test("another code has to wait its time", async () => {
  const { id } = await started();
  const error = await client.resend({ id }).catch((caught) => caught);
  assert.equal(error.code, "too_soon");
  assert.ok(error.retryAfter > 50);
});

test("a device keeps its name between launches", async () => {
  await started();
  const fresh = loaded().client;
  fresh.init(house.base_url, "100001", house.publishable_key);
  await fresh.start({ phone: newPhone() });
  const [first, second] = wx.requests.map(({ data }) => data.client.device);
  assert.ok(first.length >= 32);
  assert.equal(first, second);
});

test("a phone without room for the name goes without", async () => {
  wx.getStorageSync = () => {
    throw new Error("no room");
  };
  assert.equal((await client.start({ phone })).status, "pending");
});

for (const [what, init, code] of [
  ["a key that is none", "pk_none", "unknown_key"],
  ["a purpose of somebody else", house.publishable_key, "key_not_allowed"],
]) {
  test(`${what} is refused`, async () => {
    client.init(house.base_url, init);
    await assert.rejects(client.start({ phone, purpose: "no_such_purpose" }), { code });
  });
}

test("a number that is none is refused", async () => {
  await assert.rejects(client.start({ phone: "123" }), { code: "invalid_number", status: 400 });
});

test("no key, no request", async (t) => {
  t.mock.method(console, "warn", () => {});
  client.init(house.base_url, "100001", "sec");
  await assert.rejects(client.start({ phone }), { code: "refused_here" });
  client.init("", house.publishable_key);
  await assert.rejects(client.start({ phone }), { code: "refused_here" });
  assert.equal((await called(client, "check", { id: "x", code: "1" })).data.code, "refused_here");
  assert.equal(wx.requests.length, 0);
});

// Answers that get lost.

test("an answer that got lost is asked for again, and one text is sent", async (t) => {
  const { url, keys } = await lossy(t, house.base_url, 1);
  client.init(url, house.publishable_key);
  const { id } = await client.start({ phone });
  assert.equal(keys.length, 2);
  assert.equal(keys[0], keys[1]);
  const { code } = await latest(phone);
  assert.equal((await client.check({ id, code })).status, "approved");
  assert.equal((await textsOf(phone)).length, 1);
});

test("a check whose answers got lost still passes when it is tried again", async (t) => {
  const { id, code } = await started();
  const { url, keys } = await lossy(t, house.base_url, 2);
  client.init(url, house.publishable_key);
  await assert.rejects(client.check({ id, code }), { code: "network" });
  assert.equal((await client.check({ id, code })).status, "approved");
  assert.equal(new Set(keys).size, 1);
});

test("an answer ends the key of its request", async () => {
  const { id, code } = await started();
  await client.check({ id, code: wrong(code) }).catch(() => {});
  await client.check({ id, code: wrong(code) }).catch(() => {});
  const keys = wx.requests.map(({ header }) => header["Idempotency-Key"]);
  assert.equal(new Set(keys).size, keys.length);
});

test("no answer at all is a refusal with a code", async () => {
  client.init(await nowhere(), house.publishable_key);
  await assert.rejects(client.start({ phone }), { code: "network", status: 0 });
  assert.equal(wx.requests.length, 2);
});

test("a page of some proxy is not understood", async (t) => {
  const { url } = await recorder(t, { status: 502, body: "<html>Bad Gateway</html>" });
  client.init(url, house.publishable_key);
  await assert.rejects(client.start({ phone }), { code: "unreadable", status: 502 });
});

test("a phone whose clock is wrong counts by the server's", async (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: Date.now() + 3_600_000 });
  const { resendIn } = await client.start({ phone });
  assert.ok(resendIn > 50 && resendIn <= 62, String(resendIn)); // `Date` has whole seconds
});
