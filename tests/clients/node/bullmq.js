// BullMQ: a queue with workers; each step of a job is a script.
"use strict";
const { Queue, Worker, QueueEvents, FlowProducer, UnrecoverableError } = require("bullmq");
const { assert, check, eventually, run, host, port } = require("./common");

const connection = { host, port, maxRetriesPerRequest: null };
const open = [];

function opened(thing) {
  thing.setMaxListeners(100);
  thing.on("error", (err) => console.error(err));
  open.push(thing);
  return thing;
}

const queueOf = (name) => opened(new Queue(name, { connection }));
// A deadline, for jobs that do not come at all.
const wait = 60000;

function workerOf(name, fn, more) {
  return opened(new Worker(name, fn, { connection, drainDelay: 1, ...more }));
}

async function eventsOf(name) {
  const events = opened(new QueueEvents(name, { connection }));
  await events.waitUntilReady();
  return events;
}

async function jobs() {
  const queue = queueOf("jobs");
  const events = await eventsOf("jobs");
  const worker = workerOf(
    "jobs",
    async (job) => {
      await job.updateProgress(50);
      await job.log("working");
      if (job.name === "flaky" && job.attemptsMade < 2) throw new Error("not yet");
      if (job.name === "hopeless") throw new UnrecoverableError("given up");
      return { sum: job.data.a + job.data.b };
    },
    { concurrency: 4 },
  );
  const one = await queue.add("add", { a: 1, b: 2 });
  assert.deepStrictEqual(await one.waitUntilFinished(events, wait), { sum: 3 });
  assert.deepStrictEqual((await queue.getJobLogs(one.id)).logs, ["working"]);
  const many = await queue.addBulk(Array.from({ length: 100 }, (_, i) => ({ name: "add", data: { a: i, b: i } })));
  const sums = await Promise.all(many.map((job) => job.waitUntilFinished(events, wait)));
  assert.deepStrictEqual(sums, many.map((_, i) => ({ sum: 2 * i })));
  // The same id is the same job.
  const same = [await queue.add("add", { a: 1, b: 1 }, { jobId: "own" }), await queue.add("add", { a: 5, b: 5 }, { jobId: "own" })];
  assert.deepStrictEqual(await same[1].waitUntilFinished(events, wait), { sum: 2 });
  const flaky = await queue.add("flaky", { a: 2, b: 2 }, { attempts: 3, backoff: { type: "fixed", delay: 20 } });
  assert.deepStrictEqual(await flaky.waitUntilFinished(events, wait), { sum: 4 });
  const hopeless = await queue.add("hopeless", {}, { attempts: 5 });
  await assert.rejects(hopeless.waitUntilFinished(events, wait), /given up/);
  assert.strictEqual(await hopeless.getState(), "failed");
  assert.deepStrictEqual(await queue.getJobCounts("completed", "failed", "wait", "active", "delayed"), {
    completed: 103, failed: 1, wait: 0, active: 0, delayed: 0,
  });
  await worker.close();
  await hopeless.retry();
  assert.strictEqual(await hopeless.getState(), "waiting");
  await queue.drain();
  assert.strictEqual((await queue.clean(0, 1000, "completed")).length, 103);
  await queue.obliterate();
  assert.strictEqual(await queue.count(), 0);
}

// order gives the names of jobs as a worker of its own got them.
async function order(name, n) {
  const names = [];
  const worker = workerOf(name, async (job) => names.push(job.name), { concurrency: 1 });
  await eventually(() => assert.strictEqual(names.length, n));
  await worker.close();
  return names;
}

async function priorities() {
  const queue = queueOf("priorities");
  for (const priority of [3, 1, 2, 1, 0]) await queue.add("p" + priority, {}, { priority });
  await queue.add("first", {}, { lifo: true });
  const later = await queue.add("raised", {}, { priority: 9 });
  await later.changePriority({ priority: 2 });
  assert.deepStrictEqual(await queue.getCountsPerPriority([0, 1, 2, 3]), { 0: 2, 1: 2, 2: 2, 3: 1 });
  assert.deepStrictEqual(await order("priorities", 7), ["first", "p0", "p1", "p1", "p2", "raised", "p3"]);
}

