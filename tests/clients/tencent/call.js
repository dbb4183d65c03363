// Calls actions by Tencent's own client, as it comes from npm; what it is told goes to standard output.
"use strict";

const { sms } = require("tencentcloud-sdk-nodejs-sms");

const VERSIONS = { "2021-01-11": sms.v20210111, "2019-07-11": sms.v20190711 };

async function main(asked) {
  const told = [];
  for (const call of asked.calls) {
    const client = new VERSIONS[call.version].Client({
      credential: asked.credential,
      region: asked.region,
      profile: {
        signMethod: asked.signMethod,
        language: asked.language,
        httpProfile: {
          endpoint: asked.endpoint,
          protocol: asked.protocol,
          reqMethod: asked.reqMethod,
        },
      },
    });
    try {
      told.push({ answer: await client[call.action](call.parameters) });
    } catch (error) {
      const { code, message, requestId, traceId } = error;
      told.push({ error: { code, message, requestId, traceId, name: error.constructor.name } });
    }
  }
  process.stdout.write(JSON.stringify(told));
}

const pieces = [];
process.stdin.on("data", (piece) => pieces.push(piece));
process.stdin.on("end", () => main(JSON.parse(Buffer.concat(pieces).toString("utf8"))));
