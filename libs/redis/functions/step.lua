-- step: a signal's state before its end (unknown, suspended, sent again), for the present leadership only (I3).
-- KEYS 1 lease  2 signal  3 account
-- ARGV 1 holder  2 epoch  3 state  4 step (JSON)
-- Replies {'ok'} | {'finished', number} | {'stale', holder, epoch}
local function step(keys, argv)
  local stale = refused_leadership(keys[1], argv[1], argv[2])
  if stale then
    return stale
  end
  if redis.call('HEXISTS', keys[2], 'id') == 0 then
    redis.call('HINCRBY', keys[3], 'repeats', 1)
    return { 'missing' }
  end
  local number = redis.call('HGET', keys[2], 'number')
  if number then
    redis.call('HINCRBY', keys[3], 'repeats', 1)
    return { 'finished', number }
  end
  redis.call('HSET', keys[2], 'state', argv[3])
  add_step(keys[2], argv[4])
  return { 'ok' }
end

redis.register_function { function_name = 'hf_step', callback = step, flags = { 'allow-oom' } }
