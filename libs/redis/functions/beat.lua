-- beat: the holder says that it is there. Watchers compare beats by their own monotonic clock; `seenAt` is for people.
-- The reply tells what is asked of the holder, so that a wish is heard within a beat.
-- KEYS 1 lease  2 wishes
-- ARGV 1 holder  2 epoch
-- Replies {'ok', beat, ids of waiting wishes, id of the pause in force or ''} | {'stale', holder, epoch}
local function beat(keys, argv)
  local stale = refused_leadership(keys[1], argv[1], argv[2])
  if stale then
    return stale
  end
  redis.call('HSET', keys[1], 'seenAt', wall_ms())
  local number = string.format('%.0f', redis.call('HINCRBY', keys[1], 'beat', 1))
  local asked = asked_of_holder(keys[2])
  return { 'ok', number, asked[1], asked[2] }
end

redis.register_function { function_name = 'hf_beat', callback = beat, flags = { 'allow-oom' } }
