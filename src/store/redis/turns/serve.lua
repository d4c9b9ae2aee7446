-- Gives this replica's people the turns that have come. KEYS, too: given. ARGV: the number of this call, how many of
-- this replica's people wait, and then those who gave up.
-- Whoever asks again with the same number is given the same turns.
local given, call, expected = KEYS[5], ARGV[4], tonumber(ARGV[5])
look_around()
for i = 6, #ARGV do
  if redis.call('HGET', owners, ARGV[i]) == me then remove(ARGV[i]) end
end

local turns, of_call = {}, nil
local before = redis.call('HGET', given, me)
if before then of_call, before = string.match(before, '^(%d+) ?(.*)$') end
if of_call == call then
  for entry in string.gmatch(before, '%S+') do turns[#turns + 1] = entry end
end

local ahead, wait, mine = 0, -1, {}
each_there(function(entry, owner)
  if owner == me and ahead == 0 and wait_behind(0) == 0 then
    take()
    remove(entry)
    turns[#turns + 1] = entry
    return
  end
  if owner == me then
    if wait < 0 then wait = math.ceil(wait_behind(ahead)) end
    mine[#mine + 1] = entry
  end
  ahead = ahead + 1
end)
redis.call('HSET', given, me, call .. ' ' .. table.concat(turns, ' '))
if #mine + #turns >= expected then mine = false end
return { turns, wait, save(), mine }
