/** How many texts one person may cause: against a house whose app allows one a day. */

"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");

const invoke = require("./support/cloud.js");
const { house, newPhone } = require("./support/house.js");

const { app_id: appId, app_secret: appSecret } = house.zhenzi;
process.env.HONGYAN_API_URL = house.base_url;
process.env.HONGYAN_APP_ID = appId;
process.env.HONGYAN_APP_SECRET = appSecret;

test("the limit of a client counts by openid, whatever the caller says", async () => {
  const send = async (openid, clientIp) => {
    const data = { number: newPhone(), message: "您的验证码为2323", clientIp };
    return (await invoke("zhenzisms_send", data, { OPENID: openid })).body.code;
  };
  assert.equal(await send("o-first", "1.1.1.1"), 0);
  assert.equal(await send("o-first", "2.2.2.2"), 109);
  assert.equal(await send("o-second", "1.1.1.1"), 0);
});
