-- wrk: distinct numbers, and a key or a messageId of its own for every request.
-- HY_KIND: messages, verifications, zhenzi (free text), zhenzi_template, or kannel (the peer's own form).
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
  if kind == "messages" or kind == "verifications" then
    wrk.headers["Authorization"] = "Bearer " .. key
    wrk.headers["Content-Type"] = "application/json"
  else
    wrk.headers["Content-Type"] = "application/x-www-form-urlencoded;charset=UTF-8"
  end
end

-- 您的验证码为384592，请于5分钟内填写。 and ["384592","5分钟"], as Java's SDK writes them.
local text = "%E6%82%A8%E7%9A%84%E9%AA%8C%E8%AF%81%E7%A0%81%E4%B8%BA384592%EF%BC%8C%E8%AF%B7%E4%BA%8E5%E5%88%86%E9%92%9F%E5%86%85%E5%A1%AB%E5%86%99%E3%80%82"
local params = "%5B%22384592%22%2C%225%E5%88%86%E9%92%9F%22%5D"

function request()
  count = count + 1
  -- 7919 is prime to 10^8: every number comes once before any comes again.
  local tail = (start + count * 7919) % 100000000
  local phone = prefixes[1 + (math.floor(count / 100000000) + number + start) % #prefixes] .. string.format("%08d", tail)
  if kind == "kannel" then
    return wrk.format("GET", "/cgi-bin/sendsms?username=bench&password=bench&from=10690&to=%2B86"
      .. phone .. "&text=Your+code+is+384592")
  end
  if kind == "zhenzi" or kind == "zhenzi_template" then
    local mine = "number=" .. phone .. "&messageId=" .. run .. count .. "&clientIp=198.51."
      .. count % 256 .. "." .. math.floor(count / 256) % 256 .. "&" .. key
    if kind == "zhenzi" then
      return wrk.format(nil, "/sms/send.do", nil, mine .. "&message=" .. text)
    end
    return wrk.format(nil, "/sms/v2/send.do", nil, mine .. "&templateParams=" .. params)
  end
  wrk.headers["Idempotency-Key"] = run .. count
  if kind == "messages" then
    return wrk.format(nil, "/v1/messages", nil,
      '{"to":"' .. phone .. '","template":"notice","params":["理发"]}')
  end
  return wrk.format(nil, "/v1/verifications", nil, '{"phone":"' .. phone .. '","purpose":"login"}')
end
