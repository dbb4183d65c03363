/**
 * The package as a mini program gets it: `npm install` unpacks what `npm pack` would hold, and “构建
 * npm” copies the folder that `miniprogram` names into `miniprogram_npm/`. There WeChat looks for the
 * file that was asked for, or for its `index.js`; it does not read package.json.
 */

"use strict";

const assert = require("node:assert/strict");
const { spawnSync } = require("node:child_process");
const { copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync } = require("node:fs");
const { tmpdir } = require("node:os");
const path = require("node:path");
const { after, before, test } = require("node:test");

const CLIENT = path.resolve(__dirname, "..");
const { name, main, miniprogram } = require("../package.json");

let root;
let built;

before(() => {
  root = mkdtempSync(path.join(tmpdir(), "hongyan-npm-"));
  const installed = path.join(root, "node_modules", name);
  for (const file of packed()) {
    const to = path.join(installed, file);
    mkdirSync(path.dirname(to), { recursive: true });
    copyFileSync(path.join(CLIENT, file), to);
  }
  built = path.join(root, "miniprogram_npm", name);
  cpSync(path.join(installed, miniprogram), built, { recursive: true });
  rmSync(path.join(built, "package.json"), { force: true });
});
after(() => rmSync(root, { recursive: true, force: true }));

function packed() {
  const { status, stdout, stderr } = spawnSync(
    "npm",
    ["pack", "--dry-run", "--json", "--offline", "--ignore-scripts", "--no-update-notifier"],
    { cwd: CLIENT, encoding: "utf8", shell: process.platform === "win32" },
  );
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout)[0].files.map((file) => file.path);
}

test("the package is found by its name", () => {
  const { client, Client } = require(path.join(built, "index.js"));
  assert.ok(client instanceof Client);
  assert.equal(client, require(path.join(built, "utils/zhenzisms.js")).client);
});

test("its form finds the client", (t) => {
  const components = [];
  global.Component = (one) => components.push(one);
  t.after(() => delete global.Component);
  require(path.join(built, "components/phone-code/phone-code.js"));
  assert.equal(components.length, 1);
});

test("whoever reads `main` finds the same file", () => assert.equal(main, "index.js"));
