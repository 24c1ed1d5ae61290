-- take: leadership by one compare-and-set on (holder, epoch, beat). The epoch only grows and is bound to its holder (I3).
-- The same call again by the one who won it is answered as won: a repeat after an unknown acknowledgement.
-- KEYS 1 lease
-- ARGV 1 holder  2 expected holder  3 expected epoch  4 expected beat  5 new epoch
-- Replies {'ok', epoch} | {'lost', holder, epoch, beat}
local function take(keys, argv)
  local lease = redis.call('HMGET', keys[1], 'holder', 'epoch', 'beat')
  local holder, epoch, beat = lease[1] or '', lease[2] or '0', lease[3] or '0'
  if holder == argv[1] and epoch == argv[5] then
    redis.call('HINCRBY', keys[1], 'beat', 1)
    return { 'ok', epoch }
  end
  if holder ~= argv[2] or epoch ~= argv[3] or beat ~= argv[4] or tonumber(argv[5]) <= tonumber(epoch) then
    redis.call('HINCRBY', keys[1], 'refused', 1)
    return { 'lost', holder, epoch, beat }
  end
  redis.call('HSET', keys[1], 'holder', argv[1], 'epoch', argv[5], 'beat', '1', 'successor', '')
  return { 'ok', argv[5] }
end

redis.register_function { function_name = 'hf_take', callback = take, flags = { 'allow-oom' } }
