// 注册入口：号码 → 验证码 → 用户。Phone, code, user.
"use strict";

const { Codes, TooOften } = require("../service/codes");
const { sendVerificationCode } = require("../service/sms");

const codes = new Codes();
const users = new Map(); // 您的数据库

const SENT = "验证码已发送";
const MAYBE = "验证码可能已发出，一分钟内没有收到请重试";

/** POST /user/register {phone} */
exports.register = async (req, res) => {
  const phone = canonical(req.body?.phone);
  if (!phone) return res.status(400).json({ code: 1002, message: "手机号码不正确" });
  let made;
  try {
    made = codes.create(phone, req.ip);
  } catch (error) {
    if (!(error instanceof TooOften)) throw error;
    return res.status(429).json({ code: 1003, message: "请求太频繁，请稍后再试" });
  }
  const { outcome, code } = await sendVerificationCode(phone, made.code, made.minutes);
  const registration = made.id;
  switch (outcome) {
    case "sent":
      return res.json({ code: 0, message: SENT, registration });
    case "unknown": // 可能已经发出：验证码留着有效，不再发。
      return res.status(202).json({ code: 0, message: MAYBE, registration });
    case "refused":
      codes.drop(registration);
      return code.startsWith("LimitExceeded.")
        ? res.status(429).json({ code: 1003, message: "请求太频繁，请稍后再试" })
        : res.status(400).json({ code: 1002, message: "该号码不能接收验证码" });
    default:
      codes.drop(registration);
      return res.status(503).json({ code: 1001, message: "短信服务异常" });
  }
};

/** POST /user/confirm {registration, code} */
exports.confirm = (req, res) => {
  const { registration, code } = req.body ?? {};
  const isWhole = typeof registration === "string" && /^\d{6}$/.test(code);
  const phone = isWhole ? codes.take(registration, code) : undefined;
  if (!phone) return res.status(400).json({ code: 1004, message: "验证码错误或已失效" });
  if (!users.has(phone)) users.set(phone, { id: users.size + 1, createdAt: new Date() });
  return res.json({ code: 0, message: "注册成功", user: { id: users.get(phone).id } });
};

/** 大陆手机号，写成 E.164；其他都不是。 */
function canonical(written) {
  const found = typeof written === "string" && /^(?:\+?86)?(1[3-9]\d{9})$/.exec(written.trim());
  return found ? `+86${found[1]}` : undefined;
}
