// ioredis' Cluster counts until its input ends, while slots move and a primary dies; see tests/clients/clustermoves_test.go.
"use strict";
const assert = require("node:assert");
const Redis = require("ioredis");

(async () => {
  const c = new Redis.Cluster([{ host: process.env.HOST, port: Number(process.env.PORT) }], { redisOptions: { connectTimeout: 1000 } });
  c.on("error", () => {});
  let end = 0;
  process.stdin.on("end", () => (end = Date.now() + 60000)).resume();
  let said = 0;
  for (let n = 1, after = 0; after < 20; n++) {
    try {
      await c.incr("ioredis:" + (n % 64));
      said++;
      if (end) after++;
    } catch (err) {
      after = 0;
      if (end && Date.now() > end) throw err;
      await new Promise((done) => setTimeout(done, 5));
    }
  }
  let there = 0;
  for (let i = 0; i < 64; i++) there += Number((await c.get("ioredis:" + i)) || 0);
  assert.ok(said >= 20 && said <= there + 50, `told of ${said}, there are ${there}`);
  c.disconnect();
  console.log("ok", said, there);
})().catch((err) => {
  console.error(err);
  process.exit(1);
});
