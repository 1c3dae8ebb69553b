local total = 0
for round = 1, 40 do
  local parts = {}
  for i = 1, 10000 do
    parts[#parts + 1] = "item:" .. i .. ":" .. (i * 7 % 13)
  end
  local s = table.concat(parts, ",")
  total = total + #s
  local acc = ""
  for i = 1, 200 do acc = acc .. parts[i] end
  total = total + #acc + #string.sub(s, 100, 5000) + #string.upper(s)
end
print(total)
