// Rate limiters and a lock that decide in scripts: rate-limiter-flexible with both clients,
// express-rate-limit with its redis store, and redlock.
"use strict";
const express = require("express");
const { rateLimit } = require("express-rate-limit");
const { RedisStore } = require("rate-limit-redis");
const { RateLimiterRedis, RateLimiterRes, BurstyRateLimiter, RateLimiterUnion } = require("rate-limiter-flexible");
const Redlock = require("redlock");
const Redis = require("ioredis");
const { createClient } = require("redis");
const { assert, check, eventually, run, host, port } = require("./common");

const hour = 3600;

// refusal gives what a limiter says to one whom it does not let through.
async function refusal(promise) {
  const res = await promise.then(
    () => assert.fail("let through"),
    (err) => err,
  );
  assert.ok(res instanceof RateLimiterRes, res);
  return res;
}

async function flexible(client, keyPrefix, more) {
  const limiter = new RateLimiterRedis({ storeClient: client, keyPrefix, points: 50, duration: hour, blockDuration: 2 * hour, ...more });
  const first = await limiter.consume("user", 20);
  assert.strictEqual(first.remainingPoints, 30);
  assert.ok(first.isFirstInDuration && first.msBeforeNext > 3500e3 && first.msBeforeNext <= 3600e3, first);
  const second = await limiter.consume("user");
  assert.ok(second.consumedPoints === 21 && !second.isFirstInDuration, second);
  assert.strictEqual((await limiter.penalty("user", 4)).consumedPoints, 25);
  assert.strictEqual((await limiter.reward("user", 5)).consumedPoints, 20);
  assert.strictEqual((await limiter.get("user")).remainingPoints, 30);
  assert.strictEqual(await limiter.get("nobody"), null);
  // 100 at the same time: exactly as many as there are points.
  const all = await Promise.allSettled(Array.from({ length: 100 }, () => limiter.consume("crowd")));
  assert.strictEqual(all.filter((r) => r.status === "fulfilled").length, 50);
  // Whoever asked too often is blocked for longer.
  const blocked = await refusal(limiter.consume("crowd"));
  assert.ok(blocked.msBeforeNext > 3601e3 && blocked.msBeforeNext <= 7200e3, blocked);
  assert.strictEqual(await limiter.delete("crowd"), true);
  assert.strictEqual((await limiter.consume("crowd")).consumedPoints, 1);
  await limiter.set("set", 50, hour);
  assert.strictEqual((await refusal(limiter.consume("set"))).remainingPoints, 0);
  const short = new RateLimiterRedis({ storeClient: client, keyPrefix: keyPrefix + "short", points: 1, duration: 1, ...more });
  await short.consume("user");
  await eventually(() => short.consume("user"));
}

async function combined(client) {
  const slow = new RateLimiterRedis({ storeClient: client, keyPrefix: "slow", points: 2, duration: hour });
  const burst = new RateLimiterRedis({ storeClient: client, keyPrefix: "burst", points: 3, duration: hour });
  const bursty = new BurstyRateLimiter(slow, burst);
  for (let i = 0; i < 5; i++) await bursty.consume("user");
  await refusal(bursty.consume("user"));
  const union = new RateLimiterUnion(
    new RateLimiterRedis({ storeClient: client, keyPrefix: "few", points: 1, duration: hour }),
    new RateLimiterRedis({ storeClient: client, keyPrefix: "many", points: 9, duration: hour }),
  );
  const both = await union.consume("user");
  assert.ok(both.few.remainingPoints === 0 && both.many.remainingPoints === 8, both);
  await assert.rejects(union.consume("user"), (err) => err.few.remainingPoints === 0);
}

// expressLimit: an application that lets each visitor in three times per window.
async function expressLimit(sendCommand, prefix, client) {
  const app = express();
  const store = new RedisStore({ sendCommand, prefix });
  const windowMs = hour * 1000;
  app.use(
    rateLimit({ windowMs, limit: 3, standardHeaders: "draft-6", legacyHeaders: false, store, keyGenerator: (req) => req.get("x-user") }),
  );
  app.get("/", (req, res) => res.send("in"));
  const listener = await new Promise((resolve) => {
    const l = app.listen(0, "127.0.0.1", () => resolve(l));
  });
  const visit = async (user) => {
    const res = await fetch(`http://127.0.0.1:${listener.address().port}/`, { headers: { "x-user": user } });
    await res.text();
    return [res.status, res.headers.get("ratelimit-remaining")];
  };
  for (const left of ["2", "1", "0"]) assert.deepStrictEqual(await visit("ada"), [200, left]);
  assert.deepStrictEqual(await visit("ada"), [429, "0"]);
  assert.deepStrictEqual(await visit("bob"), [200, "2"]);
  const crowd = await Promise.all(Array.from({ length: 20 }, () => visit("crowd")));
  assert.strictEqual(crowd.filter(([status]) => status === 200).length, 3);
  const info = await store.get("ada");
  assert.ok(info.totalHits === 4 && info.resetTime > Date.now() + windowMs - 60e3, info);
  await store.decrement("ada");
  assert.strictEqual((await store.get("ada")).totalHits, 3);
  await store.resetKey("ada");
  assert.deepStrictEqual(await visit("ada"), [200, "2"]);
  // The scripts are gone, as after a restart: the store loads them again.
  await client.script("FLUSH");
  assert.deepStrictEqual(await visit("ada"), [200, "1"]);
  listener.closeAllConnections();
  await new Promise((resolve) => listener.close(resolve));
}

async function locks(client) {
  const redlock = new Redlock([client], { retryCount: 0 });
  const lock = await redlock.lock(["res:1", "res:2"], hour * 1000);
  for (const key of ["res:1", "res:2"]) {
    assert.strictEqual(await client.get(key), lock.value);
    assert.ok((await client.pttl(key)) > 3500e3);
    await assert.rejects(redlock.lock(key, 1000), Redlock.LockError);
  }
  const longer = await lock.extend(2 * hour * 1000);
  assert.ok((await client.pttl("res:2")) > 3601e3);
  await longer.unlock();
  assert.strictEqual(await client.exists("res:1", "res:2"), 0);
  await assert.rejects(longer.extend(1000), Redlock.LockError);
  // Turns: each reads, waits and writes what nobody else may have changed meanwhile.
  const patient = new Redlock([client], { retryCount: -1, retryDelay: 3, retryJitter: 3 });
  await Promise.all(
    Array.from({ length: 10 }, async () => {
      for (let i = 0; i < 5; i++) {
        const turn = await patient.lock("turns", hour * 1000);
        await client.set("turn", Number(await client.get("turn")) + 1);
        await turn.unlock();
      }
    }),
  );
  assert.strictEqual(await client.get("turn"), "50");
}

run(async () => {
  const io = new Redis({ host, port });
  const node = await createClient({ socket: { host, port }, RESP: 3 }).connect();
  await check("rate-limiter-flexible (ioredis)", () => flexible(io, "io"));
  await check("rate-limiter-flexible (node-redis)", () => flexible(node, "node", { useRedisPackage: true }));
  await check("rate-limiter-flexible combined", () => combined(io));
  await check("express-rate-limit (ioredis)", () => expressLimit((...args) => io.call(...args), "rl-io:", io));
  await check("express-rate-limit (node-redis)", () => expressLimit((...args) => node.sendCommand(args), "rl-node:", io));
  await check("redlock", () => locks(io));
});
