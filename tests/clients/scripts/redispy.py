"""redis-py against the server at HOST:PORT; see tests/clients/scripts_test.go."""
import os
import sys
import threading
import time

import redis

r = redis.Redis(host=os.environ["HOST"], port=int(os.environ["PORT"]), decode_responses=True)


def ok(name):
    print("ok", name, flush=True)


assert r.ping()
ok("connect")

assert r.set("k", "v", ex=100) and r.get("k") == "v"
r.hset("h", mapping={"a": 1, "b": 2})
assert r.hgetall("h") == {"a": "1", "b": "2"}
r.rpush("l", "a", "b", "c")
assert r.lrange("l", 0, -1) == ["a", "b", "c"]
r.zadd("z", {"one": 1, "two": 2.5})
assert r.zrange("z", 0, -1, withscores=True) == [("one", 1.0), ("two", 2.5)]
r.xadd("x", {"f": "v"}, id="1-1")
assert r.xrange("x") == [("1-1", {"f": "v"})]
r.sadd("s", "a", "b")
assert r.smembers("s") == {"a", "b"}
assert r.geoadd("g", (13.361389, 38.115556, "Palermo")) == 1
ok("values")

with r.pipeline(transaction=False) as p:
    for _ in range(1000):
        p.incr("n")
    assert p.execute()[-1] == 1000
ok("pipeline")

with r.pipeline() as p:
    p.watch("t")
    p.multi()
    p.set("t", 1).incr("t")
    assert p.execute() == [True, 2]
try:
    with r.pipeline() as p:
        p.watch("t")
        r.set("t", 9)
        p.multi()
        p.incr("t")
        p.execute()
    raise AssertionError("the transaction went through")
except redis.WatchError:
    pass
ok("transaction")

sub = r.pubsub(ignore_subscribe_messages=True)
sub.subscribe("news")
sub.psubscribe("n*")
while r.pubsub_numsub("news")[0][1] == 0 or r.pubsub_numpat() == 0:
    sub.get_message(timeout=1)
assert r.publish("news", "hello") == 2
got = []
end = time.time() + 60
while len(got) < 2 and time.time() < end:
    m = sub.get_message(timeout=1)
    if m:
        got.append((m["type"], m["channel"], m["data"]))
assert sorted(got) == [("message", "news", "hello"), ("pmessage", "news", "hello")], got
sub.close()
ok("pubsub")

result = []
t = threading.Thread(target=lambda: result.append(r.blpop("queue", timeout=60)))
t.start()
r.rpush("queue", "job")
t.join()
assert result == [("queue", "job")], result
assert r.blpop("queue", timeout=0.05) is None
ok("blocking")

# The lock, whose release, extension and renewal are scripts.
lock = r.lock("lock", timeout=100)
assert lock.acquire() and lock.owned() and lock.locked()
other = r.lock("lock", timeout=100, blocking_timeout=0.05)
assert not other.acquire()
other.local.token = b"of nobody"
for attempt in (other.release, other.reacquire, lambda: other.extend(1)):
    try:
        attempt()
        raise AssertionError("another one's lock was touched")
    except redis.exceptions.LockError:
        pass
assert lock.extend(100) and 100 < r.ttl("lock") <= 200
assert lock.extend(50, replace_ttl=True) and 0 < r.ttl("lock") <= 50
r.script_flush()
assert lock.reacquire() and 50 < r.ttl("lock") <= 100
lock.release()
assert not r.exists("lock")
counted = []


def locked_turns():
    for _ in range(20):
        with r.lock("turns", timeout=100, sleep=0.002):
            seen = int(r.get("turn") or 0)
            r.set("turn", seen + 1)
            counted.append(seen)


threads = [threading.Thread(target=locked_turns) for _ in range(4)]
for t in threads:
    t.start()
for t in threads:
    t.join()
assert counted == list(range(80)), counted
ok("lock")

double = r.register_script("return redis.call('GET', KEYS[1]) * ARGV[1]")
assert double(keys=["turn"], args=[2]) == 160
with r.pipeline() as p:
    double(keys=["turn"], args=[3], client=p)
    assert p.execute() == [240]
try:
    r.eval("return redis.call('LPUSH', KEYS[1], 'x')", 1, "turn")
    raise AssertionError("a list's command worked on a string")
except redis.ResponseError as err:
    assert "WRONGTYPE" in str(err), err
r.function_load("#!lua name=tests\nredis.register_function('get', function(keys) return redis.call('GET', keys[1]) end)")
assert r.fcall("get", 1, "turn") == "80"
ok("scripts and functions")

for i in range(500):
    r.set("s:%d" % i, i)
    r.hset("big", "f%d" % i, i)
assert len(set(r.scan_iter("s:*", count=50))) == 500
assert len(dict(r.hscan_iter("big"))) == 500
ok("scan")

print("RESTART", flush=True)
assert sys.stdin.readline() == "GO\n"
end = time.time() + 100
while True:
    try:
        r.set("again", "1")
        break
    except redis.ConnectionError:
        if time.time() > end:
            raise
        time.sleep(0.02)
assert r.get("again") == "1"
ok("reconnect")
print("done", flush=True)
