/** Another code, which has to wait its minute: against a house whose clock these tests move. */

"use strict";

const assert = require("node:assert/strict");
const path = require("node:path");
const { beforeEach, test } = require("node:test");

const { drawn, eventually, opened, tap, type } = require("./support/simulate.js");
const { loaded } = require("./support/client.js");
const { house, latest, newPhone } = require("./support/house.js");
const { makeWx } = require("./support/wx.js");

const ROOT = path.resolve(__dirname, "..", "components");

let phone;

beforeEach(() => {
  global.wx = makeWx();
  phone = newPhone();
});

async function passBy(seconds) {
  const answer = await fetch(house.clock_url, { method: "POST", body: String(seconds) });
  assert.equal(answer.status, 204);
}

test("another code voids the one before", async () => {
  const { client } = loaded();
  client.init(house.base_url, house.publishable_key);
  const begun = await client.start({ phone });
  const first = await latest(phone);
  await passBy(61);
  const again = await client.resend({ id: begun.id });
  assert.equal(again.id, begun.id);
  assert.equal(again.sends_left, begun.sends_left - 1);
  const second = await latest(phone, first.id);
  if (first.code !== second.code) {
    const void_ = client.check({ id: begun.id, code: first.code });
    await assert.rejects(void_, { code: "invalid_or_expired" });
  }
  assert.equal((await client.check({ id: begun.id, code: second.code })).status, "approved");
});

test("the form gets another code, and begins anew when there are no more", async (t) => {
  t.mock.timers.enable({ apis: ["Date", "setInterval"], now: Date.now() });
  const form = opened(t, path.join(ROOT, "phone-code", "phone-code"), ROOT, {
    apiUrl: house.base_url,
    publishableKey: house.publishable_key,
  });
  const asked = () => wx.requests.map(({ url }) => url.split("/").at(-1));
  await type(form, "#phone", phone);
  let text = "";
  for (const [coolDown, last] of [
    [60, "verifications"],
    [60, "resend"],
    [120, "resend"],
  ]) {
    tap(form, "#get");
    await eventually(() => form.data.wait);
    assert.match(drawn(form, "#notice").text, /^验证码已发送/);
    assert.equal(asked().at(-1), last);
    text = (await latest(phone, text)).id;
    await passBy(coolDown + 1);
    t.mock.timers.tick(form.data.wait * 1000);
    await eventually(() => drawn(form, "#get").text === "重新获取");
  }
  // Three texts of a verification are its last, and three a day those to one phone from a stranger.
  tap(form, "#get");
  await eventually(() => form.data.wait);
  assert.deepEqual(asked().slice(-2), ["resend", "verifications"]);
  assert.match(drawn(form, "#get").text, /^\d+:\d\d:\d\d 后重试$/);
});
