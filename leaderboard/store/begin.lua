#!lua
-- Store the offset at which a partition's log starts now, where nothing is stored yet. KEYS: offsets,
-- definitions, begins. ARGV: field, offset, definitions. Returns 1, or 0 when other boards were
-- counted.
local offsets, definitions, begins = unpack(KEYS)
local declared = redis.call('GET', definitions)
if declared and declared ~= ARGV[3] or not declared and redis.call('HLEN', offsets) > 0 then
  return 0
end
redis.call('SET', definitions, ARGV[3])
if redis.call('HSETNX', offsets, ARGV[1], ARGV[2]) == 1 then
  redis.call('HSET', begins, ARGV[1], ARGV[2])
end
return 1
