-- Shared by every function of the library. Lua here compares, numbers and writes; it knows no order life.
-- The common subset of Lua 5.1 (Redis) and 5.3 (the simulated Redis): no goto, no //, no integer division, no cjson.

-- I3: is (holder, epoch) the present leadership? Returns nil when it is, else the reply that refuses the call.
-- The refusal writes, so that whoever reads it can wait for the in-sync set like everyone else.
local function refused_leadership(lease_key, holder, epoch)
  local lease = redis.call('HMGET', lease_key, 'holder', 'epoch')
  if lease[1] == holder and lease[2] == epoch then
    return nil
  end
  redis.call('HINCRBY', lease_key, 'refused', 1)
  return { 'stale', lease[1] or '', lease[2] or '0' }
end

-- Milliseconds of the primary's wall clock. For people and for ages that are also bounded by a monotonic clock.
local function wall_ms()
  local time = redis.call('TIME')
  return string.format('%.0f', tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000))
end

-- Appends one JSON object to the signal's list of steps (lines).
local function add_step(signal_key, step)
  if step == '' then
    return
  end
  local steps = redis.call('HGET', signal_key, 'steps')
  if steps and steps ~= '' then
    step = steps .. '\n' .. step
  end
  redis.call('HSET', signal_key, 'steps', step)
end

-- I8: numbers are given here and nowhere else, contiguous from 1, in the same call that writes the record.
local function append_record(account_key, rtrs_key, record)
  local number = redis.call('HINCRBY', account_key, 'number', 1)
  redis.call('XADD', rtrs_key, string.format('%.0f', number) .. '-0', 'record', record)
  return number
end

-- Applies changes of RTS: triples (hash key, field, value); an empty value removes the field.
local function apply_changes(argv, from, count)
  for i = from, from + (count * 3) - 1, 3 do
    if argv[i + 2] == '' then
      redis.call('HDEL', argv[i], argv[i + 1])
    else
      redis.call('HSET', argv[i], argv[i + 1], argv[i + 2])
    end
  end
end

-- The in-sync record as it stands now, after `word` where there is one.
local function in_sync_record(key, word)
  local row = redis.call('HMGET', key, 'term', 'change', 'primary', 'members', 'writes')
  local reply = { row[1] or '0', row[2] or '0', row[3] or '', row[4] or '', row[5] or '0' }
  if word then
    table.insert(reply, 1, word)
  end
  return reply
end

-- The members of a list as it is stored, but for one.
local function members_without(left_out, list)
  local members = {}
  for member in string.gmatch(list or '', '%S+') do
    if member ~= left_out then
      members[#members + 1] = member
    end
  end
  return members
end

-- Begins a change of the in-sync set: compares (primary, term, change) with what the caller read, counts the change, and
-- returns the members without the node in question; nil when the record is another by now. Writes in both cases.
local function in_sync_members(key, argv)
  local known = redis.call('HMGET', key, 'primary', 'term', 'change', 'members')
  redis.call('HINCRBY', key, 'writes', 1)
  if known[1] ~= argv[1] or known[2] ~= argv[2] or (known[3] or '0') ~= argv[3] then
    return nil
  end
  redis.call('HINCRBY', key, 'change', 1)
  return members_without(argv[4], known[4])
end

-- Removes an entry of RTSS that was read for a signal, where it is that signal's: primaries one after the other may have given the
-- same entry id to different signals, when the first of them did not acknowledge.
local function remove_entry(rtss_key, entry, id)
  local found = redis.call('XRANGE', rtss_key, entry, entry)
  local fields = found[1] and found[1][2] or {}
  for i = 1, #fields, 2 do
    if fields[i] == 'id' and fields[i + 1] == id then
      redis.call('XDEL', rtss_key, entry)
    end
  end
end

-- What a person asks of the engine that leads: ids of waiting wishes, and the id of the pause that is in force.
local function asked_of_holder(wishes_key)
  if not wishes_key then
    return { '', '' }
  end
  local asked = redis.call('HMGET', wishes_key, 'waiting', 'paused')
  return { asked[1] or '', asked[2] or '' }
end
