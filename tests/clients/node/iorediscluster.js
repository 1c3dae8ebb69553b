// ioredis' Cluster against the cluster with a node at HOST:PORT; see tests/clients/cluster_test.go.
"use strict";
const assert = require("node:assert");
const Redis = require("ioredis");

(async () => {
  const c = new Redis.Cluster([{ host: process.env.HOST, port: Number(process.env.PORT) }]);
  for (let i = 0; i < 100; i++) {
    assert.strictEqual(await c.set("io" + i, i), "OK");
    assert.strictEqual(await c.get("io" + i), String(i));
  }
  assert.strictEqual(c.nodes("master").length, 3);
  const p = c.pipeline();
  for (let i = 0; i < 10; i++) p.incr("{io}n");
  assert.deepStrictEqual((await p.exec())[9], [null, 10]);
  assert.deepStrictEqual(await c.multi().set("{io}t", "1").incr("{io}t").exec(), [[null, "OK"], [null, 2]]);
  await assert.rejects(c.mget("io1", "io2"), /CROSSSLOT/);
  c.defineCommand("both", { numberOfKeys: 1, lua: "return redis.call('get', KEYS[1])" });
  assert.strictEqual(await c.both("{io}t"), "2");
  c.disconnect();
  console.log("ok");
})().catch((err) => {
  console.error(err);
  process.exit(1);
});
