-- When the turn of an entry comes, in whichever line it waits; with a higher priority from now on, if it had a lower one.
-- KEYS: pace and waiting of each line. ARGV: entry, priority, and calls a second and burst of each line.
local entry, wanted = ARGV[1], tonumber(ARGV[2])
local BAND, RECOVERY = 1e12, 10000
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
for i = 1, #KEYS, 2 do
  local pace, waiting = KEYS[i], KEYS[i + 1]
  local score = redis.call('ZSCORE', waiting, entry)
  if score then
    if wanted < math.floor(tonumber(score) / BAND + 0.5) then
      redis.call('ZADD', waiting, wanted * BAND + redis.call('HINCRBY', pace, 'last', 1), entry)
    end
    local kept = redis.call('HMGET', pace, 'next', 'slow_since', 'slow_factor')
    local even = 1000 / math.max(tonumber(ARGV[i + 2]), 0.0001)
    local head_start = even * math.max(tonumber(ARGV[i + 3]) - 3, 0)
    local factor = 1
    if kept[2] then
      factor = math.min(tonumber(kept[3]) * 2 ^ ((now - tonumber(kept[2])) / RECOVERY), 1)
    end
    local next_turn = math.max(tonumber(kept[1] or now), now)
    local ahead = redis.call('ZRANK', waiting, entry)
    return math.ceil(math.max(next_turn + ahead * even / factor - head_start - now, 0))
  end
end
return -1
