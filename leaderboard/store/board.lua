#!lua flags=no-writes
-- The best ARGV[1] players and the newest ARGV[2] achievements, of one moment.
-- KEYS: board, achievements, counts. ARGV[3]: prefix of the players' keys.
-- Returns msgpack of {players in all, {{id, name, score}, ...}, {achievement, ...}, {count name, n,
-- ...}}: the same bytes while nothing changed.
-- ZREVRANGE gives equal scores in falling order of member; we want them rising. All but the last
-- score's group are complete in the page, so they are only turned round; of the last group the
-- first members are read anew.
local board, recent, counts = unpack(KEYS)
local n, limit, prefix = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]

local page = n > 0 and redis.call('ZREVRANGE', board, 0, n - 1, 'WITHSCORES') or {}
local size = #page / 2
if size > 0 then
  local last = page[2 * size]
  local first = size
  while first > 1 and page[2 * (first - 1)] == last do
    first = first - 1
  end
  local tied = redis.call('ZRANGEBYSCORE', board, last, last, 'LIMIT', 0, size - first + 1)
  for i, member in ipairs(tied) do
    page[2 * (first + i - 1) - 1] = member
  end
  local from = 1
  while from < first do
    local to = from
    while page[2 * (to + 1)] == page[2 * from] do
      to = to + 1
    end
    for i = 0, math.floor((to - from + 1) / 2) - 1 do
      local a, b = 2 * (from + i) - 1, 2 * (to - i) - 1
      page[a], page[b] = page[b], page[a]
    end
    from = to + 1
  end
end

local rows = {}
for i = 1, size do
  local id, score = page[2 * i - 1], tonumber(string.format('%.0f', page[2 * i]))
  rows[i] = {id, redis.call('HGET', prefix .. id, 'player_name') or id, score}
end
local newest = limit > 0 and redis.call('LRANGE', recent, 0, limit - 1) or {}
return cmsgpack.pack({redis.call('ZCARD', board), rows, newest, redis.call('HGETALL', counts)})
