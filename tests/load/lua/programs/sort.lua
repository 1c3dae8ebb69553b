local seed = 42
local function random()
  seed = (seed * 16807) % 2147483647
  return seed
end
local n, sum = 20000, 0
for round = 1, 6 do
  local t = {}
  for i = 1, n do t[i] = random() end
  table.sort(t)
  sum = sum + t[1] + t[n]
  local u = {}
  for i = 1, n do u[i] = { score = random() } end
  table.sort(u, function(a, b) return a.score > b.score end)
  sum = sum + u[1].score
  local w = {}
  for i = 1, n / 4 do w[i] = "k" .. random() end
  table.sort(w)
  sum = sum + #w[1]
end
print(sum)
