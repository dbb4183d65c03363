/** What WeChat runs as it is keeps to the language that its older devices know. */

"use strict";

const assert = require("node:assert/strict");
const { readFileSync, readdirSync } = require("node:fs");
const path = require("node:path");
const { test } = require("node:test");

const { parse } = require("acorn");

const CLIENT = path.resolve(__dirname, "..");
const SAMPLE = path.resolve(CLIENT, "../../examples/miniprogram-register");

const FOLDERS = [
  [path.join(CLIENT, "components"), 2018],
  [path.join(SAMPLE, "miniprogram"), 2018],
  [path.join(CLIENT, "cloudfunctions"), 2021], // Node 16
  [path.join(SAMPLE, "cloudfunctions"), 2021],
];

function files() {
  const found = ["index.js", "zhenzisms.js"].map((name) => [path.join(CLIENT, name), 2018]);
  for (const [folder, edition] of FOLDERS) {
    for (const name of readdirSync(folder, { recursive: true })) {
      if (name.endsWith(".js")) found.push([path.join(folder, name), edition]);
    }
  }
  return found;
}

for (const [file, edition] of files()) {
  test(`${path.relative(path.resolve(CLIENT, "../.."), file)} is ES${edition}`, () => {
    assert.doesNotThrow(() => parse(readFileSync(file, "utf8"), { ecmaVersion: edition }));
  });
}
