/**
 * Copies what has to lie in several places, for a cloud function and a mini program are each
 * deployed as one folder. With `--check` it only tells which copies differ, and fails.
 */

"use strict";

const { mkdirSync, readdirSync, readFileSync, existsSync, writeFileSync } = require("node:fs");
const path = require("node:path");

const CLIENT = path.resolve(__dirname, "..");
const SAMPLE = path.resolve(CLIENT, "../../examples/miniprogram-register");

const FUNCTIONS = ["zhenzisms_send", "zhenzisms_balance", "zhenzisms_findSmsByMessageId"];

/** [from, to], each inside its root. */
function* copies() {
  for (const name of FUNCTIONS) {
    yield* into(SAMPLE, `cloudfunctions/${name}`, filesOf(`cloudfunctions/${name}`));
    for (const root of [CLIENT, SAMPLE]) {
      yield ["cloudfunctions/hongyan.js", path.join(root, "cloudfunctions", name, "hongyan.js")];
    }
  }
  yield ["zhenzisms.js", path.join(SAMPLE, "miniprogram/utils/zhenzisms.js")];
  const component = filesOf("components/phone-code");
  yield* into(SAMPLE, "miniprogram/components/phone-code", component);
}

function filesOf(folder) {
  return readdirSync(path.join(CLIENT, folder))
    .filter((name) => name !== "hongyan.js" && name !== "node_modules")
    .map((name) => path.join(folder, name));
}

function* into(root, folder, files) {
  for (const file of files) yield [file, path.join(root, folder, path.basename(file))];
}

function read(file) {
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}

const differing = [...copies()].filter(([from, to]) => read(path.join(CLIENT, from)) !== read(to));
const names = differing.map(([, to]) => path.relative(path.resolve(CLIENT, "../.."), to));

if (process.argv.includes("--check")) {
  if (names.length)
    console.error(`Not the same as their originals; npm run copy: ${names.join(", ")}`);
  process.exitCode = names.length ? 1 : 0;
} else {
  for (const [from, to] of differing) {
    mkdirSync(path.dirname(to), { recursive: true });
    writeFileSync(to, read(path.join(CLIENT, from)));
  }
  for (const name of names) console.log(name);
}
