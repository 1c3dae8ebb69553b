"""celery with broker and results in the server at HOST:PORT: a worker and the one who
sends it tasks; see tests/clients/scripts_test.go.

A worker at its start, and from time to time, gives lost messages of other workers out
again, under kombu's lock "unacked_mutex" (redis-py's, released by a script).
"""
import os
import time

import redis
from celery import Celery, chain, chord, group
from celery.contrib.testing.worker import start_worker

url = "redis://%s:%s/0" % (os.environ["HOST"], os.environ["PORT"])
app = Celery("celeryapp", broker=url, backend=url)
app.conf.update(result_expires=100, worker_hijack_root_logger=False, broker_connection_retry_on_startup=True)
r = redis.Redis.from_url(url, decode_responses=True)


def ok(name):
    print("ok", name, flush=True)


@app.task
def add(a, b):
    return a + b


@app.task
def total(numbers):
    return sum(numbers)


@app.task(bind=True, max_retries=3)
def flaky(self):
    if self.request.retries < 2:
        raise self.retry(countdown=0)
    return self.request.retries


@app.task
def fail():
    raise KeyError("no such thing")


def lose(queue):
    """Takes a message as a worker does that ends before it acknowledges."""
    child = os.fork()
    if child == 0:
        try:
            app.connection_for_read().SimpleQueue(queue).get(timeout=60)
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0


# A message is lost when nobody has acknowledged it for an hour: this one's is put back.
lost = add.delay(20, 3)
lose("celery")
assert r.llen("celery") == 0 and r.hlen("unacked") == 1
[tag] = r.zrange("unacked_index", 0, -1)
r.zincrby("unacked_index", -2 * 3600, tag)

# Sent before there is a worker: the task waits in its list.
early = add.delay(40, 2)
assert r.llen("celery") == 1 and early.state == "PENDING"
with start_worker(app, perform_ping_check=False, pool="solo"):
    assert early.get(timeout=60) == 42
    assert 90 < r.ttl("celery-task-meta-" + early.id) <= 100
    ok("task")
    assert lost.get(timeout=60) == 23
    assert not r.exists("unacked_mutex")
    ok("visibility restore")
    assert group(add.s(i, i) for i in range(100))().get(timeout=60) == [2 * i for i in range(100)]
    ok("group")
    assert chain(add.s(1, 2), add.s(3), add.s(4))().get(timeout=60) == 10
    assert chord((add.s(i, 1) for i in range(10)), total.s())().get(timeout=60) == 55
    ok("chain and chord")
    begin = time.time()
    assert add.apply_async((1, 1), countdown=0.5).get(timeout=60) == 2
    assert time.time() - begin >= 0.5
    ok("countdown")
    assert flaky.delay().get(timeout=60) == 2
    try:
        fail.delay().get(timeout=60)
        raise AssertionError("the failure did not arrive")
    except KeyError as err:
        assert err.args == ("no such thing",)
    ok("retry and failure")
    # A broadcast, by pub/sub, answered into a queue of the one who asked.
    replies = app.control.ping(timeout=60, limit=1)
    assert len(replies) == 1 and list(replies[0].values()) == [{"ok": "pong"}], replies
    ok("control")
# All is acknowledged: nothing is left.
assert r.llen("celery") == 0 and r.hlen("unacked") == 0 and r.zcard("unacked_index") == 0
with app.connection_for_write() as conn, conn.SimpleQueue("simple") as queue:
    for i in range(100):
        queue.put({"number": i})
    assert queue.qsize() == 100
    for i in range(100):
        message = queue.get(timeout=60)
        assert message.payload == {"number": i}
        message.ack()
    # One that is not acknowledged comes again.
    queue.put("again")
    queue.get(timeout=60).requeue()
    message = queue.get(timeout=60)
    assert message.payload == "again" and message.delivery_info and message.headers is not None
    assert r.hlen("unacked") == 1
    message.ack()
    assert r.hlen("unacked") == 0 and r.llen("simple") == 0
ok("simple queue")
print("done", flush=True)
