-- alert: the duplicate window for alerts that bring neither an id nor a time. The first of a window names the signal
-- id; a repeat within the window gets the same id back and is counted and shown.
-- KEYS 1 alerts
-- ARGV 1 fingerprint  2 signal id that a first one would get  3 window in ms
-- Replies {'first', id, at} | {'held_back', id, at of the first, times}
local function alert(keys, argv)
  local at = wall_ms()
  local known = redis.call('HGET', keys[1], argv[1])
  if known then
    local first_at, id, times = string.match(known, '^(%d+) (%S+) (%d+)$')
    if tonumber(at) - tonumber(first_at) < tonumber(argv[3]) and tonumber(at) >= tonumber(first_at) then
      times = string.format('%.0f', tonumber(times) + 1)
      redis.call('HSET', keys[1], argv[1], first_at .. ' ' .. id .. ' ' .. times)
      return { 'held_back', id, first_at, times }
    end
  end
  redis.call('HSET', keys[1], argv[1], at .. ' ' .. argv[2] .. ' 1')
  return { 'first', argv[2], at }
end

redis.register_function('hf_alert', alert)
