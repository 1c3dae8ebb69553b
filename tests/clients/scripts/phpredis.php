<?php
// phpredis against the server at HOST:PORT; see tests/clients/scripts_test.go.
function ok(string $name): void { echo "ok $name\n"; }
function check(bool $holds, string $what): void {
    if (!$holds) { fwrite(STDERR, "wrong: $what\n"); exit(1); }
}
function connect(): Redis {
    $r = new Redis();
    $r->connect(getenv("HOST"), (int)getenv("PORT"), 2.0);
    return $r;
}

$r = connect();
check($r->ping() === true, "PING");
$r->select(3);
check($r->echo("hi") === "hi", "ECHO");
ok("connect");

$r->setex("k", 100, "v");
check($r->get("k") === "v", "GET");
$r->hMSet("h", ["a" => "1", "b" => "2"]);
check($r->hGetAll("h") === ["a" => "1", "b" => "2"], "HGETALL");
$r->rPush("l", "a", "b");
check($r->lRange("l", 0, -1) === ["a", "b"], "LRANGE");
$r->zAdd("z", 1.5, "one");
check($r->zRange("z", 0, -1, true) === ["one" => 1.5], "ZRANGE");
check($r->xAdd("x", "1-1", ["f" => "v"]) === "1-1", "XADD");
check($r->xRange("x", "-", "+") === ["1-1" => ["f" => "v"]], "XRANGE");
ok("values");

$p = $r->pipeline();
for ($i = 0; $i < 1000; $i++) { $p->incr("n"); }
check($p->exec()[999] === 1000, "pipeline");
ok("pipeline");

check($r->multi()->set("t", "1")->incr("t")->exec() === [true, 2], "MULTI");
$r->watch("t");
$o = connect();
$o->select(3);
$o->set("t", "9");
check($r->multi()->incr("t")->exec() === false, "WATCH");
ok("transaction");

$o->rPush("queue", "job");
check($r->blPop(["queue"], 5) === ["queue", "job"], "BLPOP");
check($r->blPop(["queue"], 1) === [], "BLPOP timeout");
ok("blocking");

for ($i = 0; $i < 500; $i++) { $r->set("s:$i", "x"); }
$r->setOption(Redis::OPT_SCAN, Redis::SCAN_RETRY);
$seen = [];
$it = null;
while ($keys = $r->scan($it, "s:*", 50)) { foreach ($keys as $k) { $seen[$k] = true; } }
check(count($seen) === 500, "SCAN");
ok("scan");

echo "RESTART\n";
check(fgets(STDIN) === "GO\n", "GO");
$end = microtime(true) + 10;
while (true) {
    try {
        $r = connect();
        $r->set("again", "1");
        break;
    } catch (RedisException $e) {
        if (microtime(true) > $end) { throw $e; }
        usleep(20000);
    }
}
check($r->get("again") === "1", "reconnect");
ok("reconnect");
echo "done\n";
