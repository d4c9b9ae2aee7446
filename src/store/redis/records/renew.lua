-- KEYS: record, generation, lease. ARGV: owner, generation, milliseconds of a lease, and of a generation.
if redis.call('GET', KEYS[2]) ~= ARGV[2] then return 0 end
local owner = redis.call('GET', KEYS[3])
if owner and owner ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[3], ARGV[1], 'PX', ARGV[3])
redis.call('PEXPIRE', KEYS[2], ARGV[4])
return 1
