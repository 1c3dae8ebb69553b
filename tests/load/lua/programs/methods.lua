local Account = {}
Account.__index = Account
function Account.new(b) return setmetatable({ balance = b, log = 0 }, Account) end
function Account:deposit(v) self.balance = self.balance + v self.log = self.log + 1 end
function Account:withdraw(v)
  if v > self.balance then return false end
  self.balance = self.balance - v
  return true
end
local Special = setmetatable({}, { __index = Account })
Special.__index = Special
function Special.new(b) return setmetatable({ balance = b, log = 0, limit = 100 }, Special) end
function Special:withdraw(v)
  if v - self.balance > self.limit then return false end
  self.balance = self.balance - v
  return true
end
local total = 0
for i = 1, 300 do
  local a, s = Account.new(i), Special.new(i)
  for j = 1, 1500 do
    a:deposit(j) s:deposit(1)
    if a:withdraw(j % 7) then total = total + 1 end
    if s:withdraw(j % 5) then total = total + 1 end
  end
  total = total + a.balance + s.balance
end
print(total)
