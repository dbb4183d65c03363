// Runs a cloud function as the cloud does; what it returns goes to standard output.
"use strict";

async function main(asked) {
  const answer = await require(asked.function).main({}, {});
  process.stdout.write(`\n${JSON.stringify(answer)}`, () => process.exit());
}

const pieces = [];
process.stdin.on("data", (piece) => pieces.push(piece));
process.stdin.on("end", () => main(JSON.parse(Buffer.concat(pieces).toString("utf8"))));
