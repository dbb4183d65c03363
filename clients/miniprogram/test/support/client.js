/** The client as a mini program has just loaded it, and its callbacks as Promises. */

"use strict";

const FILE = require.resolve("../../zhenzisms.js");

function loaded() {
  delete require.cache[FILE];
  return require(FILE);
}

/** What a call with its callback in front answers. */
function called(client, method, ...rest) {
  return new Promise((resolve) => client[method](resolve, ...rest));
}

module.exports = { called, loaded };
