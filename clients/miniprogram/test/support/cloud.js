/**
 * A stand-in for the cloud: runs a function of `cloudfunctions/` in a process's modules of its own,
 * with what of `wx-server-sdk` the functions use. Data and results go through JSON, as there.
 */

"use strict";

const Module = require("node:module");
const path = require("node:path");

const FOLDERS = [
  path.resolve(__dirname, "../../cloudfunctions"),
  path.resolve(__dirname, "../../../../examples/miniprogram-register/cloudfunctions"),
];

const sdk = {
  DYNAMIC_CURRENT_ENV: Symbol("current"),
  context: {},
  init({ env }) {
    if (env !== sdk.DYNAMIC_CURRENT_ENV) throw new Error(`Not the current environment: ${env}`);
  },
  getWXContext: () => sdk.context,
};

const load = Module._load;
Module._load = function loadOrStandIn(request, ...more) {
  return request === "wx-server-sdk" ? sdk : load.call(this, request, ...more);
};

function fileOf(name) {
  for (const folder of FOLDERS) {
    try {
      return require.resolve(path.join(folder, name));
    } catch {
      // In another folder, perhaps.
    }
  }
  throw new Error(`There is no cloud function ${name}`);
}

/** Call a function as this caller: `{}` for nobody from a mini program. */
async function invoke(name, data, context) {
  const { main } = require(fileOf(name));
  sdk.context = context;
  const result = await main(throughJson(data ?? {}), {});
  return throughJson(result);
}

function throughJson(value) {
  return JSON.parse(JSON.stringify(value));
}

module.exports = invoke;
