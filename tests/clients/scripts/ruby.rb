# redis-rb against the server at HOST:PORT; see tests/clients/scripts_test.go.
require "redis"
$stdout.sync = true

def ok(name) = puts("ok #{name}")
def check(holds, what) = holds || abort("wrong: #{what}")

r = Redis.new(host: ENV["HOST"], port: ENV["PORT"].to_i, reconnect_attempts: 500, reconnect_delay: 0.02, reconnect_delay_max: 0.2)
check(r.ping == "PONG", "PING")
ok("connect")

r.set("k", "v", ex: 100)
check(r.get("k") == "v", "GET")
r.hset("h", "a", "1", "b", "2")
check(r.hgetall("h") == { "a" => "1", "b" => "2" }, "HGETALL")
r.rpush("l", %w[a b])
check(r.lrange("l", 0, -1) == %w[a b], "LRANGE")
r.zadd("z", [[1.5, "one"], [2, "two"]])
check(r.zrange("z", 0, -1, with_scores: true) == [["one", 1.5], ["two", 2.0]], "ZRANGE")
check(r.xadd("x", { "f" => "v" }, id: "1-1") == "1-1", "XADD")
ok("values")

check(r.pipelined { |p| 1000.times { p.incr("n") } }.last == 1000, "pipeline")
ok("pipeline")

check(r.multi { |m| m.set("t", 1); m.incr("t") } == ["OK", 2], "MULTI")
o = Redis.new(host: ENV["HOST"], port: ENV["PORT"].to_i)
lost = r.watch("t") do
  o.set("t", 9)
  r.multi { |m| m.incr("t") }
end
check(lost.nil?, "WATCH")
ok("transaction")

got = nil
sub = Thread.new do
  Redis.new(host: ENV["HOST"], port: ENV["PORT"].to_i).subscribe("news") do |on|
    on.subscribe { o.publish("news", "hello") }
    on.message { |ch, m| got = [ch, m]; Thread.exit }
  end
end
sub.join(60)
check(got == %w[news hello], "pubsub #{got}")
ok("pubsub")

popped = nil
t = Thread.new { popped = Redis.new(host: ENV["HOST"], port: ENV["PORT"].to_i).blpop("queue", timeout: 60) }
r.rpush("queue", "job")
t.join
check(popped == %w[queue job], "BLPOP #{popped}")
ok("blocking")

500.times { |i| r.set("s:#{i}", i) }
check(r.scan_each(match: "s:*", count: 50).to_a.uniq.size == 500, "SCAN")
ok("scan")

puts "RESTART"
check($stdin.gets == "GO\n", "GO")
r.set("again", "1")
check(r.get("again") == "1", "reconnect")
ok("reconnect")
puts "done"
