#!lua
-- Delete one final window of a board, of all games. KEYS: watermarks, split ids, epoch.
-- ARGV[1]: msgpack of board, label, place, final_at, fields, keys, epoch. Returns how many keys were
-- deleted; none when a watermark stands before `final_at`, when the newest window that pushes this
-- one out became final: then the counts were begun anew; nor when they are of another rebuild.
local watermarks, split, epoch = unpack(KEYS)
local window = cmsgpack.unpack(ARGV[1])
local keys = window.keys

if (redis.call('GET', epoch) or '') ~= window.epoch then
  return 0
end

for _, field in ipairs(window.fields) do
  local at = redis.call('HGET', watermarks, field)
  if not at or at < window.final_at then
    return 0
  end
end

local ids = {}
for _, game in ipairs(redis.call('SMEMBERS', keys.games .. window.place)) do
  ids[#ids + 1] = window.place .. ':' .. game
end
if #ids == 0 then
  ids[1] = window.place
end
local deleted = redis.call('UNLINK', keys.games .. window.place)
for _, id in ipairs(ids) do
  for _, pane in ipairs({id, keys.on_time .. id}) do
    for _, kind in ipairs({keys.board, keys.hidden_board, keys.state, keys.distinct}) do
      deleted = deleted + redis.call('UNLINK', kind .. pane)
    end
  end
  redis.call('SREM', split, id)
end
redis.call('ZREM', keys.windows .. window.board, window.label)
return deleted
