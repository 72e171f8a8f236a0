-- Apply one run of changes exactly once. KEYS: offsets, achievements, achievement counts, counts,
-- ids, ids of the generation before, watermarks, definitions, hidden players, board counts, schemas,
-- epoch. ARGV: msgpack of the changes, their ids (16 bytes each).
-- Returns {1, next} when applied, {0, stored offset or nil} when the offset is another one, {2} when
-- some of the ids were counted before, {-1} when Redis holds counts of other boards than these, and
-- {-2} when it holds those of another rebuild: then even an equal offset says nothing.
-- Every read that can fail (a key of another type) comes before the first write, so that a failing
-- call has changed nothing.
local offsets, recent, unlocked, counts, processed, processed_before, watermarks, definitions,
  hidden, board_counts, schemas, epoch = unpack(KEYS)
local call = redis.call
local run = cmsgpack.unpack(ARGV[1])

if (call('GET', epoch) or '') ~= run.epoch then
  return {-2}
end
local stored = call('HGET', offsets, run.field)
if (stored or '0') ~= run.start then
  return {0, stored}
end
local declared = call('GET', definitions)
if declared and declared ~= run.definitions
  or not declared and call('HLEN', offsets) > 0 then
  return {-1}
end

local ids = {}
for i = 1, #ARGV[2], 16 do
  ids[#ids + 1] = string.sub(ARGV[2], i, i + 15)
end
local function any_counted(key)
  if call('EXISTS', key) == 1 then
    for from, to in chunks(ids, MOST) do
      for _, hit in ipairs(call('SMISMEMBER', key, unpack(ids, from, to))) do
        if hit == 1 then
          return true
        end
      end
    end
  end
end
if any_counted(processed) or any_counted(processed_before) then
  return {2}
end

-- {name, sum, ...} of a hash's numbers and what is added to them, or nil and what is no number
local function sums(key, added)
  call('HLEN', key)
  local hash = {}
  for i = 1, #added, 2 do
    local old = call('HGET', key, added[i])
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
call('HLEN', watermarks)
local knew = call('HGET', schemas, run.field) or ''
local newest = call('LRANGE', recent, 0, -1)

run.names, run.hidden = {}, {}
for i, row in ipairs(run.players) do
  run.names[i] = row[1]
end
if call('SCARD', hidden) > 0 then
  for i, found in ipairs(read_all('SMISMEMBER', hidden, run.names)) do
    run.hidden[i] = found == 1 or nil
  end
end

local commands, boards, hidden_boards = {}, {}, {}
call('ZCARD', run.keys.board .. 'global')
call('ZCARD', run.keys.hidden_board .. 'global')
local fields = {'player_name', 'last_active', 'total_score', 'events_count', 'games_joined'}
local player_key = run.keys.player
for i, row in ipairs(run.players) do
  local key = player_key .. row[1]
  local last = 5
  for j = 7, #row, 2 do
    last = last + 1
    fields[last] = row[j]
  end
  local old = call('HMGET', key, unpack(fields, 1, last))
  local score = plus(tonumber(old[3]) or 0, row[4])
  if score > EXACT then
    return redis.error_reply('EXACT the score of ' .. row[1] .. ' passes 2^53')
  end
  local hash = {'HSET', key, 'events_count', (tonumber(old[4]) or 0) + row[5]}
  if old[1] ~= row[2] then
    hash[5], hash[6] = 'player_name', row[2]
  end
  if not old[2] or old[2] < row[3] then
    hash[#hash + 1] = 'last_active'
    hash[#hash + 1] = row[3]
  end
  if row[4] > 0 or not old[3] then
    hash[#hash + 1] = 'total_score'
    hash[#hash + 1] = score
  end
  if row[6] > 0 or not old[5] then
    hash[#hash + 1] = 'games_joined'
    hash[#hash + 1] = (tonumber(old[5]) or 0) + row[6]
  end
  for j = 7, #row, 2 do
    hash[#hash + 1] = row[j]
    hash[#hash + 1] = (tonumber(old[(j + 5) / 2]) or 0) + row[j + 1]
  end
  commands[i] = hash
  local board = run.hidden[i] and hidden_boards or boards
  board[#board + 1] = score
  board[#board + 1] = row[1]
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
  local at = call('HGET', watermarks, field)
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
  call('SET', definitions, run.definitions)
end
for from, to in chunks(ids, MOST) do
  call('SADD', processed, unpack(ids, from, to))
end
if #ids > 0 then
  call('EXPIRE', processed, run.ttl_s)
end
if #run.achievements > 0 then
  for _, entry in ipairs(run.achievements) do
    newest[#newest + 1] = entry
  end
  table.sort(newest, function(a, b) return a > b end)
  call('DEL', recent)
  call('RPUSH', recent, unpack(newest, 1, math.min(#newest, run.most_achievements)))
end
call('HSET', counts, unpack(counts_sums))
if run.watermark then
  call('HSET', watermarks, run.field, run.watermark)
end
-- what could be read is a fact of its time: the verifier must judge each record by it
if run.knows ~= '' and run.knows ~= string.match(knew, '=(%S+)$') then
  local before = knew == '' and '' or knew .. ' '
  call('HSET', schemas, run.field, before .. run.start .. '=' .. run.knows)
end
call('HSET', offsets, run.field, run.next)
return {1, run.next}
