-- Apply one run of changes exactly once. KEYS: offsets, achievements, achievement counts, counts,
-- ids, watermarks, definitions, hidden players, board counts, schemas. ARGV[1]: msgpack of the
-- changes.
-- Returns {1, next} when applied, {0, stored offset or nil} when the offset is another one, and
-- {-1} when Redis holds counts of other boards than these.
-- Every read that can fail (a key of another type) comes before the first write, so that a failing
-- call has changed nothing.
local offsets, recent, unlocked, counts, processed, watermarks, definitions, hidden, board_counts,
  schemas = unpack(KEYS)
local run = cmsgpack.unpack(ARGV[1])

local stored = redis.call('HGET', offsets, run.field)
if (stored or '0') ~= run.start then
  return {0, stored}
end
local declared = redis.call('GET', definitions)
if declared and declared ~= run.definitions
  or not declared and redis.call('HLEN', offsets) > 0 then
  return {-1}
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
    hash[i + 1] = whole((tonumber(old) or 0) + added[i + 1])
  end
  return hash
end

-- one player's finished matches, of all games and of each: fields and what they hold now
local function matches_of(key, row)
  local fields = {}
  for _, match in ipairs(row) do
    fields[#fields + 1] = match[1]
  end
  local old = read_all('HMGET', key, fields)
  local hash = {}
  for i, match in ipairs(row) do
    local was = words(old[i] or nil)
    local now = {}
    for j = 1, 6 do
      now[j] = whole((tonumber(was[j]) or 0) + match[j + 1])
    end
    local current, best =
      streak(tonumber(was[7]) or 0, tonumber(was[8]) or 0, '', match[8])
    now[7], now[8] = whole(current), whole(best)
    hash[#hash + 1] = match[1]
    hash[#hash + 1] = table.concat(now, ' ')
  end
  return hash
end

local unlocked_sums, wrong = sums(unlocked, run.unlocked)
local counts_sums, wrong_too = sums(counts, run.counts)
local board_sums, wrong_again = sums(board_counts, run.board_counts)
if wrong or wrong_too or wrong_again then
  return wrong or wrong_too or wrong_again
end
redis.call('SCARD', processed)
redis.call('HLEN', watermarks)
local knew = redis.call('HGET', schemas, run.field) or ''
local newest = redis.call('LRANGE', recent, 0, -1)

run.names, run.hidden = {}, {}
for i, row in ipairs(run.players) do
  run.names[i] = row[1]
end
if redis.call('SCARD', hidden) > 0 then
  for i, found in ipairs(read_all('SMISMEMBER', hidden, run.names)) do
    run.hidden[i] = found == 1 or nil
  end
end

local commands, boards, hidden_boards = {}, {}, {}
redis.call('ZCARD', run.keys.board .. 'global')
redis.call('ZCARD', run.keys.hidden_board .. 'global')
for i, row in ipairs(run.players) do
  local key = run.keys.player .. row[1]
  local fields = {'total_score', 'events_count', 'games_joined', 'last_active'}
  for j = 7, #row, 2 do
    fields[#fields + 1] = row[j]
  end
  local old = redis.call('HMGET', key, unpack(fields))
  local score = plus(tonumber(old[1]) or 0, row[4])
  local last_active = row[3]
  if old[4] and old[4] > last_active then
    last_active = old[4]
  end
  local hash = {
    'HSET', key, 'player_name', row[2], 'last_active', last_active, 'total_score', whole(score),
    'events_count', whole((tonumber(old[2]) or 0) + row[5]),
    'games_joined', whole((tonumber(old[3]) or 0) + row[6]),
  }
  for j = 7, #row, 2 do
    hash[#hash + 1] = row[j]
    hash[#hash + 1] = whole((tonumber(old[5 + (j - 7) / 2]) or 0) + row[j + 1])
  end
  commands[i] = hash
  local board = run.hidden[i] and hidden_boards or boards
  board[#board + 1] = whole(score)
  board[#board + 1] = row[1]
  if score > EXACT then
    return redis.error_reply('EXACT the score of ' .. row[1] .. ' passes 2^53')
  end
end
write_all(commands, 'ZADD', run.keys.board .. 'global', boards)
write_all(commands, 'ZADD', run.keys.hidden_board .. 'global', hidden_boards)
for _, row in ipairs(run.matches) do
  local key = run.keys.matches .. run.names[row[1]]
  write_all(commands, 'HSET', key, matches_of(key, row[2]))
end
-- a horizon learned before the counts were begun anew is none
local horizon_holds = run.horizon ~= nil
for _, field in ipairs(run.horizon and run.fields or {}) do
  local at = redis.call('HGET', watermarks, field)
  horizon_holds = horizon_holds and at and at >= run.horizon
end
for _, part in ipairs(run.parts) do
  part.horizon_holds = horizon_holds
  local problem = plan_part(run, commands, part)
  if problem then
    return redis.error_reply('EXACT ' .. problem)
  end
end

write_all(commands, 'HSET', unlocked, unlocked_sums)
write_all(commands, 'HSET', board_counts, board_sums)
execute(commands)
if not declared then
  redis.call('SET', definitions, run.definitions)
end
for from, to in chunks(run.ids, MOST) do
  redis.call('SADD', processed, unpack(run.ids, from, to))
end
if #run.ids > 0 then
  redis.call('EXPIRE', processed, run.ttl_s)
end
if #run.achievements > 0 then
  for _, entry in ipairs(run.achievements) do
    newest[#newest + 1] = entry
  end
  table.sort(newest, function(a, b) return a > b end)
  redis.call('DEL', recent)
  redis.call('RPUSH', recent, unpack(newest, 1, math.min(#newest, run.most_achievements)))
end
redis.call('HSET', counts, unpack(counts_sums))
if run.watermark then
  redis.call('HSET', watermarks, run.field, run.watermark)
end
-- what could be read is a fact of its time: the verifier must judge each record by it
if run.knows ~= '' and run.knows ~= string.match(knew, '=(%S+)$') then
  local before = knew == '' and '' or knew .. ' '
  redis.call('HSET', schemas, run.field, before .. run.start .. '=' .. run.knows)
end
redis.call('HSET', offsets, run.field, run.next)
return {1, run.next}
