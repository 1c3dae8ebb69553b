local yield, wrap, create, resume, status = coroutine.yield, coroutine.wrap, coroutine.create, coroutine.resume, coroutine.status
local function gen(n) return wrap(function() for i = 1, n do yield(i, i * i) end return "done" end) end
local g = gen(3) print(g()) print(g()) print(g()) print(g()) print(pcall(g))
local co = create(function(...) print("start", ...) print("got", yield(1, 2, 3)) print("got", yield()) error("oops") end)
print(status(co)) print(resume(co, "a", "b")) print(status(co)) print(resume(co, "x")) print(resume(co)) print(status(co)) print(resume(co))
co = create(function() error({ code = 7 }) end) local ok, e = resume(co) print(ok, type(e), e.code)
print(pcall(resume, nil)) print(pcall(create, 1)) print(pcall(create, print)) print(pcall(status, {})) print(pcall(wrap))
print(pcall(yield, 1)) print(coroutine.running())
co = create(function() print(type(coroutine.running()), coroutine.running() == co, status(co)) local inner = create(function() print(status(co)) print(resume(co)) end) print(resume(inner)) end) print(resume(co))
print(resume(create(function() return pcall(yield, 1) end)))
print(resume(create(function() return setmetatable({}, { __index = function() yield(1) end }).x end)))
print(resume(create(function() table.sort({ 3, 2, 1 }, function() yield(1) end) end)))
print(resume(create(function() for x in yield do print(x) end end)))
print(resume(create(function() return ("x"):gsub("x", yield) end)))
local function deep(n) if n == 0 then yield("bottom") return "up" end local r = deep(n - 1) return r .. n end
co = create(deep) print(resume(co, 10)) print(resume(co))
local function tail(n) if n == 0 then return yield("tail") end return tail(n - 1) end
co = create(tail) print(resume(co, 1000)) print(resume(co, "back", 2)) print(status(co))
local log = {} local function producer() for i = 1, 4 do yield("p" .. i) end end local function filter(src) return wrap(function() for x in wrap(src) do yield(x .. "!") end end) end
for x in filter(producer) do log[#log + 1] = x end print(table.concat(log, " "))
local up = 0 co = wrap(function() local n = 0 local function inc() n = n + 1 up = up + n return n end while true do yield(inc, inc()) end end) local f = co() print(f(), f()) co() print(f(), up)
co = create(function(a) local t = { yield(a) } for i, v in ipairs(t) do t[i] = v * 2 end return unpack(t) end) resume(co, 1) print(resume(co, 1, 2, 3, 4, 5))
print(select("#", resume(create(function() return nil, nil end)))) print(resume(create(function() end)))
local wrapped = wrap(function() local t = nil t.x = 1 end) print(pcall(wrapped)) print(pcall(wrapped))
local w2 = wrap(function() error("direct") end) print(pcall(function() w2() end))
print(xpcall(function() local x = wrap(function() error("deep") end) x() end, function(m) return "handled: " .. m end))
print(xpcall(function() return 1, 2 end, print)) print(xpcall(function() error() end, function(m) return type(m) end)) print(xpcall(error, function(m) return "h", m end)) print(pcall(xpcall)) print(pcall(pcall))
local function lvl(n) error("level " .. n, n) end local function caller(n) lvl(n) end
for n = 0, 4 do print(pcall(caller, n)) end
print(pcall(error, "msg", 1)) print(pcall(error, "msg", 2)) print(pcall(error, nil)) print(pcall(error, 12)) print(pcall(error, true, 2)) print(pcall(assert, false)) print(pcall(assert, nil, "m")) print(pcall(assert, nil, {})) print(pcall(assert)) print(assert(1, 2, 3))
local mt = setmetatable({}, { __tostring = function() return "obj" end, __metatable = "locked" }) print(tostring(mt), getmetatable(mt), pcall(setmetatable, mt, {})) print(getmetatable("").__index == string, pcall(tostring)) print(pcall(setmetatable, {}))
