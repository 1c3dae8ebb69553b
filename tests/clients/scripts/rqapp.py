"""rq with its queues in the server at HOST:PORT: jobs, their worker and its scheduler;
see tests/clients/queues_test.go."""
import datetime
import os
import time

import redis
from rq import Queue, Retry, SimpleWorker
from rq.job import Job
from rq.registry import FailedJobRegistry, FinishedJobRegistry
from rq.scheduler import RQScheduler

r = redis.Redis(host=os.environ["HOST"], port=int(os.environ["PORT"]))
high, low = Queue("high", connection=r), Queue("low", connection=r)


def ok(name):
    print("ok", name, flush=True)


def work():
    """Runs all jobs that wait."""
    SimpleWorker([high, low], connection=r).work(burst=True, logging_level="CRITICAL")


later = low.enqueue("operator.add", 1, 2)
first = high.enqueue("operator.mul", 6, 7)
depends = low.enqueue("operator.neg", 5, depends_on=first)
assert len(low) == 1 and depends.get_status() == "deferred"
work()
for job, result in ((later, 3), (first, 42), (depends, -5)):
    job.refresh()
    assert job.get_status() == "finished" and job.return_value() == result, (job, result)
assert first.ended_at <= later.started_at
assert len(FinishedJobRegistry(queue=low)) == 2
ok("priorities and dependencies")

broken = low.enqueue("operator.truediv", 1, 0, retry=Retry(max=2))
work()
broken.refresh()
assert broken.get_status() == "failed" and "ZeroDivisionError" in broken.exc_info and broken.retries_left == 0
failed = FailedJobRegistry(queue=low)
assert failed.get_job_ids() == [broken.id]
failed.requeue(broken.id)
assert len(failed) == 0 and low.get_job_ids() == [broken.id]
work()
assert len(failed) == 1
ok("failures")

soon = low.enqueue_in(datetime.timedelta(seconds=1), "operator.add", 3, 4)
assert soon.get_status() == "scheduled" and len(low) == 0
scheduler = RQScheduler([low], connection=r)
assert scheduler.acquire_locks() == {"low"}
assert RQScheduler([low], connection=r).acquire_locks() == set()
end = time.time() + 60
while len(low) == 0:
    assert time.time() < end
    scheduler.enqueue_scheduled_jobs()
    time.sleep(0.02)
scheduler.release_locks()
work()
assert Job.fetch(soon.id, connection=r).return_value() == 7
ok("schedule")

# To empty a queue is a script: its jobs go, those that others depend on as well.
jobs = [low.enqueue("operator.add", i, i) for i in range(200)]
assert low.count == 200 and r.exists(jobs[0].key)
assert low.empty() == 200
assert low.count == 0 and not any(r.exists(job.key) for job in jobs)
ok("empty")
print("done", flush=True)
