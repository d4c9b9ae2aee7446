-- Keeps an answer, unless the record was purged since its generation began.
-- KEYS: record, generation, lease. ARGV: owner, generation, question, answer, milliseconds that it is good for, and that
-- it is remembered which question was answered.
if redis.call('GET', KEYS[3]) == ARGV[1] then redis.call('DEL', KEYS[3]) end
if redis.call('GET', KEYS[2]) ~= ARGV[2] then return 0 end
local time = redis.call('TIME')
local good_until = time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(ARGV[5])
redis.call('HSET', KEYS[1], 'question', ARGV[3], 'answer', ARGV[4], 'until', string.format('%.0f', good_until))
redis.call('PEXPIRE', KEYS[1], ARGV[6])
return 1
