local text = {}
for i = 1, 2000 do text[i] = "user" .. i .. "=value" .. (i * i) .. "; path=/a/b/" .. i end
local s = table.concat(text, "\n")
local n = 0
for round = 1, 20 do
  local r, c = string.gsub(s, "(%w+)=(%w+)", "%2:%1")
  n = n + c + #r
  r, c = string.gsub(s, "%d+", function(d) return d + 1 end)
  n = n + c + #r
  for k, v in string.gmatch(s, "(%a+)=([^;\n]*)") do n = n + #k + #v end
  for line in string.gmatch(s, "[^\n]+") do
    if string.find(line, "value%d*9;") then n = n + 1 end
  end
end
print(n)
