-- wrk: looks messages up, one after the other of a file (HY_FILE), beginning somewhere in it.
-- HY_KIND: get (ids, by GET /v1/messages/{id}) or find (the app's own ids, by Zhenzi's protocol).
local kind, key = os.getenv("HY_KIND"), os.getenv("HY_KEY")
local wanted = {}
for line in io.lines(os.getenv("HY_FILE")) do
  wanted[#wanted + 1] = line
end
local place = (tonumber(os.getenv("HY_SEED")) * 7919) % #wanted

function init(args)
  if kind == "get" then
    wrk.headers["Authorization"] = "Bearer " .. key
  else
    wrk.method = "POST"
    wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
  end
end

function request()
  place = place % #wanted + 1
  if kind == "get" then
    return wrk.format(nil, "/v1/messages/" .. wanted[place])
  end
  return wrk.format(nil, "/smslog/findSmsByMessageId.do", nil, key .. "&messageId=" .. wanted[place])
end
