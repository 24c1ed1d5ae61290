-- record: what happens at the broker besides results (deal, order, correction), each once by its name, and
-- changes of RTS that go with it. For the present leadership only (I3); numbered without gaps (I8).
-- KEYS 1 lease  2 rtrs  3 account  4 recorded
-- ARGV 1 holder  2 epoch
--      3 number of records, then pairs (name that makes it unique, JSON)
--      then number of changes of RTS, then triples (hash key, field, value; an empty value removes)
-- Replies {'ok', last number, records written} | {'stale', holder, epoch}
local function record(keys, argv)
  local stale = refused_leadership(keys[1], argv[1], argv[2])
  if stale then
    return stale
  end
  local records = tonumber(argv[3])
  local written = 0
  for i = 4, 3 + records * 2, 2 do
    local last = tonumber(redis.call('HGET', keys[3], 'number') or '0')
    if redis.call('ZADD', keys[4], 'NX', last + 1, argv[i]) == 1 then
      append_record(keys[3], keys[2], argv[i + 1])
      written = written + 1
    end
  end
  local at = 4 + records * 2
  apply_changes(argv, at + 1, tonumber(argv[at]))
  redis.call('HINCRBY', keys[3], 'repeats', 1)
  return { 'ok', redis.call('HGET', keys[3], 'number') or '0', written }
end

redis.register_function { function_name = 'hf_record', callback = record, flags = { 'allow-oom' } }
