local function counter(step)
  local n = 0
  return function() n = n + step return n end, function(x) n = x end
end
local function compose(f, g) return function(x) return f(g(x)) end end
local total = 0
for i = 1, 300000 do
  local get, set = counter(i % 3 + 1)
  get() set(5)
  total = total + get()
end
local inc = function(x) return x + 1 end
local f = inc
for i = 1, 50 do f = compose(f, inc) end
for i = 1, 20000 do total = total + f(i) end
local function map(t, fn)
  local r = {}
  for i, v in ipairs(t) do r[i] = fn(v) end
  return r
end
local list = {}
for i = 1, 100 do list[i] = i end
for i = 1, 3000 do
  local m = map(list, function(v) return v * i end)
  total = total + m[50]
end
print(total)
