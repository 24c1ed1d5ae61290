-- instance: RIS. What is known of a terminal, and who holds the trading role; for the present leadership only (I3).
-- KEYS 1 lease  2 instance
-- ARGV 1 holder  2 epoch  then pairs (field, JSON; an empty value removes)
-- Replies {'ok'} | {'stale', holder, epoch}
local function instance(keys, argv)
  local stale = refused_leadership(keys[1], argv[1], argv[2])
  if stale then
    return stale
  end
  for i = 3, #argv - 1, 2 do
    if argv[i + 1] == '' then
      redis.call('HDEL', keys[2], argv[i])
    else
      redis.call('HSET', keys[2], argv[i], argv[i + 1])
    end
  end
  redis.call('HINCRBY', keys[2], 'writes', 1)
  return { 'ok' }
end

redis.register_function { function_name = 'hf_instance', callback = instance, flags = { 'allow-oom' } }
