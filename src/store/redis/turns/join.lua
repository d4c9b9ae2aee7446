-- Takes a turn, or a place in the line. ARGV: entry, priority, whether it goes before its equals, how many milliseconds
-- it may wait, whether it may take over a place that another replica holds.
-- Whoever asks again for the same entry has what they had.
local entry, priority, first = ARGV[4], tonumber(ARGV[5]), ARGV[6] == '1'
local left, takes_over = tonumber(ARGV[7]), ARGV[8] == '1'
local PASSED, WAITS, NEVER = 0, 1, 2
look_around()

local function answer(kind, wait)
  return { kind, math.ceil(wait), save() }
end

local score = redis.call('ZSCORE', waiting, entry)
if score then
  local owner = redis.call('HGET', owners, entry)
  local is_held = owner and owner ~= me and seen_at[owner] and now - seen_at[owner] < ALIVE
  if is_held and not takes_over then
    return answer(NEVER, wait_behind(redis.call('ZRANK', waiting, entry)))
  end
  if priority < priority_of(tonumber(score)) then
    redis.call('ZADD', waiting, place(priority, first), entry)
  end
  local wait = wait_behind(redis.call('ZRANK', waiting, entry))
  if wait > left then
    remove(entry)
    return answer(NEVER, wait)
  end
  redis.call('HSET', owners, entry, me)
  return answer(WAITS, wait)
end

local is_empty = true
each_there(function() is_empty = false; return true end)
if is_empty and wait_behind(0) == 0 then
  take()
  return answer(PASSED, 0)
end
local behind = first and priority or priority + 1
local ahead = redis.call('ZCOUNT', waiting, '-inf', '(' .. string.format('%.0f', behind * BAND - BAND / 2))
local wait = wait_behind(ahead)
if wait > left then return answer(NEVER, wait) end
redis.call('ZADD', waiting, place(priority, first), entry)
redis.call('HSET', owners, entry, me)
return answer(WAITS, wait)
