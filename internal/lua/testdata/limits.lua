-- Where the limits of syntax and calls are, to one.
local function try(f, from, to)
  for n = from, to do
    local ok, e = loadstring(f(n), "=n")
    print(n, ok ~= nil, e)
  end
end
local rep = string.rep
try(function(n) return "return " .. rep("(", n) .. "1" .. rep(")", n) end, 190, 202)
try(function(n) return rep("do ", n) .. rep("end ", n) end, 190, 202)
try(function(n) return "return " .. rep("not ", n) .. "1" end, 190, 202)
try(function(n) return "return " .. rep("{", n) .. rep("}", n) end, 180, 202)
try(function(n) return rep("a,", n) .. "a = 1" end, 190, 202)
try(function(n) return "return f(" .. rep("1,", n) .. "1)" end, 244, 256)
try(function(n) return "return " .. rep("1 .. ", n) .. "1" end, 190, 202)
try(function(n) return rep("local x = 1 ", n) end, 198, 203)
try(function(n) return "local function f(a, b) " .. rep("local x = 1 ", n) .. " end" end, 196, 201)
try(function(n) return "return " .. rep("function() return ", n) .. "1 " .. rep(" end", n) end, 60, 202)
try(function(n) return "local t = {" .. rep("x,", n) .. "}" end, 48, 52)
for n = 190, 201 do
  local function deep(k) if k == 0 then return "end" end local ok, v = pcall(deep, k - 1) return v end
  print(n, pcall(deep, n))
end
local function resume(k) if k == 0 then return "end" end local c = coroutine.create(resume) local ok, v = coroutine.resume(c, k - 1) return v end
for n = 190, 201 do print(n, resume(n)) end
local function sorted(k) if k == 0 then return false end table.sort({ 2, 1 }, function() return sorted(k - 1) end) return true end
for n = 95, 201 do print(n, pcall(sorted, n)) end
local function gsub(k) if k == 0 then return "end" end return (string.gsub("x", "x", function() return gsub(k - 1) end)) end
for n = 190, 201 do print(n, pcall(gsub, n)) end
local mt = {} mt.__index = function(t, k) if k == 0 then return "end" end return setmetatable({}, mt)[k - 1] end
for n = 190, 201 do print(n, pcall(function() return setmetatable({}, mt)[n] end)) end
print(pcall(unpack, {}, 1, 7999), (select("#", unpack({}, 1, 7990))))
print(pcall(string.rep, "x", -1), pcall(string.byte, string.rep("x", 9000), 1, -1))
local loop = setmetatable({}, {}) getmetatable(loop).__index = loop
print(pcall(function() return loop.x end), pcall(function() getmetatable(loop).__newindex = loop loop.x = 1 end))
print(pcall(string.find, "a", rep("(a", 33)), pcall(string.find, "a", rep("()", 33)), pcall(string.find, rep("a", 40), rep("(a)", 32)))
