/** Servers of a test's own: ones that tell what they were asked, lose answers, or nobody knows. */

"use strict";

const { readFileSync } = require("node:fs");
const http = require("node:http");
const https = require("node:https");
const path = require("node:path");

async function listening(t, server, scheme = "http") {
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return `${scheme}://127.0.0.1:${server.address().port}`;
}

async function bodyOf(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString();
}

/** Answers all with this; `asked` holds what came. */
async function recorder(t, { status = 200, body = '{"code":0,"data":"发送成功"}' } = {}) {
  const asked = [];
  const server = http.createServer(async (request, response) => {
    const { method, url: path, headers } = request;
    asked.push({ method, path, headers, body: await bodyOf(request) });
    response.writeHead(status);
    response.end(body);
  });
  return { url: await listening(t, server), asked };
}

/** Takes requests, and says nothing. */
function silent(t) {
  return listening(t, http.createServer());
}

/** Answers behind a certificate that nobody has signed; HONGYAN_TEST_TLS is the folder of it. */
function selfSigned(t) {
  const file = (name) => readFileSync(path.join(process.env.HONGYAN_TEST_TLS, name));
  const server = https.createServer({ cert: file("cert.pem"), key: file("key.pem") });
  server.on("request", (_, response) => response.end('{"code":0,"data":1}'));
  return listening(t, server, "https");
}

/** Hands requests to a house, and drops the first answers on the way back. */
async function lossy(t, target, losses) {
  const keys = [];
  const server = http.createServer(async (request, response) => {
    const { method, url: path, headers } = request;
    keys.push(headers["idempotency-key"]);
    const { host, connection, "content-length": length, ...kept } = headers;
    const answer = await fetch(target + path, {
      method,
      headers: kept,
      body: await bodyOf(request),
    });
    const text = await answer.text();
    if (keys.length <= losses) return response.destroy();
    response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") });
    return response.end(text);
  });
  return { url: await listening(t, server), keys };
}

/** An address at which nobody answers. */
async function nowhere() {
  const server = http.createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}

module.exports = { lossy, nowhere, recorder, selfSigned, silent };
