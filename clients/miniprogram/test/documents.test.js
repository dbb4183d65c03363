/** What the README names is there, and what is there it names. */

"use strict";

const assert = require("node:assert/strict");
const { readFileSync } = require("node:fs");
const path = require("node:path");
const { test } = require("node:test");

const read = (name) => readFileSync(path.resolve(__dirname, "..", name), "utf8");
const [chinese, english] = read("README.md").split("\n## English\n");

const variables = new Set(read("cloudfunctions/hongyan.js").match(/HONGYAN_[A-Z_]+/g));

for (const [language, text] of Object.entries({ chinese, english })) {
  for (const name of variables) {
    test(`${name} is explained (${language})`, () => assert.ok(text.includes(`\`${name}`)));
  }
  test(`the properties of the form are explained (${language})`, () => {
    const [, properties] = read("components/phone-code/phone-code.js").match(
      /properties: \{(.*?)\n {2}\},/s,
    );
    const names = properties.match(/\w+(?=: \{)/g);
    assert.ok(names.includes("purpose"));
    for (const name of names) {
      const dashed = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
      assert.ok(text.includes(`\`${dashed}\``), dashed);
    }
  });
}

const sample = read("../../examples/miniprogram-register/README.md").split("\n## English\n");
const documents = { "the client": [chinese, english], "the sample": sample };

for (const [whose, [inChinese, inEnglish]] of Object.entries(documents)) {
  test(`who may look up texts and the balance is told (${whose})`, () => {
    for (const [text, word] of [
      [inChinese, /管理员/],
      [inEnglish, /administrator/],
    ]) {
      const told = text.split("\n\n").find((one) => word.test(one)) || "";
      for (const name of ["zhenzisms_balance", "zhenzisms_findSmsByMessageId", "OPENID"]) {
        assert.ok(told.includes(name), name);
      }
    }
  });
  test(`an app is named by its name or its AppId (${whose})`, () => {
    assert.doesNotMatch(inChinese, /应用名/);
    assert.match(inChinese, /`app_…`/);
  });
}

test("where `npm install` belongs is told", () => {
  for (const text of [chinese, english]) {
    const told = text.split("\n\n").find((one) => one.includes("`npm install`"));
    assert.match(told, /`miniprogramRoot`[^]*`package\.json`/);
  }
});
