-- beat: the holder says that it is there. Watchers compare beats by their own monotonic clock.
-- KEYS 1 lease
-- ARGV 1 holder  2 epoch
-- Replies {'ok', beat} | {'stale', holder, epoch}
local function beat(keys, argv)
  local stale = refused_leadership(keys[1], argv[1], argv[2])
  if stale then
    return stale
  end
  return { 'ok', string.format('%.0f', redis.call('HINCRBY', keys[1], 'beat', 1)) }
end

redis.register_function { function_name = 'hf_beat', callback = beat, flags = { 'allow-oom' } }
