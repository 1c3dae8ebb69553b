local t, f, n, one = true, false, nil, 1
local vals = { true, false, 1, "s" }
vals[0] = nil
local function s(...) local o = {} for i = 1, select("#", ...) do o[i] = tostring((select(i, ...))) end print(table.concat(o, " ")) end
for i = 0, 4 do
  for j = 0, 4 do
    local a, b = vals[i], vals[j]
    s(a == b, a ~= b, not a == b, a == not b, not (a == b), (a and b) == b, (a or b) == a, a and b, a or b, not (a and b), not (a or b), not not a)
    s(a and b == nil, a == nil or b, (a and b) or not a, a and not b or b, not a and b, a == 1 and "one" or "other", a ~= true, a == false, nil == a, true == b)
    local x = a and (b or 1) and not (a == b)
    if not (a and b) then s("not and") elseif a == b then s("eq") else s("else") end
    local y = not (x and a)
    while a and not b do s("loop") break end
    s(x, y, (function() return a and b end)(), (function() return not a end)(), ({ a == b, not a })[1])
  end
end
