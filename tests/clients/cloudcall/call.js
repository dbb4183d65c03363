// Calls WeChat's APIs by wx-server-sdk, as it comes from npm and as a cloud function has it; what the
// function would return goes to standard output.
"use strict";

async function main(asked) {
  const cloud = require(`sdk-${asked.version}`);
  cloud.init({ env: asked.env || cloud.DYNAMIC_CURRENT_ENV, ...asked.init });
  const told = [];
  for (const call of asked.calls) {
    const openapi = call.options ? cloud.openapi(call.options) : cloud.openapi;
    const api = call.api.split(".").reduce((found, name) => found[name], openapi);
    try {
      told.push({ result: await api(...call.given) });
    } catch (error) {
      const { errCode, errMsg, message } = error;
      told.push({ error: { errCode, errMsg, message } });
    }
  }
  process.stdout.write(`\n${JSON.stringify(told)}`, () => process.exit());
}

const pieces = [];
process.stdin.on("data", (piece) => pieces.push(piece));
process.stdin.on("end", () => main(JSON.parse(Buffer.concat(pieces).toString("utf8"))));
