-- wish: what a person asks of the engine that leads an account, stored once; durable, so that it outlives engines.
-- `pause` and `resume` are in force from here on, whoever leads. At most 16 wait for an answer; the last 50 answered ones
-- are kept. The same id again with the same body is a repeat; every reply is a real write.
-- KEYS 1 wishes
-- ARGV 1 id  2 what  3 body (canonical JSON)
-- Replies {'accepted', at} | {'repeat', at, answer or ''} | {'conflict'} | {'full'}
local WAITING_MAX = 16

local function wish(keys, argv)
  redis.call('HINCRBY', keys[1], 'writes', 1)
  local known = redis.call('HMGET', keys[1], 'wish:' .. argv[1], 'at:' .. argv[1], 'answer:' .. argv[1], 'waiting')
  if known[1] then
    if known[1] ~= argv[3] then
      return { 'conflict' }
    end
    return { 'repeat', known[2] or '0', known[3] or '' }
  end
  local waiting = members_without(argv[1], known[4])
  if #waiting >= WAITING_MAX then
    return { 'full' }
  end
  waiting[#waiting + 1] = argv[1]
  local at = wall_ms()
  redis.call('HSET', keys[1], 'wish:' .. argv[1], argv[3], 'at:' .. argv[1], at, 'waiting', table.concat(waiting, ' '))
  if argv[2] == 'pause' then
    redis.call('HSET', keys[1], 'paused', argv[1], 'pausedAt', at, 'pausedBody', argv[3])
  elseif argv[2] == 'resume' then
    redis.call('HDEL', keys[1], 'paused', 'pausedAt', 'pausedBody')
  end
  return { 'accepted', at }
end

redis.register_function { function_name = 'hf_wish', callback = wish, flags = { 'allow-oom' } }
