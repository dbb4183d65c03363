/**
 * The back end of the registration: has the house verify the proof, which it does once, and only
 * then registers the number for the person who called.
 *
 * Environment: HONGYAN_API_URL, and HONGYAN_API_KEY, a secret key of the app.
 */

"use strict";

const cloud = require("wx-server-sdk");
const { verify } = require("./proofs.js");

cloud.init({ env: cloud.DYNAMIC_CURRENT_ENV });

exports.main = async ({ proof }) => {
  const { OPENID } = cloud.getWXContext();
  if (!OPENID) return { code: 1, message: "只有小程序里的用户可以注册。" };
  const verified = await verify(proof);
  if (!verified) return { code: 2, message: "验证已失效，请重新获取验证码。" };
  if (verified.purpose !== "register") return { code: 2, message: "这不是注册用的验证。" };
  // Here your program keeps its member, {openid: OPENID, phone: verified.phone}: in the database of
  // the cloud, say, with the phone as its unique name.
  return { code: 0, message: "注册成功", data: { phone: masked(verified.phone) } };
};

const masked = (phone) => phone.replace(/\d{4}(?=\d{4}$)/, "****");
