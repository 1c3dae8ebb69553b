"use strict";
const Redis = require("ioredis");
const { assert, check, restart, eventually, run, host, port } = require("./common");

run(async () => {
  const r = new Redis({ host, port });
  r.on("error", () => {}); // it reconnects by itself
  await check("connect", async () => assert.strictEqual(await r.ping(), "PONG"));
  await check("values", async () => {
    assert.strictEqual(await r.set("k", "v", "EX", 100), "OK");
    assert.strictEqual(await r.get("k"), "v");
    await r.hset("h", { a: "1", b: "2" });
    assert.deepStrictEqual(await r.hgetall("h"), { a: "1", b: "2" });
    await r.rpush("l", "a", "b", "c");
    assert.deepStrictEqual(await r.lrange("l", 0, -1), ["a", "b", "c"]);
    await r.zadd("z", 1, "one", 2, "two");
    assert.deepStrictEqual(await r.zrange("z", 0, -1, "WITHSCORES"), ["one", "1", "two", "2"]);
    await r.xadd("x", "1-1", "f", "v");
    assert.deepStrictEqual(await r.xrange("x", "-", "+"), [["1-1", ["f", "v"]]]);
  });
  await check("pipeline", async () => {
    const p = r.pipeline();
    for (let i = 0; i < 1000; i++) p.incr("n");
    const res = await p.exec();
    assert.deepStrictEqual(res[999], [null, 1000]);
  });
  await check("transaction", async () => {
    const res = await r.multi().set("t", "1").incr("t").exec();
    assert.deepStrictEqual(res, [[null, "OK"], [null, 2]]);
    await r.watch("t");
    const other = r.duplicate();
    await other.set("t", "9");
    assert.strictEqual(await r.multi().incr("t").exec(), null);
    other.disconnect();
  });
  await check("pubsub", async () => {
    const sub = r.duplicate();
    const got = new Promise((resolve) => sub.on("message", (ch, m) => resolve([ch, m])));
    await sub.subscribe("news");
    assert.strictEqual(await r.publish("news", "hello"), 1);
    assert.deepStrictEqual(await got, ["news", "hello"]);
    sub.disconnect();
  });
  await check("blocking", async () => {
    const b = r.duplicate();
    const got = b.blpop("queue", 5);
    await r.rpush("queue", "job");
    assert.deepStrictEqual(await got, ["queue", "job"]);
    assert.strictEqual(await b.blpop("queue", 0.05), null);
    b.disconnect();
  });
  await check("scan", async () => {
    const seen = new Set();
    const p = r.pipeline();
    for (let i = 0; i < 500; i++) p.set("s:" + i, i);
    await p.exec();
    for await (const keys of r.scanStream({ match: "s:*", count: 50 })) keys.forEach((k) => seen.add(k));
    assert.strictEqual(seen.size, 500);
  });
  await check("reconnect", async () => {
    await restart();
    await eventually(() => r.set("again", "1"));
    assert.strictEqual(await r.get("again"), "1");
  });
});
