// An express application that keeps its sessions with connect-redis; it is stopped and
// started again, as at a deployment.
"use strict";
const express = require("express");
const session = require("express-session");
const { RedisStore } = require("connect-redis");
const { createClient } = require("redis");
const { assert, check, eventually, run, host, port } = require("./common");

async function startApp({ maxAge }) {
  const client = createClient({ socket: { host, port } });
  client.on("error", (err) => console.error(err));
  await client.connect();
  const store = new RedisStore({ client, prefix: "app:" });
  const app = express();
  app.use(session({ store, secret: "s3cret", resave: false, saveUninitialized: false, cookie: { maxAge } }));
  app.get("/views", (req, res) => {
    req.session.views = (req.session.views ?? 0) + 1;
    res.json({ views: req.session.views, id: req.sessionID });
  });
  app.get("/logout", (req, res, next) => req.session.destroy((err) => (err ? next(err) : res.json({}))));
  const listener = await new Promise((resolve) => {
    const l = app.listen(0, "127.0.0.1", () => resolve(l));
  });
  const base = `http://127.0.0.1:${listener.address().port}`;
  return {
    client,
    store,
    // browser gives a function that fetches a path and keeps the cookie.
    browser(cookie) {
      return async (path) => {
        const res = await fetch(base + path, { headers: cookie ? { cookie } : {} });
        assert.strictEqual(res.status, 200);
        cookie = res.headers.get("set-cookie")?.split(";")[0] ?? cookie;
        return { ...(await res.json()), cookie };
      };
    },
    async stop() {
      listener.closeAllConnections();
      await new Promise((resolve) => listener.close(resolve));
      await client.close();
    },
  };
}

run(async () => {
  let app = await startApp({ maxAge: 100000 });
  let first;
  await check("stored", async () => {
    const get = app.browser();
    assert.strictEqual((await get("/views")).views, 1);
    first = await get("/views");
    assert.strictEqual(first.views, 2);
    assert.strictEqual(JSON.parse(await app.client.get("app:" + first.id)).views, 2);
    const ttl = await app.client.ttl("app:" + first.id);
    assert.ok(ttl > 90 && ttl <= 100, `TTL ${ttl}`);
  });
  await check("read back", async () => {
    await app.stop();
    app = await startApp({ maxAge: 100000 });
    assert.strictEqual((await app.browser(first.cookie)("/views")).views, 3);
  });
  await check("many", async () => {
    const all = await Promise.all(Array.from({ length: 150 }, () => app.browser()("/views")));
    assert.strictEqual(new Set(all.map((a) => a.id)).size, 150);
    assert.strictEqual(await app.store.length(), 151);
    assert.deepStrictEqual((await app.store.ids()).sort(), [first.id, ...all.map((a) => a.id)].sort());
    assert.strictEqual((await app.store.all()).find((s) => s.id === first.id).views, 3);
  });
  await check("logout", async () => {
    await app.browser(first.cookie)("/logout");
    assert.strictEqual(await app.client.exists("app:" + first.id), 0);
    assert.strictEqual((await app.browser(first.cookie)("/views")).views, 1);
    await app.store.clear();
    assert.strictEqual(await app.store.length(), 0);
    await app.stop();
  });
  await check("expired", async () => {
    app = await startApp({ maxAge: 1000 });
    const { id, cookie, views } = await app.browser()("/views");
    assert.strictEqual(views, 1);
    assert.strictEqual(await app.client.exists("app:" + id), 1);
    await eventually(async () => assert.strictEqual(await app.client.exists("app:" + id), 0));
    assert.strictEqual((await app.browser(cookie)("/views")).views, 1);
    await app.stop();
  });
});