async function delayed() {
  const queue = queueOf("delayed");
  const events = await eventsOf("delayed");
  const begin = Date.now();
  const job = await queue.add("later", {}, { delay: 300 });
  const far = await queue.add("much later", {}, { delay: 3600e3 });
  assert.strictEqual(await queue.getDelayedCount(), 2);
  const worker = workerOf("delayed", async () => Date.now());
  assert.ok((await job.waitUntilFinished(events, wait)) - begin >= 299);
  await far.promote();
  await far.waitUntilFinished(events, wait);
  // A scheduler makes one job after the other.
  await queue.upsertJobScheduler("tick", { every: 50 }, { name: "tick" });
  await eventually(async () => assert.ok((await queue.getCompletedCount()) >= 5));
  assert.strictEqual(await queue.removeJobScheduler("tick"), true);
  await queue.pause();
  assert.strictEqual(await queue.isPaused(), true);
  const paused = await queue.add("paused", {});
  assert.notStrictEqual(await paused.getState(), "completed");
  await queue.resume();
  await paused.waitUntilFinished(events, wait);
  await worker.close();
}

async function rateLimit() {
  const queue = queueOf("limited");
  const times = [];
  const begin = Date.now();
  await queue.addBulk(Array.from({ length: 6 }, () => ({ name: "job", data: {} })));
  const worker = workerOf("limited", async () => times.push(Date.now()), { limiter: { max: 2, duration: 200 }, concurrency: 3 });
  await eventually(() => assert.strictEqual(times.length, 6));
  // Three windows of two jobs.
  assert.ok(times[5] - begin >= 390, times);
  await worker.close();
}

async function flow() {
  const flows = opened(new FlowProducer({ connection }));
  queueOf("parents");
  const children = workerOf("children", async (job) => job.data.n * 10);
  const parents = workerOf("parents", async (job) => Object.values(await job.getChildrenValues()).reduce((a, b) => a + b, 0));
  const events = await eventsOf("parents");
  const child = (n) => ({ name: "child", queueName: "children", data: { n } });
  const tree = await flows.add({
    name: "root", queueName: "parents", data: {},
    children: [child(1), child(2), { name: "middle", queueName: "parents", data: {}, children: [child(3), child(4)] }],
  });
  assert.strictEqual(await tree.job.waitUntilFinished(events, wait), 100);
  assert.strictEqual((await tree.job.getDependencies()).nextUnprocessedCursor ?? 0, 0);
  assert.strictEqual(Object.keys((await tree.job.getDependencies()).processed).length, 3);
  await Promise.all([children.close(), parents.close()]);
}

// A worker that takes a job and is never heard of again: its lock ends, another one gets it.
async function stalled() {
  const queue = queueOf("stalled");
  const events = await eventsOf("stalled");
  const job = await queue.add("lost", {});
  const lost = workerOf("stalled", null, { lockDuration: 100, skipStalledCheck: true, skipLockRenewal: true });
  const taken = await lost.getNextJob("the lost one's token");
  assert.strictEqual(taken.id, job.id);
  assert.strictEqual(await job.getState(), "active");
  let seen = 0;
  events.on("stalled", ({ jobId }) => (seen += jobId === job.id));
  const worker = workerOf("stalled", async () => "found", { stalledInterval: 100 });
  assert.strictEqual(await job.waitUntilFinished(events, wait), "found");
  await eventually(() => assert.ok(seen >= 1));
  await assert.rejects(taken.moveToCompleted("late", "the lost one's token", false));
  await worker.close();
}

