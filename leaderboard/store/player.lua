#!lua flags=no-writes
-- One player: {rank from 1, {field, value, ...}}, or nil. KEYS: board, player. ARGV[1]: player id.
-- Rank: players with more points, then those with as many points and a smaller id.
local board, player = unpack(KEYS)
local score = redis.call('ZSCORE', board, ARGV[1])
if not score then
  return false
end
local above = redis.call('ZCOUNT', board, '(' .. score, '+inf')
local below = redis.call('ZCOUNT', board, '-inf', '(' .. score)
local tied_before = redis.call('ZRANK', board, ARGV[1]) - below
return {above + tied_before + 1, redis.call('HGETALL', player)}
