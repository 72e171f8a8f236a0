#!lua flags=no-writes
-- Where members stand on a board: what every read of boards begins with. ARGV[1]: msgpack of the
-- question (`places.py`); the answer is msgpack, too: a client reads that faster. Positions count from 0 in the board's order: score, in `rising` order or
-- falling, and equal scores by member, a to z. A step costs O(log N); only a page costs its rows.
local asked = cmsgpack.unpack(ARGV[1])
local keys = asked.keys
local REACHED = 18 -- digits before a player's id where the first to reach a score leads
local MOST = 3000 -- arguments of one command

-- by bytes, as Redis orders members; Lua's own < follows the language the server was started in
local function is_less(a, b)
  for i = 1, math.min(#a, #b) do
    local x, y = string.byte(a, i), string.byte(b, i)
    if x ~= y then
      return x < y
    end
  end
  return #a < #b
end

local function open(place)
  local id = place.id
  if place.on_time and redis.call('SISMEMBER', keys.split, id) == 1 then
    id = keys.on_time .. id
  end
  local key = keys.board .. id
  return {
    key = key, distinct = keys.distinct .. id, state = keys.state .. id,
    size = redis.call('ZCARD', key),
    rising = place.rising, first = place.first, policy = place.policy, rate = place.rate,
  }
end

-- how many members of the sorted set have a score that leads `score`
local function leading(board, score, key)
  if board.rising then
    return redis.call('ZCOUNT', key or board.key, '-inf', '(' .. score)
  end
  return redis.call('ZCOUNT', key or board.key, '(' .. score, '+inf')
end

local function member_of(board, player)
  if not board.first then
    return player
  end
  local state = redis.call('HGET', board.state, player)
  return (state and string.match(state, '%d+$') or '-') .. player -- no state: nobody's member
end

local function player_of(board, member)
  return board.first and string.sub(member, REACHED + 1) or member
end

-- the position of a member with a score, or where it would stand; and 1 if it does stand there
local function position(board, score, member)
  local lower = redis.call('ZCOUNT', board.key, '-inf', '(' .. score)
  local ahead = board.rising and lower or leading(board, score)
  local own = redis.call('ZSCORE', board.key, member)
  if own and tonumber(own) == tonumber(score) then
    return ahead + redis.call('ZRANK', board.key, member) - lower, 1
  end
  local low, high = 0, redis.call('ZCOUNT', board.key, score, score)
  while low < high do
    local middle = math.floor((low + high) / 2)
    local there = redis.call('ZRANGE', board.key, lower + middle, lower + middle)[1]
    if is_less(there, member) then
      low = middle + 1
    else
      high = middle
    end
  end
  return ahead + low, 0
end

-- {member, score, ...} of the positions from `from` to before `to`. Redis gives falling scores with
-- equal ones falling too. Groups of equals that lie within the page are turned round; the first and
-- the last may go on outside of it, so those are read anew.
local function page(board, from, to)
  if to <= from then
    return {}
  end
  if board.rising then
    return redis.call('ZRANGE', board.key, from, to - 1, 'WITHSCORES')
  end
  local rows = redis.call('ZREVRANGE', board.key, from, to - 1, 'WITHSCORES')
  local size, i = #rows / 2, 1
  while i <= size do
    local score, j = rows[2 * i], i
    while j < size and rows[2 * (j + 1)] == score do
      j = j + 1
    end
    if i == 1 or j == size then
      local lower = redis.call('ZCOUNT', board.key, '-inf', '(' .. score)
      local start = lower + from + i - 1 - leading(board, score)
      for k, member in ipairs(redis.call('ZRANGE', board.key, start, start + j - i)) do
        rows[2 * (i + k - 1) - 1] = member
      end
    else
      for k = 0, math.floor((j - i + 1) / 2) - 1 do
        local a, b = 2 * (i + k) - 1, 2 * (j - k) - 1
        rows[a], rows[b] = rows[b], rows[a]
      end
    end
    i = j + 1
  end
  return rows
end

local function shared_rank(board, score)
  return leading(board, score, board.policy == 'dense' and board.distinct or nil) + 1
end

local function rank(board, score, member)
  if board.policy == 'ordinal' then
    return position(board, score, member) + 1
  end
  return shared_rank(board, score)
end

-- the ranks of a page's rows: only the first one may cost a question
local function ranks(board, from, rows)
  local found = {}
  for i = 1, #rows / 2 do
    if board.policy == 'ordinal' then
      found[i] = from + i
    elseif i == 1 then
      found[i] = shared_rank(board, rows[2])
    elseif rows[2 * i] == rows[2 * (i - 1)] then
      found[i] = found[i - 1]
    else
      found[i] = board.policy == 'dense' and found[i - 1] + 1 or from + i
    end
  end
  return found
end

-- {member, score} of a player, or nil
local function find(board, player)
  local member = member_of(board, player)
  local score = redis.call('ZSCORE', board.key, member)
  return score and {member, score} or nil
end

-- {rank, position, score, how many lead, how many follow, state of a rate} of a player, or false
local function standing(board, player)
  local own = find(board, player)
  if not own then
    return false
  end
  local member, score = unpack(own)
  local ahead = leading(board, score)
  local level = redis.call('ZCOUNT', board.key, score, score)
  local state = board.rate and redis.call('HGET', board.state, player) or ''
  local at = position(board, score, member)
  local ranked = board.policy == 'ordinal' and at + 1 or shared_rank(board, score)
  return {ranked, at, score, ahead, board.size - ahead - level, state}
end

local function name_of(player)
  return redis.call('HGET', keys.player .. player, 'player_name') or player
end

-- the smallest watermark of all partitions of the topic; '' when one has none yet
local function watermark()
  local least
  local marks = 0
  local fields = redis.call('HKEYS', keys.offsets)
  for _, field in ipairs(redis.call('HKEYS', keys.watermarks)) do
    if redis.call('HEXISTS', keys.offsets, field) == 0 then
      fields[#fields + 1] = field
    end
  end
  for _, field in ipairs(fields) do
    if string.sub(field, 1, #asked.topic + 1) == asked.topic .. ':' then
      local mark = redis.call('HGET', keys.watermarks, field)
      if not mark then
        return ''
      end
      marks = marks + 1
      if not least or is_less(mark, least) then
        least = mark
      end
    end
  end
  local partitions = tonumber(redis.call('HGET', keys.partitions, asked.topic) or 0)
  return marks >= partitions and least or ''
end

-- a game of a window just begun is known if one of the windows before it had it
local LOOK_BACK = 50
local function has_game(place)
  if redis.call('SISMEMBER', keys.games .. place.place, place.game) == 1 then
    return true
  end
  if place.label and place.live then
    local kept = redis.call('ZREVRANGE', keys.windows .. place.board, 0, LOOK_BACK - 1)
    for _, label in ipairs(kept) do
      local before = keys.games .. place.board .. ':' .. label
      if redis.call('SISMEMBER', before, place.game) == 1 then
        return true
      end
    end
  end
  return false
end

-- {'' or what is not there, watermark}
local function head(place)
  local missing = ''
  if place.label and not place.live
    and not redis.call('ZSCORE', keys.windows .. place.board, place.label) then
    missing = 'window'
  elseif place.game and not has_game(place) then
    missing = 'game'
  end
  return {missing, watermark()}
end
