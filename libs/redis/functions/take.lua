-- take: leadership by one compare-and-set on (holder, epoch, beat). The epoch only grows and is bound to its holder (I3).
-- The same call again by the one who won it is answered as won: a repeat after an unknown acknowledgement.
-- The change goes into the history in the same call: a ring of 50 rows in one hash, the count beside them. Nothing is
-- decided by it. A row: epoch, at, from, to, cause, why the one before left, ms since it was last heard of.
-- KEYS 1 lease  2 leaders  3 wishes
-- ARGV 1 holder  2 expected holder  3 expected epoch  4 expected beat  5 new epoch  6 cause (one word)
-- Replies {'ok', epoch, ids of waiting wishes, id of the pause in force or ''} | {'lost', holder, epoch, beat}
local LEADERS_KEPT = 50

local function or_dash(text)
  if not text or text == '' then
    return '-'
  end
  return text
end

local function keep_change(key, row, argv, at)
  local gone = '-'
  if row[3] and row[3] ~= '' then
    gone = string.format('%.0f', math.max(0, tonumber(at) - tonumber(row[3])))
  end
  local from, why = row[1], nil
  if not from or from == '' then
    from, why = row[4], row[5]
  end
  local count = redis.call('HINCRBY', key, 'count', 1)
  redis.call('HSET', key, string.format('%.0f', count % LEADERS_KEPT),
    table.concat({ argv[5], at, or_dash(from), argv[1], or_dash(argv[6]), or_dash(why), gone }, ' '))
end

local function take(keys, argv)
  local lease = redis.call('HMGET', keys[1], 'holder', 'epoch', 'beat')
  local holder, epoch, beat = lease[1] or '', lease[2] or '0', lease[3] or '0'
  if holder == argv[1] and epoch == argv[5] then
    redis.call('HINCRBY', keys[1], 'beat', 1)
    local asked = asked_of_holder(keys[3])
    return { 'ok', epoch, asked[1], asked[2] }
  end
  if holder ~= argv[2] or epoch ~= argv[3] or beat ~= argv[4] or tonumber(argv[5]) <= tonumber(epoch) then
    redis.call('HINCRBY', keys[1], 'refused', 1)
    return { 'lost', holder, epoch, beat }
  end
  local at = wall_ms()
  if keys[2] then
    keep_change(keys[2], redis.call('HMGET', keys[1], 'holder', 'epoch', 'seenAt', 'left', 'why'), argv, at)
  end
  redis.call('HSET', keys[1], 'holder', argv[1], 'epoch', argv[5], 'beat', '1', 'successor', '', 'left', '', 'why', '',
    'seenAt', at)
  local asked = asked_of_holder(keys[3])
  return { 'ok', argv[5], asked[1], asked[2] }
end

redis.register_function { function_name = 'hf_take', callback = take, flags = { 'allow-oom' } }
