// The frame of the scripts: checks print "ok NAME"; restart() asks the test, over standard
// output and input, to restart the server and waits until it has.
"use strict";
const assert = require("node:assert");
const readline = require("node:readline");

const lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();

async function check(name, fn) {
  await fn();
  console.log("ok " + name);
}

async function restart() {
  console.log("RESTART");
  const { value } = await lines.next();
  assert.strictEqual(value, "GO");
}

// eventually repeats fn until it does not throw, for at most 100 seconds.
async function eventually(fn) {
  const end = Date.now() + 100000;
  for (;;) {
    try {
      return await fn();
    } catch (err) {
      if (Date.now() > end) throw err;
      await new Promise((r) => setTimeout(r, 20));
    }
  }
}

function run(main) {
  main().then(
    () => {
      console.log("done");
      process.exit(0);
    },
    (err) => {
      console.error(err);
      process.exit(1);
    },
  );
}

module.exports = { assert, check, restart, eventually, run, host: process.env.HOST, port: Number(process.env.PORT) };
