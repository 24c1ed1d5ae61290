-- exclude: a node leaves the in-sync set. Only for who has made sure that no Sentinel can choose it (I1).
-- KEYS 1 in-sync
-- ARGV 1 primary, host:port  2 term that was read  3 change that was read  4 the node, host:port
-- Replies {'ok' | 'lost', term, change, primary, members, writes}
local function exclude(keys, argv)
  local members = in_sync_members(keys[1], argv)
  if not members then
    return in_sync_record(keys[1], 'lost')
  end
  redis.call('HSET', keys[1], 'members', table.concat(members, ' '))
  return in_sync_record(keys[1], 'ok')
end

redis.register_function { function_name = 'hf_exclude', callback = exclude, flags = { 'allow-oom' } }
