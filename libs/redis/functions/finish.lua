-- finish: result, RTS and the acknowledgement of RTSS in one call, numbered without gaps (I6, I8).
-- Idempotent: a signal that has its result keeps it, whatever comes later.
-- KEYS 1 lease  2 signal  3 rtss  4 rtrs  5 account  6 intents  7 recorded
-- ARGV 1 holder  2 epoch  3 state  4 result (JSON)  5 rtss entry
--      6 number of intents to remove, then their command ids
--      then number of further records, then pairs (name that makes it unique, JSON)
--      then number of changes of RTS, then triples (hash key, field, value; an empty value removes)
-- Replies {'ok', number} | {'repeat', number} | {'stale', holder, epoch} | {'missing'}: as in intend
local function finish(keys, argv)
  local stale = refused_leadership(keys[1], argv[1], argv[2])
  if stale then
    return stale
  end
  local signal = redis.call('HMGET', keys[2], 'id', 'number', 'entry')
  if not signal[1] then
    redis.call('HINCRBY', keys[5], 'repeats', 1)
    return { 'missing' }
  end
  if signal[2] then
    redis.call('HINCRBY', keys[5], 'repeats', 1)
    remove_entry(keys[3], argv[5], signal[1])
    return { 'repeat', signal[2] }
  end
  local at = 6
  local intents = tonumber(argv[at])
  for i = at + 1, at + intents do
    redis.call('HDEL', keys[6], argv[i])
  end
  at = at + intents + 1
  local number = append_record(keys[5], keys[4], argv[4])
  local more = tonumber(argv[at])
  for i = at + 1, at + more * 2, 2 do
    if redis.call('ZADD', keys[7], 'NX', number, argv[i]) == 1 then
      append_record(keys[5], keys[4], argv[i + 1])
    end
  end
  at = at + more * 2 + 1
  apply_changes(argv, at + 1, tonumber(argv[at]))
  -- Written again after a change of primary it may stand under another entry than the one that the engine has read.
  if signal[3] then
    redis.call('XDEL', keys[3], signal[3])
  end
  if signal[3] ~= argv[5] then
    remove_entry(keys[3], argv[5], signal[1])
  end
  redis.call('HSET', keys[2], 'state', argv[3], 'number', string.format('%.0f', number))
  -- The record holds the steps and what was asked for; kept here as well they would be half of the memory.
  redis.call('HDEL', keys[2], 'body', 'entry', 'steps')
  return { 'ok', string.format('%.0f', number) }
end

redis.register_function { function_name = 'hf_finish', callback = finish, flags = { 'allow-oom' } }
