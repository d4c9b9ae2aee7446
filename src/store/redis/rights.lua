-- Runs every command that any script runs, and says which rules this user lacks. KEYS: three records of nothing. Other
-- failures, such as of a server that is full, say nothing about rights.
local text, hash, zset = KEYS[1], KEYS[2], KEYS[3]
local refused = {}
local function try(command, ...)
  local answer = redis.pcall(command, ...)
  local words = type(answer) == 'table' and answer.err
  if words and (string.find(words, 'permission', 1, true) or string.find(words, "can't run this command", 1, true)) then
    refused[#refused + 1] = '+' .. string.lower(command)
  end
end
try('INFO', 'server')
try('TIME')
try('SET', text, '1', 'PX', 1000)
try('GET', text)
try('PTTL', text)
try('HSET', hash, 'a', '1')
try('PEXPIRE', hash, 1000)
try('HGET', hash, 'a')
try('HMGET', hash, 'a')
try('HGETALL', hash)
try('HINCRBY', hash, 'a', 1)
try('HDEL', hash, 'a')
try('ZADD', zset, 1, 'a')
try('ZSCORE', zset, 'a')
try('ZRANK', zset, 'a')
try('ZCARD', zset)
try('ZCOUNT', zset, '-inf', '+inf')
try('ZRANGE', zset, 0, -1)
try('ZRANGEBYSCORE', zset, '-inf', '+inf')
try('ZREM', zset, 'a')
try('ZREMRANGEBYSCORE', zset, '-inf', '+inf')
try('DEL', text, hash, zset)
return refused
