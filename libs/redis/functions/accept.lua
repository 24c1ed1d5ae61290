-- What stands under the id of a signal already, as the reply of a repeat; nil when nothing does.
local function known_signal(signal_key, account_key, id, digest)
  local known = redis.call('HMGET', signal_key, 'id', 'digest', 'state', 'at', 'number')
  if not known[1] then
    return nil
  end
  redis.call('HINCRBY', account_key, 'repeats', 1)
  if known[1] ~= id then
    return { 'collision', known[1] }
  end
  if known[2] ~= digest then
    return { 'conflict' }
  end
  return { 'repeat', known[3], known[4], known[5] or '' }
end

-- accept: stores a signal once (I2). Idempotent; a repeat is a real write, so that WAIT has an offset to wait for.
-- KEYS 1 signal  2 rtss  3 account
-- ARGV 1 id  2 digest  3 body (canonical JSON)  4 magic  5 ttl in ms  6 backend
-- Replies {'accepted', at, entry} | {'repeat', state, at, number} | {'conflict'} | {'collision', id}
local function accept(keys, argv)
  local known = known_signal(keys[1], keys[3], argv[1], argv[2])
  if known then
    return known
  end
  local at = wall_ms()
  local entry = redis.call('XADD', keys[2], '*', 'id', argv[1], 'magic', argv[4], 'body', argv[3], 'at', at, 'ttl', argv[5])
  local step = '{"state":"accepted","at":' .. at .. ',"epoch":0,"by":"' .. argv[6] .. '"}'
  redis.call('HSET', keys[1], 'id', argv[1], 'digest', argv[2], 'body', argv[3], 'state', 'accepted', 'at', at,
    'ttl', argv[5], 'entry', entry, 'steps', step)
  return { 'accepted', at, entry }
end

redis.register_function('hf_accept', accept)
