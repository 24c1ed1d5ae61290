-- include: a node joins the in-sync set, in the record first (I1): its priority may rise only when all of the new set
-- have this. A node that is a member already joins again: a change of its own, to be waited for all the same.
-- KEYS 1 in-sync
-- ARGV 1 primary, host:port  2 term that was read  3 change that was read  4 the node, host:port
-- Replies {'ok' | 'lost', term, change, primary, members, writes}
local function include(keys, argv)
  local members = in_sync_members(keys[1], argv)
  if not members then
    return in_sync_record(keys[1], 'lost')
  end
  members[#members + 1] = argv[4]
  table.sort(members)
  redis.call('HSET', keys[1], 'members', table.concat(members, ' '))
  return in_sync_record(keys[1], 'ok')
end

redis.register_function { function_name = 'hf_include', callback = include, flags = { 'allow-oom' } }
