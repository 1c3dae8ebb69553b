"""redis-py's Sentinel, which asks those at the PORTS of HOST; see tests/repl/clients_test.go."""
import os
import sys
import time

import redis
from redis.sentinel import Sentinel

guards = Sentinel([(os.environ["HOST"], int(p)) for p in os.environ["PORTS"].split(",")], socket_timeout=1)
primary = guards.master_for("mymaster", socket_timeout=1, decode_responses=True)
replica = guards.slave_for("mymaster", socket_timeout=1, decode_responses=True)


def eventually(f):
    end = time.time() + 100
    while True:
        try:
            return f()
        except (redis.RedisError, AssertionError):
            if time.time() > end:
                raise
            time.sleep(0.02)


def same(key, value):
    assert replica.get(key) == value


def write(key):
    assert primary.set(key, key) and primary.get(key) == key and primary.wait(1, 1000) >= 1


def replicas():
    assert replica.info("replication")["role"] == "slave" and len(guards.discover_slaves("mymaster")) == 2


def moved():
    assert primary.get("py:before") == "py:before" and primary.info("replication")["role"] == "master"
    assert guards.discover_master("mymaster") != before


eventually(lambda: write("py:before"))
eventually(lambda: same("py:before", "py:before"))
eventually(replicas)
before = eventually(lambda: guards.discover_master("mymaster"))
print("RESTART", flush=True)
assert sys.stdin.readline() == "GO\n"
eventually(lambda: write("py:after"))
eventually(moved)
eventually(lambda: same("py:after", "py:after"))
print("done", flush=True)
