/** What stands around the registration page and the phone: test numbers and code to take along. */

import { copyButton, find, make, say } from "./words.js";

const TEST_NUMBERS = Array.from({ length: 9 }, (_, index) => `1990000000${index + 1}`);

export function drawTestNumbers(onNumber) {
  const rows = TEST_NUMBERS.map((phone, index) => {
    const button = make("button", { type: "button", class: "link number" }, phone);
    button.addEventListener("click", () => onNumber(phone));
    const what = make("td", { words: `fault.${index + 1}` });
    return make("tr", {}, make("th", { scope: "row" }, button), what);
  });
  find("faults").replaceChildren(...rows);
}

export function drawSamples(key) {
  drawSample("mini-sample", miniProgram(location.origin, key));
  drawSample("server-sample", server(location.origin));
}

function drawSample(id, code) {
  const shown = make("pre", { tabindex: "0" }, make("code", {}, code));
  find(id).replaceChildren(copyButton(() => code), shown);
}

function miniProgram(origin, key) {
  return `\
const post = (path, data) => new Promise((resolve, reject) => {
  wx.request({
    url: "${origin}/v1/verifications" + path,
    method: "POST",
    header: {
      Authorization: "Bearer ${key}",
    },
    data,
    success: ({ statusCode, data }) =>
      statusCode < 300 ? resolve(data) : reject(data),
    fail: reject,
  });
});

Page({
  data: { phone: "", code: "" },

  // ${say("sample.send")}
  async send() {
    const { phone } = this.data;
    this.verification = await post("", { phone, purpose: "register" });
  },

  // ${say("sample.check")}
  async check() {
    const path = \`/\${this.verification.id}/check\`;
    const { proof } = await post(path, { code: this.data.code });
    // ${say("sample.proof")}
  },
});
`;
}

function server(origin) {
  return `\
# ${say("sample.verify")}
curl -s ${origin}/v1/proofs/verify \\
  -H 'Authorization: Bearer sk_…' \\
  -H 'Content-Type: application/json' \\
  -d '{"proof":"eyJ…"}'

# ${say("sample.notice")}
curl -s ${origin}/v1/messages \\
  -H 'Authorization: Bearer sk_…' \\
  -H 'Content-Type: application/json' \\
  -d '{"to":"13800138000","template":"notice","params":["${say("sample.shop")}"]}'
`;
}
