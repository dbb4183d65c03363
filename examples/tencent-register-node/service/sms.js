// 发送验证码。Sends a code by Tencent's own client, and says which of four things came of it.
"use strict";

const { sms } = require("tencentcloud-sdk-nodejs-sms");

const config = require("../config");

const client = new sms.v20210111.Client({
  credential: { secretId: config.secretId, secretKey: config.secretKey },
  region: config.region,
  profile: {
    httpProfile: { protocol: config.protocol, endpoint: config.endpoint, reqTimeout: 10 },
  },
});

/**
 * - `sent`：平台已受理。
 * - `refused`：号码不对或太频繁，没有发出；`code` 是平台的错误码。
 * - `failed`：平台拒绝了请求，没有发出。
 * - `unknown`：没有等到回答，**可能已经发出**：不要自动重发。
 */
exports.sendVerificationCode = async (phone, code, minutes) => {
  let status;
  try {
    const answer = await client.SendSms({
      PhoneNumberSet: [phone],
      SmsSdkAppId: config.sdkAppId,
      SignName: config.signName,
      TemplateId: config.templateId,
      TemplateParamSet: [code, String(minutes)],
    });
    // HTTP 200 说明不了什么：每个号码有自己的结果。
    status = answer.SendStatusSet[0];
  } catch (error) {
    // 平台的错误都带 requestId；没有就是网络出错。日志里只有错误码，没有号码和验证码。
    console.error("SendSms", error.code || error.name, error.requestId || "no answer");
    return { outcome: error.requestId ? "failed" : "unknown", code: error.code };
  }
  if (status.Code === "Ok") return { outcome: "sent", serialNo: status.SerialNo };
  console.error("SendSms", status.Code);
  const isTheirs = /^LimitExceeded\.|IncorrectPhoneNumber$|PhoneNumberInBlacklist$/.test(status.Code);
  return { outcome: isTheirs ? "refused" : "failed", code: status.Code };
};
