-- wrk: distinct numbers, and a key of its own for every request. HY_KIND: messages or verifications.
local key = os.getenv("HY_KEY")
local kind = os.getenv("HY_KIND")
local prefixes = {"130", "133", "135", "138", "150", "156", "158", "177", "180", "185", "188"}
local count = 0
local thread = 0

function setup(one)
  one:set("number", thread)
  thread = thread + 1
end

function init(args)
  math.randomseed(os.time() * 1000 + number * 7919 + tonumber(os.getenv("HY_SEED") or 0))
  start = math.random(0, 99999999)
  run = tostring(start) .. "-" .. tostring(number) .. "-"
  wrk.method = "POST"
  wrk.headers["Authorization"] = "Bearer " .. key
  wrk.headers["Content-Type"] = "application/json"
end

function request()
  count = count + 1
  -- 7919 is prime to 10^8: every number comes once before any comes again.
  local tail = (start + count * 7919) % 100000000
  local phone = prefixes[1 + (math.floor(count / 100000000) + number + start) % #prefixes] .. string.format("%08d", tail)
  wrk.headers["Idempotency-Key"] = run .. count
  if kind == "messages" then
    return wrk.format(nil, "/v1/messages", nil,
      '{"to":"' .. phone .. '","template":"notice","params":["理发"]}')
  end
  return wrk.format(nil, "/v1/verifications", nil, '{"phone":"' .. phone .. '","purpose":"login"}')
end
