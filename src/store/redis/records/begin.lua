-- Reads a record, or gives the right to write it.
-- KEYS: record, generation, lease. ARGV: owner, question, milliseconds an answer must be good for, whether only what is
-- kept is to be found out anew, a word for a new generation, milliseconds of a lease, and of a generation.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local kept = redis.call('HMGET', KEYS[1], 'question', 'answer', 'until')
local left = kept[2] and tonumber(kept[3]) - now or 0
if left > tonumber(ARGV[3]) and kept[1] == ARGV[2] then return { 'kept', kept[2] } end
if left <= 0 and ARGV[4] == '1' then return { 'nothing', '' } end
local owner = redis.call('GET', KEYS[3])
if owner and owner ~= ARGV[1] then return { 'theirs', '' } end
redis.call('SET', KEYS[3], ARGV[1], 'PX', ARGV[6])
redis.call('SET', KEYS[2], ARGV[5], 'PX', ARGV[7], 'NX')
redis.call('PEXPIRE', KEYS[2], ARGV[7])
local other = kept[1] and kept[1] ~= ARGV[2]
return { other and 'yours instead' or 'yours', redis.call('GET', KEYS[2]) }
