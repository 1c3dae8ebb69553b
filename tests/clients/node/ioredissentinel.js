"use strict";
const Redis = require("ioredis");
const { assert, restart, eventually, run, host } = require("./common");

// Clients that ask the sentinels at the PORTS of HOST; see tests/repl/clients_test.go.
run(async () => {
  const sentinels = process.env.PORTS.split(",").map((port) => ({ host, port: Number(port) }));
  const connect = (role) => {
    const r = new Redis({ sentinels, name: "mymaster", role, maxRetriesPerRequest: null, failoverDetector: role === "master" });
    r.on("error", () => {}); // it reconnects by itself
    // But for one case: its failover detector disconnects what is just asking the sentinels, and then it ends for good.
    r.on("end", () => r.connect().catch(() => {}));
    return r;
  };
  const primary = connect("master");
  const replica = connect("slave");
  const write = (key) => async () => {
    assert.strictEqual(await primary.set(key, key), "OK");
    assert.strictEqual(await primary.get(key), key);
    assert.ok((await primary.wait(1, 1000)) >= 1);
  };
  const same = (key) => async () => assert.strictEqual(await replica.get(key), key);
  const portOf = async () => (await primary.config("GET", "port"))[1];
  await eventually(write("io:before"));
  await eventually(same("io:before"));
  await eventually(async () => assert.match(await replica.info("replication"), /role:slave/));
  const before = await portOf();
  await restart();
  await eventually(write("io:after"));
  await eventually(async () => {
    assert.strictEqual(await primary.get("io:before"), "io:before");
    assert.match(await primary.info("replication"), /role:master/);
    assert.notStrictEqual(await portOf(), before);
  });
  await eventually(same("io:after"));
});
