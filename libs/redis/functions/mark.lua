-- mark: a reader's small write of its own, before it acts on, stores or shows what it has read.
-- KEYS 1 marks
-- ARGV 1 reader  2 position
-- Replies {'ok'}
local function mark(keys, argv)
  redis.call('HSET', keys[1], argv[1], argv[2])
  return { 'ok' }
end

redis.register_function { function_name = 'hf_mark', callback = mark, flags = { 'allow-oom' } }
