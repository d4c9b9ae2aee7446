-- One operation's line: its pace, and who waits. The generic cell rate algorithm of ITU-T I.371, by the server's clock.
-- KEYS: pace, waiting, owners, seen. ARGV: this replica, calls a second, burst.
local pace, waiting, owners, seen = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local me, burst = ARGV[1], tonumber(ARGV[3])
local even = 1000 / math.max(tonumber(ARGV[2]), 0.0001)
-- The rate never falls below this part of its nominal value, and a quiet stretch of this length doubles it again.
local FLOOR, RECOVERY = 0.125, 10000
-- A replica that was not seen for so long is passed over; after the other, its people have lost their places.
local ALIVE, KEPT = 3000, 120000
-- Each priority's part of the order.
local BAND = 1e12

local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local head_start = even * math.max(burst - 3, 0)
local kept = redis.call('HMGET', pace, 'next', 'slow_since', 'slow_factor')
local next_turn = math.max(tonumber(kept[1] or now), now)
local factor = 1
if kept[2] then
  factor = math.min(tonumber(kept[3]) * 2 ^ ((now - tonumber(kept[2])) / RECOVERY), 1)
end

-- In how many milliseconds a call may be made that so many go before.
local function wait_behind(ahead)
  return math.max(next_turn + ahead * even / factor - head_start - now, 0)
end

local function take()
  next_turn = next_turn + even / factor
end

-- When each replica was last seen. One that was not seen for too long is forgotten.
local seen_at = {}
local function look_around()
  redis.call('HSET', seen, me, string.format('%.0f', now))
  local flat = redis.call('HGETALL', seen)
  for i = 1, #flat, 2 do
    local at = tonumber(flat[i + 1])
    if now - at > KEPT then redis.call('HDEL', seen, flat[i]) else seen_at[flat[i]] = at end
  end
end

local function remove(entry)
  redis.call('ZREM', waiting, entry)
  redis.call('HDEL', owners, entry)
end

-- Calls `visit` with the entry and the owner of everyone whose replica is there, in the order of their turns, until it
-- answers true. Those are removed on the way whose replica was forgotten.
local function each_there(visit)
  local entries = redis.call('ZRANGE', waiting, 0, -1)
  if #entries == 0 then return end
  local owner_of, flat = {}, redis.call('HGETALL', owners)
  for i = 1, #flat, 2 do owner_of[flat[i]] = flat[i + 1] end
  for _, entry in ipairs(entries) do
    local owner = owner_of[entry]
    local at = owner and seen_at[owner]
    if not at then
      remove(entry)
    elseif now - at < ALIVE and visit(entry, owner) then
      return
    end
  end
end

-- A place at the end of its equals, or before them.
local function place(priority, first)
  local side = first and 'first' or 'last'
  return priority * BAND + redis.call('HINCRBY', pace, side, first and -1 or 1)
end

local function priority_of(score)
  return math.floor(score / BAND + 0.5)
end

-- Writes down what was changed; every key ends. Answers how the line stands.
local function save()
  redis.call('HSET', pace, 'next', string.format('%.3f', next_turn))
  local ttl = string.format('%.0f', next_turn - now + 600000)
  for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, ttl) end
  local lead = math.ceil(next_turn - now)
  return { lead, math.floor(factor * 1000), redis.call('ZCARD', waiting) }
end
