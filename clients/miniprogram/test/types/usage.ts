/** What may be written and what may not; the compiler is the test. */

import { client, Client, type HongyanError, type Outcome, type Verification } from "../../index";

client.init("https://sms.example.com", "pk_0000");
client.init("https://sms.example.com", 100001, "pk_0000");
// @ts-expect-error an appId alone is no key
client.init("https://sms.example.com", "100001");
client.baseUrl = "https://sms.example.com";
new Client().init("https://sms.example.com", "100001", "secret");

client.send(
  (res) => {
    const status: number = res.statusCode;
    if (res.data.code === 0) return res.data.data.toUpperCase();
    return `${status} ${res.data.code} ${res.data.data}`;
  },
  "15811111111",
  "您的验证码为2323",
  "m-1",
);
client.send(console.log, { number: "15811111111", message: "您的验证码为2323" });
client.send(console.log, { number: "15811111111", templateId: 355, templateParams: ["1", "2"] });
// @ts-expect-error a message without a receiver
client.send(console.log, { message: "您的验证码为2323" });
// @ts-expect-error the callback comes first
client.send("15811111111", "您的验证码为2323", console.log);

client.balance(({ data }) => (data.code === 0 ? Number(data.data).toFixed() : data.data));
client.findSmsByMessageId(({ data }) => {
  if (data.code === 0 && typeof data.data === "object") wx.showToast({ title: data.data.status });
}, "m-1");

async function verified(phone: string, typed: () => Promise<string>): Promise<string> {
  const { id, resendIn }: Verification = await client.start({ phone, purpose: "login" });
  wx.showToast({ title: `${resendIn + 1}` });
  await client.resend({ id });
  const { proof } = await client.check({ id, code: await typed() });
  return proof;
}

verified("15811111111", async () => "012345").catch((error: HongyanError) => {
  if (error.code === "too_soon") return error.retryAfter + 1;
  return error.problem.detail;
});

client.start(
  (outcome: Outcome<Verification>) => {
    if (outcome.ok) return outcome.data.id;
    // @ts-expect-error a refusal has no id
    outcome.data.id;
    return outcome.data.code;
  },
  { phone: "15811111111" },
);
// @ts-expect-error a code is a string: 012345 is not 12345
client.check({ id: "x", code: 12345 });
// @ts-expect-error there is nothing to start without a number
client.start({});
