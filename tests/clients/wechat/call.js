// Calls WeChat's APIs by node-easywechat, as it comes from npm; what it is told goes to standard output.
"use strict";

const { MiniApp } = require("node-easywechat");

async function main(asked) {
  process.chdir(asked.folder); // Where it keeps its tokens.
  const app = new MiniApp({
    app_id: asked.appid,
    secret: asked.secret,
    use_stable_access_token: asked.stable,
    http: { throw: asked.throws, ...(asked.url ? { baseURL: asked.url } : {}) },
  });
  const told = [];
  for (const call of asked.calls) {
    try {
      const answer = await app.getClient().postJson(call.path, call.body);
      told.push({ answer: answer.toObject() });
    } catch (error) {
      told.push({ error: { name: error.constructor.name, message: error.message } });
    }
  }
  process.stdout.write(JSON.stringify(told));
}

const pieces = [];
process.stdin.on("data", (piece) => pieces.push(piece));
process.stdin.on("end", () => main(JSON.parse(Buffer.concat(pieces).toString("utf8"))));