// What people do to queues by hand, and what their dashboards read.
async function administration() {
  const queue = queueOf("states");
  const once = { deduplication: { id: "once", ttl: 3600e3 } };
  const [a, b] = [await queue.add("a", { n: 1 }, once), await queue.add("a", { n: 2 }, once)];
  assert.ok(a.id === b.id && (await queue.getDeduplicationJobId("once")) === a.id);
  await a.removeDeduplicationKey();
  const c = await queue.add("a", { n: 3 }, { ...once, delay: 3600e3 });
  assert.notStrictEqual(c.id, a.id);
  await a.updateData({ n: 7 });
  assert.deepStrictEqual((await queue.getJob(a.id)).data, { n: 7 });
  await c.changeDelay(7200e3);
  assert.deepStrictEqual((await queue.getJobs(["wait", "delayed"])).map((job) => job.id).sort(), [a.id, c.id].sort());
  await queue.add("b", {}, { delay: 3600e3 });
  await queue.promoteJobs();
  assert.strictEqual(await queue.getWaitingCount(), 3);
  let fails = true;
  let [now, most] = [0, 0];
  const fn = async () => {
    most = Math.max(most, ++now);
    await new Promise((resolve) => setTimeout(resolve, 5));
    now--;
    if (fails) throw new Error("down");
  };
  await queue.setGlobalConcurrency(1);
  const worker = workerOf("states", fn, { concurrency: 5, metrics: { maxDataPoints: 10 } });
  await eventually(async () => assert.strictEqual(await queue.getFailedCount(), 3));
  assert.ok(most === 1 && (await queue.getFailed()).every((job) => job.failedReason === "down"));
  fails = false;
  await queue.retryJobs({ count: 2 });
  await eventually(async () => assert.strictEqual(await queue.getCompletedCount(), 3));
  assert.strictEqual((await queue.getMetrics("completed")).meta.count, 3);
  assert.strictEqual(await queue.getWorkersCount(), 1);
  await queue.add("kept not", {}, { removeOnComplete: true });
  for (let i = 0; i < 5; i++) await queue.add("few kept", {}, { removeOnComplete: { count: 2 } });
  await eventually(async () => assert.deepStrictEqual(await queue.getJobCounts("completed", "wait", "active"), { completed: 2, wait: 0, active: 0 }));
  await worker.close();
}

// A parent fails with its child, or goes on without it, as it says; a tree goes as one.
async function brokenFlow() {
  const flows = opened(new FlowProducer({ connection }));
  const parents = queueOf("strict");
  const work = async (job) => {
    if (job.name === "bad") throw new Error("broken");
    return Object.keys((await job.getFailedChildrenValues?.()) ?? {}).length;
  };
  const events = await eventsOf("strict");
  const workers = [workerOf("strict", work), workerOf("fragile", work)];
  const tree = (opts) => ({ name: "root", queueName: "strict", children: [{ name: "bad", queueName: "fragile", opts }, { name: "good", queueName: "fragile" }] });
  const failing = await flows.add(tree({ failParentOnFailure: true }));
  await assert.rejects(failing.job.waitUntilFinished(events, wait), /failed/);
  const ignoring = await flows.add(tree({ ignoreDependencyOnFailure: true }));
  await ignoring.job.waitUntilFinished(events, wait);
  await Promise.all(workers.map((w) => w.close()));
  const idle = await flows.add(tree({}));
  assert.strictEqual(await idle.job.getState(), "waiting-children");
  assert.strictEqual((await idle.job.getDependencies()).unprocessed.length, 2);
  assert.strictEqual((await flows.getFlow({ id: idle.job.id, queueName: "strict" })).children.length, 2);
  await idle.job.remove({ removeChildren: true });
  assert.strictEqual(await parents.getJob(idle.job.id), undefined);
  assert.strictEqual(await queueOf("fragile").getWaitingCount(), 0);
}

run(async () => {
  await check("jobs", jobs);
  await check("priorities", priorities);
  await check("delayed", delayed);
  await check("rate limit", rateLimit);
  await check("flow", flow);
  await check("broken flow", brokenFlow);
  await check("stalled", stalled);
  await check("administration", administration);
  await Promise.all(open.map((thing) => thing.close()));
});
