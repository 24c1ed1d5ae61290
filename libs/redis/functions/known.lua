-- known: whether a signal stands under its id already (I2), without storing one that does not. Asked before a signal is
-- refused for want of memory: 503 must mean that it is certainly not stored (I1), not even by an attempt before.
-- A real write in every case, so that whoever reads the reply can wait for the in-sync set like everyone else.
-- KEYS 1 signal  2 account
-- ARGV 1 id  2 digest
-- Replies {'never'} | {'repeat', state, at, number} | {'conflict'} | {'collision', id}: as in accept
local function known(keys, argv)
  local there = known_signal(keys[1], keys[2], argv[1], argv[2])
  if there then
    return there
  end
  redis.call('HINCRBY', keys[2], 'refused', 1)
  return { 'never' }
end

redis.register_function { function_name = 'hf_known', callback = known, flags = { 'allow-oom' } }
