-- Arguments after wrk's own: the status that every answer must have; for a POST also
-- the file with its body and the number of the first day. DAY in the body becomes
-- another day in each request, so that each upload is stored as a new calibration.
-- Prints one line of JSON. https://github.com/wg/wrk/blob/master/SCRIPTING

local threads = {}

function setup(thread)
   table.insert(threads, thread)
end

function init(args)
   expected, wrong, day = tonumber(args[1]), 0, tonumber(args[3]) or 0
   if args[2] then
      local file = assert(io.open(args[2], "rb"))
      body = file:read("*a")
      file:close()
   end
end

function request()
   if not body then
      return wrk.format()
   end
   day = day + 1
   local date = os.date("!%Y-%m-%d", os.time({year = 2000, month = 1, day = day}))
   return wrk.format("POST", nil, nil, (body:gsub("DAY", date)))
end

function response(status)
   if status ~= expected then
      wrong = wrong + 1
   end
end

function done(summary, latency)
   local errors = summary.errors
   io.write(string.format(
      '{"rate": %f, "p50": %f, "p99": %f, "wrong": %d, "day": %d}\n',
      summary.requests / summary.duration * 1e6,
      latency:percentile(50) / 1e3,
      latency:percentile(99) / 1e3,
      threads[1]:get("wrong") + errors.connect + errors.read + errors.write
         + errors.timeout,
      threads[1]:get("day")
   ))
end
