"use strict";
const { createClient } = require("redis");
const { assert, check, restart, eventually, run, host, port } = require("./common");

async function scenario(RESP) {
  const name = (s) => `${s} (RESP${RESP})`;
  const r = createClient({ RESP, socket: { host, port, reconnectStrategy: 50 } });
  r.on("error", () => {}); // it reconnects by itself
  await r.connect();
  await r.flushAll();
  await check(name("connect"), async () => assert.strictEqual(await r.ping(), "PONG"));
  await check(name("values"), async () => {
    await r.set("k", "v", { EX: 100 });
    assert.strictEqual(await r.get("k"), "v");
    await r.hSet("h", { a: "1", b: "2" });
    assert.deepStrictEqual({ ...(await r.hGetAll("h")) }, { a: "1", b: "2" });
    await r.zAdd("z", [{ score: 1.5, value: "one" }, { score: 2, value: "two" }]);
    assert.deepStrictEqual(await r.zRangeWithScores("z", 0, -1), [{ score: 1.5, value: "one" }, { score: 2, value: "two" }]);
    await r.sAdd("s", ["a", "b"]);
    assert.strictEqual((await r.sMembers("s")).length, 2);
    await r.xAdd("x", "1-1", { f: "v" });
    assert.strictEqual((await r.xRange("x", "-", "+"))[0].message.f, "v");
  });
  await check(name("pipeline"), async () => {
    const all = await Promise.all(Array.from({ length: 1000 }, () => r.incr("n")));
    assert.strictEqual(all[999], 1000);
  });
  await check(name("transaction"), async () => {
    assert.deepStrictEqual(await r.multi().set("t", "1").incr("t").exec(), ["OK", 2]);
  });
  await check(name("pubsub"), async () => {
    const sub = r.duplicate();
    sub.on("error", () => {});
    await sub.connect();
    let resolve;
    const got = new Promise((res) => (resolve = res));
    await sub.pSubscribe("n*", (m, ch) => resolve([ch, m]));
    assert.strictEqual(await r.publish("news", "hello"), 1);
    assert.deepStrictEqual(await got, ["news", "hello"]);
    sub.destroy();
  });
  await check(name("blocking"), async () => {
    const b = r.duplicate();
    b.on("error", () => {});
    await b.connect();
    const got = b.blPop("queue", 5);
    await r.rPush("queue", "job");
    assert.deepStrictEqual({ ...(await got) }, { key: "queue", element: "job" });
    b.destroy();
  });
  await check(name("scan"), async () => {
    await Promise.all(Array.from({ length: 500 }, (_, i) => r.set("s:" + i, "x")));
    const seen = new Set();
    for await (const keys of r.scanIterator({ MATCH: "s:*", COUNT: 50 })) [].concat(keys).forEach((k) => seen.add(k));
    assert.strictEqual(seen.size, 500);
  });
  return r;
}

run(async () => {
  (await scenario(2)).destroy();
  const r = await scenario(3);
  await check("reconnect", async () => {
    await restart();
    await eventually(() => r.set("again", "1"));
    assert.strictEqual(await r.get("again"), "1");
  });
  r.destroy();
});
