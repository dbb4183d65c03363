/**
 * The text that was sent under a `messageId`: of the environment's app, for anybody in the mini
 * program. A product asks first whether this caller (`openId()`) is an administrator.
 */

"use strict";

const { ask } = require("./hongyan.js");

exports.main = (event) =>
  ask("/sms/findSmsByMessageId.html", event, { messageId: event.messageId });
