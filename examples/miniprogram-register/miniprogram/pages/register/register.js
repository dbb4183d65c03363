/** The whole loop: the form proves the number, the cloud function `register` believes the proof. */

const { apiUrl, publishableKey } = require("../../config.js");

Page({
  data: {
    apiUrl,
    publishableKey,
    result: publishableKey ? "" : "请先在 config.js 里填写 publishableKey。",
    problem: !publishableKey,
  },

  /** Nobody is registered yet: what runs here can be made to say anything. The proof goes on. */
  register({ detail }) {
    this.setData({ result: "正在注册…", problem: false });
    return wx.cloud.callFunction({ name: "register", data: { proof: detail.proof } }).then(
      ({ result }) => this.show(result),
      ({ errMsg }) => this.show({ code: -1, message: errMsg }),
    );
  },

  show({ code, message, data }) {
    const welcome = () => `注册成功：${data.phone}`;
    this.setData({ result: code === 0 ? welcome() : message, problem: code !== 0 });
  },
});
