-- Reads a record, or gives the right to write it.
-- KEYS: record, generation, lease. ARGV: owner, question, milliseconds an answer must be good for, whether only what is
-- kept is to be found out anew, a word for a new generation, milliseconds of a lease, and of a generation; then an answer
-- that was opened and not taken, and for how many milliseconds it is good by what is sealed in it.
-- What stands beside an answer is a hint: only who opens the answer knows what it answers and until when. So it goes along.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local kept = redis.call('HMGET', KEYS[1], 'question', 'answer', 'until')
local left = kept[2] and (tonumber(kept[3]) or 0) - now or 0
if kept[2] == ARGV[8] then left = math.min(left, tonumber(ARGV[9])) end
if left > tonumber(ARGV[3]) and kept[1] == ARGV[2] then return { 'kept', '', kept[2] } end
if left <= 0 and ARGV[4] == '1' then return { 'nothing', '', false } end
local owner = redis.call('GET', KEYS[3])
if owner and owner ~= ARGV[1] then return { 'theirs', '', false } end
redis.call('SET', KEYS[3], ARGV[1], 'PX', ARGV[6])
redis.call('SET', KEYS[2], ARGV[5], 'PX', ARGV[7], 'NX')
redis.call('PEXPIRE', KEYS[2], ARGV[7])
local is_there = kept[1] or kept[2] or kept[3]
return { 'yours', redis.call('GET', KEYS[2]), is_there and (kept[2] or '') }
