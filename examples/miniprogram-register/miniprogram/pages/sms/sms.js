/**
 * The three cloud functions of the Zhenzi documents, called as there but without apiUrl,
 * appId and appSecret: those are in the environment of the functions.
 */

Page({
  data: {
    number: "",
    message: "您的验证码为2323",
    messageId: "",
    busy: false,
    result: "",
    problem: false,
  },

  typeNumber({ detail }) {
    this.setData({ number: detail.value });
  },

  typeMessage({ detail }) {
    this.setData({ message: detail.value });
  },

  send() {
    const { number, message } = this.data;
    this.setData({ busy: true, result: "" });
    // Who knows the id of a text can look it up: so it is random, and says nothing of the receiver.
    wx.getRandomValues({
      length: 16,
      success: ({ randomValues }) => {
        const messageId = hexadecimal(randomValues);
        this.call("zhenzisms_send", { number, message, messageId }, (data) => {
          this.setData({ messageId });
          return data;
        });
      },
      fail: ({ errMsg }) => this.setData({ busy: false, result: errMsg, problem: true }),
    });
  },

  find() {
    const { messageId } = this.data;
    this.call(
      "zhenzisms_findSmsByMessageId",
      { messageId },
      (data) => `${data.status}: ${data.message}`,
    );
  },

  balance() {
    this.call("zhenzisms_balance", {}, (data) => `剩余 ${data} 条`);
  },

  /** `words` says what a success looks like; a refusal comes in words of its own. */
  call(name, data, words) {
    this.setData({ busy: true, result: "" });
    wx.cloud.callFunction({
      name,
      data,
      success: ({ result: { body } }) => {
        const result = body.code === 0 ? words(body.data) : `${body.data}（${body.code}）`;
        this.setData({ result, problem: body.code !== 0 });
      },
      fail: ({ errMsg }) => this.setData({ result: errMsg, problem: true }),
      complete: () => this.setData({ busy: false }),
    });
  },
});

function hexadecimal(buffer) {
  const octets = Array.from(new Uint8Array(buffer));
  return octets.map((octet) => octet.toString(16).padStart(2, "0")).join("");
}
