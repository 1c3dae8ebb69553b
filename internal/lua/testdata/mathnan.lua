local nan = tonumber("nan")
local xs = { -2, 1/0, -1/0, nan, -nan, 0, -0.0, 0.5, 1, 2, 1e300, -1e300, 1e-310 }
for _, f in ipairs { "abs", "acos", "asin", "atan", "ceil", "cos", "cosh", "deg", "exp", "floor", "log", "log10", "rad", "sin", "sinh", "sqrt", "tan", "tanh", "frexp", "modf" } do
  for i, x in ipairs(xs) do
    if not (f == "frexp" and (x ~= x or x == 1/0 or x == -1/0)) then print(f, x, math[f](x)) end
  end
end
for _, f in ipairs { "atan2", "fmod", "mod", "pow", "max", "min" } do
  for _, x in ipairs(xs) do for _, y in ipairs(xs) do if x == x or y == y and y ~= 1 then print(f, x, y, math[f](x, y)) end end end
end
for _, x in ipairs(xs) do for _, y in ipairs(xs) do if x == x or y == y and y ~= 1 then print(x, y, x + y, x - y, x * y, x / y, x % y, x ^ y, -x, x < y, x <= y, x == y) end end end
for i = -20, 20 do print(i, math.floor(math.log10(10 ^ i)), math.log10(10 ^ i) == i, 2 ^ i, 10 ^ i, 3 ^ i, 1.1 ^ i, 10 ^ i == tonumber("1e" .. i)) end
