-- The order of fields and the length of tables with holes, after many changes.
local seed = 12345
local function rnd(n) seed = (seed * 16807) % 2147483647 return seed % n end
local function key()
  local k = rnd(8)
  if k < 3 then return rnd(40) - 5 end
  if k < 5 then return "key" .. rnd(60) end
  if k == 5 then return (rnd(40) - 20) / 4 end
  if k == 6 then return rnd(2) == 0 end
  return 2 ^ rnd(40) + rnd(3)
end
local function dump(t)
  local o = {}
  for k, v in pairs(t) do o[#o + 1] = tostring(k) .. "=" .. tostring(v) end
  return #t .. " " .. table.concat(o, " ")
end
for round = 1, 300 do
  local t = {}
  if round % 3 == 0 then t = { 1, 2, 3, x = 1, nil, 5, y = 2, [100] = 3 } end
  for i = 1, rnd(120) do
    local k = key()
    if rnd(3) == 0 then t[k] = nil else t[k] = i end
    if rnd(20) == 0 then table.insert(t, i) end
    if rnd(30) == 0 then table.remove(t) end
    if rnd(40) == 0 then table.remove(t, 1) end
  end
  print(round, dump(t))
  for k in pairs(t) do if rnd(2) == 0 then t[k] = nil end end
  print(round, dump(t), next(t))
  for i = 1, 20 do t[#t + 1] = i end
  print(round, dump(t))
end
for n = 0, 70 do
  local t = {}
  for i = 1, n do t[i] = i end
  local u = {}
  for i = n, 1, -1 do u[i] = i end
  local w = { unpack(t) }
  w[n + 2] = true
  print(n, dump(t), dump(u), dump(w), #w, table.getn(w), table.maxn(w))
end
-- Constructors with more items than one instruction stores.
local big = loadstring("return {" .. string.rep("1,", 49) .. "a = 1," .. string.rep("2,", 60) .. "b = 2, select(2, 1, 2, 3)}")()
print(dump(big))
print(dump({ f = 1, (function() return 1, 2, 3 end)() }), dump({ (function() return 1, 2, 3 end)(), 10 }), dump({ [1] = "a", "b" }), dump({ "b", [1] = "a" }))
local function va(...) return { ... }, { n = select("#", ...), ... } end
local a, b = va(nil, 2, nil, 4)
print(dump(a), dump(b))
-- Assigning during a walk.
local t = {} for i = 1, 50 do t["k" .. i] = i end
local seen = {} for k, v in pairs(t) do t[k] = v % 2 == 0 and nil or -v seen[#seen + 1] = k end
print(table.concat(seen, " ")) print(dump(t))
-- Sorting, also by functions that are no order.
for n = 0, 40 do
  local t, u = {}, {}
  for i = 1, n do t[i] = rnd(30) u[i] = "s" .. rnd(30) end
  table.sort(t) table.sort(u, function(x, y) return x > y end)
  print(table.concat(t, " "), table.concat(u, " "))
  local w = {} for i = 1, n do w[i] = rnd(10) end
  print(pcall(table.sort, w, function(x, y) return true end)) print(dump(w))
  print(pcall(table.sort, w, function(x, y) return x <= y end)) print(dump(w))
  print(pcall(table.sort, w, function(x, y) return rnd(2) == 0 end)) print(dump(w))
end
print(pcall(table.sort, { 1, "x", 2 })) print(pcall(table.sort, { 3, 1, nil, 2 }, 5)) print(pcall(table.concat, { 1, {}, 3 })) print(pcall(table.concat, { 1, 2 }, ",", 1, 3)) print(table.concat({}, "x"), table.concat({ 1, 2, 3 }, "", 2), table.concat({ 1, 2.5, "x" }, ", ", 2, 3))
print(pcall(table.insert, { 1 }, 1, 2, 3)) print(pcall(table.insert, { 1 })) print(pcall(table.insert, nil, 1)) print(pcall(table.setn, {}, 1)) print(table.foreach({ 5, 6, x = 7 }, function(k, v) if v == 6 then return k end end), table.foreachi({ 5, 6 }, print))
