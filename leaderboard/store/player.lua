#!lua flags=no-writes
-- One player: {rank from 1 or nil, {field, value, ...}, matches {field, counts, ...}}, or nil when
-- nothing was counted. KEYS: board, player, matches. ARGV[1]: player id.
-- Rank: players with more points, then those with as many points and a smaller id.
local board, player, matches = unpack(KEYS)
local stats = redis.call('HGETALL', player)
local score = redis.call('ZSCORE', board, ARGV[1])
if not score then -- a hidden player has no rank, but counts
  return #stats > 0 and {false, stats, redis.call('HGETALL', matches)} or false
end
local above = redis.call('ZCOUNT', board, '(' .. score, '+inf')
local below = redis.call('ZCOUNT', board, '-inf', '(' .. score)
local tied_before = redis.call('ZRANK', board, ARGV[1]) - below
return {above + tied_before + 1, stats, redis.call('HGETALL', matches)}
