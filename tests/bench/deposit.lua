-- For wrk: unique letters of 8,192 bytes, spread over the mailboxes given as arguments (base64url).
-- Unique without cost: one random filling, and in front of it a salt of this run, the thread and a counter.
local threads = 0

function setup(thread)
  threads = threads + 1
  thread:set("number", threads)
end

function init(args)
  math.randomseed(os.time() * 1000 + number)
  local bytes = {}
  for i = 1, 8192 - 1 - 32 do bytes[i] = string.char(math.random(0, 255)) end
  filling = table.concat(bytes)
  salt = math.random(0, 2 ^ 31) .. os.clock()
  headers = {}
  for i, mailbox in ipairs(args) do
    headers[i] = {
      ["Content-Type"] = "application/octet-stream",
      ["Tocsin-Mailbox"] = mailbox,
      ["Tocsin-Commit"] = mailbox,
    }
  end
  count = 0
end

function request()
  count = count + 1
  local head = string.sub(string.format("%x-%d-%s", count, number, salt) .. string.rep(" ", 32), 1, 32)
  return wrk.format("POST", "/v1/deposit", headers[count % #headers + 1], "\1" .. head .. filling)
end

function response(status)
  if status ~= 201 then others = (others or 0) + 1 end
end
