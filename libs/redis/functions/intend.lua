-- intend: makes an intent durable before anything is sent (I4), for the present leadership only (I3).
-- KEYS 1 lease  2 signal  3 intents  4 account  5 rtss
-- ARGV 1 holder  2 epoch  3 command id  4 intent (JSON)  5 step (JSON)
--      6 command id of the attempt before, which ended with a certain NO; empty for the first  7 rtss entry
-- A signal that has its result leaves no entry behind: one that was written again after a change of primary has two.
-- Replies {'ok'} | {'stale', holder, epoch} | {'finished', number} | {'missing'}: no such signal was ever accepted
-- (it vanished with a primary before it was acknowledged, and nobody was told that it was accepted), or it stands under another
-- entry by now: written again after a change of primary, maybe with another body than the one that was read
local function intend(keys, argv)
  local stale = refused_leadership(keys[1], argv[1], argv[2])
  if stale then
    return stale
  end
  local signal = redis.call('HMGET', keys[2], 'id', 'number', 'entry')
  if signal[2] then
    redis.call('HINCRBY', keys[4], 'repeats', 1)
    remove_entry(keys[5], argv[7], signal[1])
    return { 'finished', signal[2] }
  end
  if not signal[1] or (signal[3] and signal[3] ~= argv[7]) then
    redis.call('HINCRBY', keys[4], 'repeats', 1)
    return { 'missing' }
  end
  if redis.call('HSETNX', keys[3], argv[3], argv[4]) == 1 then
    add_step(keys[2], argv[5])
  else
    redis.call('HINCRBY', keys[4], 'repeats', 1)
  end
  if argv[6] and argv[6] ~= '' then
    redis.call('HDEL', keys[3], argv[6])
  end
  redis.call('HSET', keys[2], 'state', 'sent')
  return { 'ok' }
end

-- Without memory too: a signal that was accepted is carried to its end, a close most of all. What this adds is bounded by
-- what was accepted.
redis.register_function { function_name = 'hf_intend', callback = intend, flags = { 'allow-oom' } }
