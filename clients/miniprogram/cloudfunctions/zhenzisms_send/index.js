/** Send one text: `message`, or `templateId` with `templateParams`, to `number`. */

"use strict";

const { ask, openId } = require("./hongyan.js");

exports.main = async (event) => {
  const receiver = {
    number: event.number,
    messageId: event.messageId || "",
    // Who asks is what WeChat says, never what the caller says: the app's limit counts by it.
    clientIp: openId() || event.clientIp || "",
  };
  if (!event.templateId) {
    return ask("/sms/send.html", event, { message: event.message, ...receiver });
  }
  const { templateId, templateParams } = event;
  const params = Array.isArray(templateParams) ? JSON.stringify(templateParams) : templateParams;
  return ask("/sms/v2/send.html", event, { templateId, templateParams: params, ...receiver });
};
