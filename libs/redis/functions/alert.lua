-- alert: the duplicate window for alerts that bring neither an id nor a time. The first of a window names the signal
-- id; a repeat within the window gets the same id back and is counted and shown.
-- The hash stays bounded: whenever it has grown by 256 fields, what is out of its window is removed; a field that
-- counted repeats is kept a day longer, so that they can be shown.
-- KEYS 1 alerts
-- ARGV 1 fingerprint  2 signal id that a first one would get  3 window in ms
-- Replies {'first', id, at} | {'held_back', id, at of the first, times}
-- A field's value: at of the first, signal id, times, at of the last, window in ms
local function sweep_alerts(key, now)
  local all = redis.call('HGETALL', key)
  for i = 1, #all, 2 do
    local first_at, times, window = string.match(all[i + 1], '^(%d+) %S+ (%d+) %d+ (%d+)$')
    local kept = tonumber(window)
    if tonumber(times) > 1 then
      kept = kept + 86400000
    end
    if now - tonumber(first_at) > kept then
      redis.call('HDEL', key, all[i])
    end
  end
end

local function alert(keys, argv)
  local at = wall_ms()
  local known = redis.call('HGET', keys[1], argv[1])
  if known then
    local first_at, id, times = string.match(known, '^(%d+) (%S+) (%d+) %d+ %d+$')
    if tonumber(at) - tonumber(first_at) < tonumber(argv[3]) and tonumber(at) >= tonumber(first_at) then
      times = string.format('%.0f', tonumber(times) + 1)
      redis.call('HSET', keys[1], argv[1], table.concat({ first_at, id, times, at, argv[3] }, ' '))
      return { 'held_back', id, first_at, times }
    end
  end
  redis.call('HSET', keys[1], argv[1], table.concat({ at, argv[2], '1', at, argv[3] }, ' '))
  if not known and redis.call('HLEN', keys[1]) % 256 == 0 then
    sweep_alerts(keys[1], tonumber(at))
  end
  return { 'first', argv[2], at }
end

redis.register_function('hf_alert', alert)
