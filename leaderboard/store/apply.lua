#!lua
-- Apply one run of changes exactly once. KEYS: offsets, board, achievements, achievement counts,
-- counts, ids. ARGV[1]: msgpack of the changes.
-- Returns {1, next} when applied, {0, stored offset or nil} when the offset is another one.
-- Every read that can fail (a key of another type) comes before the first write, so that a failing
-- call has changed nothing.
local offsets, board, recent, unlocked, counts, processed = unpack(KEYS)
local c = cmsgpack.unpack(ARGV[1])

local stored = redis.call('HGET', offsets, c.field)
if (stored or '0') ~= c.start then
  return {0, stored}
end

local function text(number)
  return string.format('%.0f', number)
end

-- {name, sum, ...} of a hash's numbers and what is added to them, or nil and what is no number
local function sums(key, added)
  redis.call('HLEN', key)
  local hash = {}
  for i = 1, #added, 2 do
    local old = redis.call('HGET', key, added[i])
    if old and not tonumber(old) then
      return nil, redis.error_reply('WRONGTYPE ' .. key .. ' ' .. added[i] .. ' holds no number')
    end
    hash[i] = added[i]
    hash[i + 1] = text((tonumber(old) or 0) + added[i + 1])
  end
  return hash
end

redis.call('ZCARD', board)
local unlocked_sums, wrong = sums(unlocked, c.unlocked)
local counts_sums, wrong_too = sums(counts, c.counts)
if wrong or wrong_too then
  return wrong or wrong_too
end
redis.call('SCARD', processed)
local newest = redis.call('LRANGE', recent, 0, -1)

local boards, hashes = {}, {}
for i, row in ipairs(c.players) do
  local key = c.player_prefix .. row[1]
  local fields = {'total_score', 'events_count', 'games_joined', 'last_active'}
  for j = 7, #row, 2 do
    fields[#fields + 1] = row[j]
  end
  local old = redis.call('HMGET', key, unpack(fields))
  local score = (tonumber(old[1]) or 0) + row[4]
  local last_active = row[3]
  if old[4] and old[4] > last_active then
    last_active = old[4]
  end
  local hash = {
    key, 'player_name', row[2], 'last_active', last_active, 'total_score', text(score),
    'events_count', text((tonumber(old[2]) or 0) + row[5]),
    'games_joined', text((tonumber(old[3]) or 0) + row[6]),
  }
  for j = 7, #row, 2 do
    hash[#hash + 1] = row[j]
    hash[#hash + 1] = text((tonumber(old[5 + (j - 7) / 2]) or 0) + row[j + 1])
  end
  hashes[i] = hash
  boards[#boards + 1] = text(score)
  boards[#boards + 1] = row[1]
end

for _, hash in ipairs(hashes) do
  redis.call('HSET', unpack(hash))
end
for from = 1, #boards, 4000 do
  redis.call('ZADD', board, unpack(boards, from, math.min(from + 3999, #boards)))
end
for from = 1, #c.ids, 5000 do
  redis.call('SADD', processed, unpack(c.ids, from, math.min(from + 4999, #c.ids)))
end
if #c.ids > 0 then
  redis.call('EXPIRE', processed, c.ttl_s)
end
if #c.achievements > 0 then
  for _, entry in ipairs(c.achievements) do
    newest[#newest + 1] = entry
  end
  table.sort(newest, function(a, b) return a > b end)
  redis.call('DEL', recent)
  redis.call('RPUSH', recent, unpack(newest, 1, math.min(#newest, c.most_achievements)))
end
if #unlocked_sums > 0 then
  redis.call('HSET', unlocked, unpack(unlocked_sums))
end
redis.call('HSET', counts, unpack(counts_sums))
redis.call('HSET', offsets, c.field, c.next)
return {1, c.next}
