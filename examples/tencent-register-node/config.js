// 所有配置来自环境变量；密钥不写进代码。All settings come from the environment; no secret stands in code.
"use strict";

function required(name) {
  const value = process.env[name];
  if (!value) {
    console.error(`缺少环境变量 ${name} · ${name} is not set; see README.md`);
    process.exit(1);
  }
  return value;
}

// `http://127.0.0.1:8080`、`https://sms.example.com`，或不带协议的域名。
const [, protocol, endpoint] = /^(https?:\/\/)?([^/]+)\/?$/.exec(
  process.env.TENCENT_SMS_ENDPOINT || "sms.tencentcloudapi.com",
) || [undefined, undefined, undefined];
if (!endpoint) {
  console.error("TENCENT_SMS_ENDPOINT 不是地址 · TENCENT_SMS_ENDPOINT is no address");
  process.exit(1);
}

module.exports = {
  secretId: required("TENCENT_SECRET_ID"),
  secretKey: required("TENCENT_SECRET_KEY"),
  sdkAppId: required("TENCENT_SMS_SDK_APP_ID"),
  signName: required("TENCENT_SMS_SIGN_NAME"),
  templateId: required("TENCENT_SMS_TEMPLATE_ID"),
  region: process.env.TENCENT_REGION || "ap-guangzhou",
  protocol: protocol || "https://",
  endpoint,
  host: process.env.HOST || "127.0.0.1",
  port: Number(process.env.PORT || 3000),
};
