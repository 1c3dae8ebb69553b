"""redis-py's RedisCluster counts until its input ends, while slots move and a primary dies; see tests/clients/clustermoves_test.go."""
import os
import sys
import threading
import time

from redis.cluster import RedisCluster
from redis.exceptions import RedisError

# With dynamic_startup_nodes (the default) 4.3 fails within itself when a node is dead: "cannot pickle '_thread.lock' object".
r = RedisCluster(host=os.environ["HOST"], port=int(os.environ["PORT"]), decode_responses=True, dynamic_startup_nodes=False)
over = []
threading.Thread(target=lambda: (sys.stdin.read(), over.append(time.monotonic())), daemon=True).start()
said = after = n = 0
while after < 20:
    n += 1
    try:
        r.incr(f"redis-py:{n % 64}")
        said += 1
        if over:
            after += 1
    except RedisError:
        after = 0
        if over and time.monotonic() > over[0] + 60:
            raise
        time.sleep(0.005)
there = sum(int(r.get(f"redis-py:{i}") or 0) for i in range(64))
assert 20 <= said <= there + 50, f"told of {said}, there are {there}"
print("ok", said, there)
