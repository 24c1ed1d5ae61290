-- release: the holder leaves (SIGTERM, switchover). The epoch stays, so that the next one is above it; `successor`
-- is who may take at once (any engine when it is empty), `why` goes into the history of leaders.
-- KEYS 1 lease
-- ARGV 1 holder  2 epoch  3 successor  4 why (one word)
-- Replies {'ok'} | {'stale', holder, epoch}
local function release(keys, argv)
  local stale = refused_leadership(keys[1], argv[1], argv[2])
  if stale then
    return stale
  end
  redis.call('HSET', keys[1], 'holder', '', 'successor', argv[3], 'left', argv[1], 'why', argv[4] or '',
    'seenAt', wall_ms())
  redis.call('HINCRBY', keys[1], 'beat', 1)
  return { 'ok' }
end

redis.register_function { function_name = 'hf_release', callback = release, flags = { 'allow-oom' } }
