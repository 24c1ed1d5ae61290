-- answer: the leading engine has done what a wish asks for, or says why it will not. The first answer stays.
-- KEYS 1 lease  2 wishes
-- ARGV 1 holder  2 epoch  3 id of the wish  4 answer (JSON)
-- Replies {'ok'} | {'repeat', answer} | {'missing'} | {'stale', holder, epoch}
local ANSWERED_MAX = 50

local function answer(keys, argv)
  local stale = refused_leadership(keys[1], argv[1], argv[2])
  if stale then
    return stale
  end
  redis.call('HINCRBY', keys[2], 'writes', 1)
  local known = redis.call('HMGET', keys[2], 'wish:' .. argv[3], 'answer:' .. argv[3], 'waiting', 'answered')
  if not known[1] then
    return { 'missing' }
  end
  if known[2] then
    return { 'repeat', known[2] }
  end
  local answered = members_without(argv[3], known[4])
  answered[#answered + 1] = argv[3]
  while #answered > ANSWERED_MAX do
    local old = table.remove(answered, 1)
    redis.call('HDEL', keys[2], 'wish:' .. old, 'at:' .. old, 'answer:' .. old)
  end
  redis.call('HSET', keys[2], 'answer:' .. argv[3], argv[4], 'answered', table.concat(answered, ' '),
    'waiting', table.concat(members_without(argv[3], known[3]), ' '))
  return { 'ok' }
end

redis.register_function { function_name = 'hf_answer', callback = answer, flags = { 'allow-oom' } }
