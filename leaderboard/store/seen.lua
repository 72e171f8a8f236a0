#!lua flags=no-writes
-- Which ids are in one of the sets KEYS (generations of one partition)?
-- ARGV[1]: ids, 16 bytes each. Returns their places, from 1. Changes nothing.
local ids = {}
for i = 1, #ARGV[1], 16 do
  ids[#ids + 1] = string.sub(ARGV[1], i, i + 15)
end
local places, found = {}, {}
for _, key in ipairs(KEYS) do
  if redis.call('EXISTS', key) == 1 then
    for from = 1, #ids, 5000 do
      local to = math.min(from + 4999, #ids)
      for i, hit in ipairs(redis.call('SMISMEMBER', key, unpack(ids, from, to))) do
        local place = from + i - 1
        if hit == 1 and not found[place] then
          found[place] = true
          places[#places + 1] = place
        end
      end
    end
  end
end
return places
