-- AWS throttled a call: half the rate, and the next turn is put off by one of the new intervals.
factor = math.max(factor / 2, FLOOR)
redis.call('HSET', pace, 'slow_since', string.format('%.3f', now), 'slow_factor', factor)
next_turn = math.max(next_turn, now + head_start)
take()
return save()
