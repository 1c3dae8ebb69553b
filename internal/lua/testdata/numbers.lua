-- Numbers to text and back, conversions and comparisons.
local seed = 99
local function rnd(n) seed = (seed * 16807) % 2147483647 return seed % n end
for i = 1, 600 do
  local x = (rnd(2000000) - 1000000) * tonumber("1e" .. (rnd(60) - 30)) / (rnd(999) + 1)
  print(x, -x, x * 1e7, math.floor(x), x % 7, x % -0.3, string.format("%d %5.3f %e %g %.0f %.20g %x", x % 2 ^ 31, x, x, x, x % 1e15, x, math.abs(x) % 2 ^ 40), tonumber(tostring(x)) == x, tostring(tonumber(string.format("%.17g", x)) == x))
end
for _, s in ipairs { "", " ", "1", " 1 ", "1 2", "0x", "0x1g", "0X1F", "1e", "1e+", "1e5", "1E-5", ".5", "5.", ".", "-.5", "- 5", "--5", "+5", "1_0", "inf", "nan", "1e999", "-1e999", "0x1p-2", "0x.1", "0x1.8p1", "1\0", "1\t\n", "00012", "1e0005", "0x7fffffffffffffff", "0xffffffffffffffffff", "9007199254740993", "1..2", "1,5", "infinit", "nanx", "0b1" } do
  print(string.format("%q", s), tonumber(s), pcall(function() return s + 0 end))
  for _, b in ipairs { 2, 8, 10, 16, 36 } do print(b, (tonumber(s, b))) end
end
print(pcall(tonumber, "1", 1)) print(pcall(tonumber, "1", 37)) print(pcall(tonumber)) print(pcall(tonumber, {}, 16)) print(tonumber("ffffffffffffffffff", 16), tonumber("-ff", 16), tonumber("zz", 36), tonumber("8", 8), tonumber("1.5", 10), tonumber("1e1", 16), tonumber("0x10", 16), tonumber("7" .. string.rep("7", 30), 8))
for _, a in ipairs { 0, 1, -1, 2.5, "10", "abc", "" } do for _, b in ipairs { 0, 3, "10", "9", "abc", "b" } do
  print(a, b, a == b, pcall(function() return a < b end)) print(pcall(function() return a <= b end)) print(pcall(function() return a + b end)) print(pcall(function() return a .. b end)) print(pcall(function() return a % b, a ^ b, -a end))
end end
for i = 0, 130 do print(2 ^ i, 2 ^ -i, 10 ^ i, i / 3, (i - 65) * 1e14, 1e15 + i / 10) end
print(0x10, 1e2, .5, 3., 1e-3, 0xffffffff, 123456789012345678901234567890, 5 % 3, -5 % 3, 5 % -3, -5 % -3, 5.5 % 2, 1e308 * 10, -1e308 * 10, 2 ^ 1024, 0.1 + 0.2, 100000000000000, 1e14, 123456.789e3)
print(1e15, 1e16, 123456789012345, 1234567890123456, 0.1, 1 / 3, 1e-5, 1e-4, 12345.678, -0.0, 0, 1e100, 5e-324, 1.7976931348623157e308)
for _, f in ipairs { "%5d", "%-5d", "%05d", "%+d", "% d", "%.3d", "%8.3d", "%-8.3d|", "%x", "%#x", "%#X", "%08x", "%o", "%#o", "%u", "%c", "%e", "%.0e", "%#.0e", "%12.3e", "%-12.3e|", "%+e", "%E", "%f", "%.0f", "%#.0f", "%10.2f", "%010.2f", "%-10.2f|", "%+f", "% f", "%g", "%.3g", "%#g", "%#.3g", "%G", "%10g", "%-10g|", "%010g", "%s", "%10s", "%-10s|", "%.2s", "%5.1s", "%q", "%i", "%5i" } do
  for _, x in ipairs { 0, 1, -1, 42, 255, 3.7, -3.7, 1e10, 1e-10, 123456.789, 1e20, 0.1, 1 / 0, -1 / 0, 99999.95, 0.00012345, 1e15, 100 } do
    if not (f == "%c" and (x > 255 or x < 0)) then print(f, x, (string.format(f, x))) end
  end
end
