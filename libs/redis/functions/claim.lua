-- claim: the record speaks for another node than the one that is primary now: a new term, the same members (I1). Or a
-- person gave up what was newer: the term goes above all that anybody has seen.
-- KEYS 1 in-sync
-- ARGV 1 this node, host:port  2 the term that was read  3 the least that the new term may be, or nothing
--      4 a node that follows and joins the set with the claim, or nothing
-- Replies {'ok' | 'lost', term, change, primary, members, writes}
local function claim(keys, argv)
  local known = redis.call('HMGET', keys[1], 'term', 'primary')
  local term = known[1] or '0'
  redis.call('HINCRBY', keys[1], 'writes', 1)
  local least = tonumber(argv[3] or '0')
  if term ~= argv[2] or (known[2] == argv[1] and tonumber(term) >= least) then
    return in_sync_record(keys[1], 'lost')
  end
  local new_term = math.max(tonumber(term) + 1, least)
  redis.call('HSET', keys[1], 'term', string.format('%.0f', new_term), 'change', '0', 'primary', argv[1])
  if argv[4] then
    local members = members_without(argv[4], redis.call('HGET', keys[1], 'members'))
    members[#members + 1] = argv[4]
    table.sort(members)
    redis.call('HSET', keys[1], 'members', table.concat(members, ' '))
  end
  return in_sync_record(keys[1], 'ok')
end

redis.register_function { function_name = 'hf_claim', callback = claim, flags = { 'allow-oom' } }
