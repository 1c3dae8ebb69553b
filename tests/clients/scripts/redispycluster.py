"""redis-py's RedisCluster against the cluster with a node at HOST:PORT; see tests/clients/cluster_test.go."""
import os

from redis.cluster import RedisCluster

r = RedisCluster(host=os.environ["HOST"], port=int(os.environ["PORT"]), decode_responses=True)
assert len(r.get_primaries()) == 3
for i in range(100):
    assert r.set(f"py{i}", i) and r.get(f"py{i}") == str(i)
p = r.pipeline()
for i in range(100):
    p.incr(f"py{i}")
assert p.execute() == list(range(1, 101))
r.mset({"{py}a": 1, "{py}b": 2})
assert r.mget("{py}a", "{py}b") == ["1", "2"]
assert r.eval("return redis.call('get', KEYS[1])", 1, "{py}b") == "2"
assert r.cluster_keyslot("{py}a") == r.keyslot("{py}a")
assert sum(r.dbsize(target_nodes=n) for n in r.get_primaries()) >= 102
assert sorted(set(k for k in r.scan_iter("{py}*"))) == ["{py}a", "{py}b"]
r.close()
print("ok")
