-- Plan what a run adds to one board, window and game: reads now, writes as commands for later, so
-- that a read that fails comes before any write. `merge` is in `merge.lua`. `run` is the payload of
-- `apply.lua`: `run.keys` names the keys, `run.names` the players by the number a row begins with,
-- and `run.hidden` holds those numbers of hidden ones.
local MOST = 3000 -- even: pairs stay whole; arguments of one command; Lua's unpack takes 8000

local function chunks(list, step)
  local from = 1 - step
  return function()
    from = from + step
    if from <= #list then
      return from, math.min(from + step - 1, #list)
    end
  end
end

local function read_all(command, key, names)
  local found = {}
  for from, to in chunks(names, MOST) do
    for _, value in ipairs(redis.call(command, key, unpack(names, from, to))) do
      found[#found + 1] = value
    end
  end
  return found
end

local function write_all(commands, command, key, args)
  for from, to in chunks(args, MOST) do
    commands[#commands + 1] = {command, key, unpack(args, from, to)}
  end
end

local function text(score)
  return score == math.floor(score) and whole(score) or string.format('%.17g', score)
end

-- the distinct scores of a board declared dense: those nobody has any more go, new ones come
local function index_scores(run, id, old_scores, added)
  local board, distinct = run.keys.board .. id, run.keys.distinct .. id
  for _, score in ipairs(old_scores) do
    if redis.call('ZCOUNT', board, score, score) == 0 then
      redis.call('ZREM', distinct, text(tonumber(score)))
    end
  end
  for i = 1, #added, 2 do
    redis.call('ZADD', distinct, added[i], added[i])
  end
end

-- rows of players of one kind (shown or hidden): state and scores read from `source`, written to
-- `target`, two ids of one part (they differ when the on-time pane is split off)
local function plan_group(run, commands, part, source, target, shown, rows)
  local names = {}
  for i, row in ipairs(rows) do
    names[i] = run.names[row[1]]
  end
  local keys = run.keys
  local board = shown and keys.board or keys.hidden_board
  local keeps = part.kind == 'rate' or part.kind == 'streak' or part.kind == 'session'
  local states = (keeps or part.first) and read_all('HMGET', keys.state .. source, names) or {}
  local members, had = {}, {}
  for i, name in ipairs(names) do
    local reached = part.first and states[i] and string.match(states[i], '%d+$')
    members[i] = reached and reached .. name or name
    had[i] = not part.first or reached -- another player's id may look like a member
  end
  local scores = read_all('ZMSCORE', board .. source, members)
  local added, gone, new_states, old_scores = {}, {}, {}, {}
  for i, row in ipairs(rows) do
    local old = had[i] and scores[i] and tonumber(scores[i])
    local score, state, reached = merge[part.kind](old, states[i] or nil, row, part)
    if score and score > EXACT then
      return 'the score of ' .. names[i] .. ' on board ' .. part.id .. ' passes 2^53'
    end
    if keeps or part.first then
      new_states[#new_states + 1] = names[i]
      new_states[#new_states + 1] = state
    end
    local member = part.first and reached .. names[i] or names[i]
    if score and (score ~= old or member ~= members[i]) then
      added[#added + 1] = text(score)
      added[#added + 1] = member
      if old and member ~= members[i] then
        gone[#gone + 1] = members[i]
      end
      if old then
        old_scores[#old_scores + 1] = scores[i]
      end
    end
  end
  write_all(commands, 'ZREM', board .. target, gone)
  write_all(commands, 'ZADD', board .. target, added)
  write_all(commands, 'HSET', keys.state .. target, new_states)
  if part.dense and shown then
    redis.call('ZCARD', keys.distinct .. source)
    commands[#commands + 1] = function() index_scores(run, target, old_scores, added) end
  end
end

local function plan_rows(run, commands, part, source, target, rows)
  local shown, hidden = rows, {}
  if next(run.hidden) then
    shown = {}
    for _, row in ipairs(rows) do
      local group = run.hidden[row[1]] and hidden or shown
      group[#group + 1] = row
    end
  end
  return (#shown > 0 and plan_group(run, commands, part, source, target, true, shown))
    or (#hidden > 0 and plan_group(run, commands, part, source, target, false, hidden))
    or nil
end

-- Late events go to the window but not to its on-time pane. The pane is split off as a copy when
-- the first one counts; from then on whatever is on time (in other partitions) goes to both.
local function plan_part(run, commands, part)
  local keys = run.keys
  local pane = keys.on_time .. part.id
  local split = part['end'] and redis.call('SISMEMBER', keys.split, part.id) == 1
  if part.on_time and not split then
    commands[#commands + 1] = {'SADD', keys.split, part.id}
    for _, kind in ipairs({keys.board, keys.hidden_board, keys.state, keys.distinct}) do
      commands[#commands + 1] = {'COPY', kind .. part.id, kind .. pane, 'REPLACE'}
    end
  end
  local problem
  if part.on_time then
    problem = plan_rows(run, commands, part, split and pane or part.id, pane, part.on_time)
  elseif split then
    problem = plan_rows(run, commands, part, pane, pane, part.rows)
  end
  problem = problem or plan_rows(run, commands, part, part.id, part.id, part.rows)
  if part['end'] then
    redis.call('ZCARD', keys.windows .. part.board)
    commands[#commands + 1] = {'ZADD', keys.windows .. part.board, part['end'], part.label}
  end
  if part.game then
    redis.call('SCARD', keys.games .. part.place)
    commands[#commands + 1] = {'SADD', keys.games .. part.place, part.game}
  end
  return problem
end

local function execute(commands)
  for _, command in ipairs(commands) do
    if type(command) == 'function' then
      command()
    else
      redis.call(unpack(command))
    end
  end
end
