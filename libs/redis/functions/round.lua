-- round: counts one round of the acknowledged write and tells the in-sync record that it is acknowledged by (I1). It
-- is a real write in every round, so that WAIT and the offset of ROLE cover whatever the round has read or repeated.
-- KEYS 1 in-sync
-- Replies {term, change, primary, members, writes}
local function round(keys)
  redis.call('HINCRBY', keys[1], 'writes', 1)
  return in_sync_record(keys[1])
end

redis.register_function { function_name = 'hf_round', callback = round, flags = { 'allow-oom' } }
