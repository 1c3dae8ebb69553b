# Sidekiq with its queues in the server at HOST:PORT: jobs, their worker with its poller of
# scheduled jobs, which is a script; see tests/clients/queues_test.go.
require "sidekiq"
require "sidekiq/api"
require "sidekiq/cli"
require "sidekiq/launcher"
$stdout.sync = true

def ok(name) = puts("ok #{name}")
def check(holds, what) = holds || abort("wrong: #{what}")

def await(what)
  deadline = Process.clock_gettime(Process::CLOCK_MONOTONIC) + 100
  until yield
    check(Process.clock_gettime(Process::CLOCK_MONOTONIC) < deadline, what)
    sleep(0.01)
  end
end

# Sidekiq of this version and redis-rb of this one disagree about the form of arguments.
Redis.silence_deprecations = true
Sidekiq.logger.level = Logger::FATAL
url = { url: "redis://#{ENV["HOST"]}:#{ENV["PORT"]}/0" }
Sidekiq.configure_server { |config| config.redis = url }
# One thread, so that the jobs end in the order in which they were taken.
Sidekiq.options[:concurrency] = 1
Sidekiq.options[:queues] = %w[high low]
Sidekiq.options[:strict] = true
Sidekiq.options[:poll_interval_average] = 0.05

DONE = Queue.new

class Work
  include Sidekiq::Worker
  sidekiq_options queue: "low", retry: 2

  def perform(name, failures = 0)
    tried = Sidekiq.redis { |r| r.incr("tried:#{name}") }
    raise "not yet" if tried <= failures
    DONE << name
  end
end

10.times { |i| Work.perform_async("job #{i}") }
Work.set(queue: "high").perform_async("first")
check(Sidekiq::Queue.new("low").size == 10, "the queue's length")
Sidekiq::Client.push_bulk("class" => Work, "args" => (10...100).map { |i| ["job #{i}"] })
ok("enqueue")

Work.perform_in(1, "scheduled")
id = Work.perform_in(3600, "much later")
check(Sidekiq::ScheduledSet.new.size == 2, "the schedule's length")
ok("schedule")

launcher = Sidekiq::Launcher.new(Sidekiq.options)
launcher.run
names = Array.new(102) { DONE.pop }
check(names.first == "first", "the queue high comes first: #{names.first(2)}")
check(names.sort == (["first", "scheduled"] + (0...100).map { |i| "job #{i}" }).sort, "each job once: #{names}")
check(Sidekiq::ScheduledSet.new.map(&:jid) == [id], "what is left of the schedule")
ok("worker")

# Sidekiq waits for a while before it tries again: here it is told to do so at once.
def retry_once
  await("the job that failed") { Sidekiq::RetrySet.new.size == 1 }
  Sidekiq::RetrySet.new.first.retry
end

Work.perform_async("fails twice", 2)
2.times { retry_once }
check(DONE.pop == "fails twice", "the retried job")
Work.set(retry: 0).perform_async("fails", 100)
await("the dead job") { Sidekiq::DeadSet.new.map { |job| job.args[0] } == ["fails"] }
check(Sidekiq::RetrySet.new.size == 0, "nothing is left to try again")
ok("retries")

await("the worker's beat") { Sidekiq::ProcessSet.new.size == 1 }
await("the counters") { Sidekiq::Stats.new.processed >= 103 }
Sidekiq::ScheduledSet.new.find_job(id).add_to_queue
check(DONE.pop == "much later", "the job that was called early")
launcher.stop
check(Sidekiq::ProcessSet.new.size == 0 && Sidekiq::Queue.all.sum(&:size) == 0, "nothing is left")
ok("inspection")
puts "done"
# The launcher's threads need not come to their ends.
exit!(0)
