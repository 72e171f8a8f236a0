-- Hide a player on every board, or show them again: move the member between the board and its
-- hidden twin, on every board, window, game and pane. What is counted stays and goes on counting
-- (`apply.lua` knows who is hidden). KEYS: hidden players, audit, definitions. ARGV: player id,
-- '1' to hide or '0', the audit entry, msgpack of the other keys.
-- Returns how many members moved, or -1 when the player was hidden, or shown, already.
-- Every read that can fail comes before the first write. `text` is of `parts.lua`.
local hidden, audit, definitions = unpack(KEYS)
local player, hides, entry = ARGV[1], ARGV[2] == '1', ARGV[3]
local keys = cmsgpack.unpack(ARGV[4])

if (redis.call('SISMEMBER', hidden, player) == 1) == hides then
  return -1
end
redis.call('LLEN', audit)

local commands, moved = {}, 0

local function plan(board, id)
  local from = (hides and keys.board or keys.hidden_board) .. id
  local to = (hides and keys.hidden_board or keys.board) .. id
  local member = player
  if board.tie_break == 'first' then
    local state = redis.call('HGET', keys.state .. id, player)
    member = (state and string.match(state, '%d+$') or '-') .. player -- no state: nobody's member
  end
  local score = redis.call('ZSCORE', from, member)
  redis.call('ZCARD', to)
  if not score then
    return
  end
  moved = moved + 1
  commands[#commands + 1] = {'ZREM', from, member}
  commands[#commands + 1] = {'ZADD', to, score, member}
  if board.ranks == 'dense' then
    local distinct, name = keys.distinct .. id, text(tonumber(score))
    redis.call('ZCARD', distinct)
    if not hides then
      commands[#commands + 1] = {'ZADD', distinct, name, name}
    elseif redis.call('ZCOUNT', from, score, score) == 1 then
      commands[#commands + 1] = {'ZREM', distinct, name}
    end
  end
end

local function plan_panes(board, id)
  plan(board, id)
  if redis.call('SISMEMBER', keys.split, id) == 1 then
    plan(board, keys.on_time .. id)
  end
end

local function plan_place(board, place)
  if board.scope ~= 'game' then
    return plan_panes(board, place)
  end
  for _, game in ipairs(redis.call('SMEMBERS', keys.games .. place)) do
    plan_panes(board, place .. ':' .. game)
  end
end

local declared = redis.call('GET', definitions)
for _, board in ipairs(declared and cjson.decode(declared) or {}) do
  if board.window == 'all' or board.window == 'session' then
    plan_place(board, board.name)
  else
    for _, label in ipairs(redis.call('ZRANGE', keys.windows .. board.name, 0, -1)) do
      plan_place(board, board.name .. ':' .. label)
    end
  end
end

for _, command in ipairs(commands) do
  redis.call(unpack(command))
end
redis.call(hides and 'SADD' or 'SREM', hidden, player)
redis.call('LPUSH', audit, entry)
return moved
