-- wrk: requests that were written before the run, one after the other, each once while they last.
-- HY_CALLS: the file, a zero byte behind each.
local requests = {}
local count = 0

function init(args)
  local file = assert(io.open(os.getenv("HY_CALLS"), "rb"))
  local content = file:read("*a")
  file:close()
  local place = 1
  while true do
    local stop = string.find(content, "\0", place, true)
    if stop == nil then break end
    requests[#requests + 1] = string.sub(content, place, stop - 1)
    place = stop + 1
  end
end

function request()
  count = count % #requests + 1
  return requests[count]
end
