-- Rows of one board that follow each other. The part asked for is all of it, a range of scores or
-- the best percent; the page starts at its top, around a player or a score, or beside a cursor.
-- Returns {head, players in all, rows in the part, rows of the part before the page, {row, ...}, 1
-- if an on-time result is kept apart} or {head} when the player does not stand there. A row:
-- {member, player, name, score, rank, previous rank or false, state of a rate}.
local place, n = asked.place, asked.n
local board = open(place)
local previous = asked.previous and open(asked.previous)

local low, high = 0, board.size
if asked.min then
  low = leading(board, board.rising and asked.min or asked.max)
  high = low + redis.call('ZCOUNT', board.key, asked.min, asked.max)
elseif asked.percent then
  high = math.min(high, math.max(1, math.floor(high * asked.percent / 100)))
end

local from = low
if asked.player then
  local own = find(board, asked.player)
  if not own then
    return cmsgpack.pack({head(place)})
  end
  from = math.min((position(board, own[2], own[1])) - math.floor(n / 2), high - n)
elseif asked.score then
  from = math.min(leading(board, asked.score) - math.floor(n / 2), high - n)
elseif asked.after then
  local at, there = position(board, asked.after[1], asked.after[2])
  from = at + there
elseif asked.before then
  local at = math.min((position(board, asked.before[1], asked.before[2])), high)
  from = math.max(at - n, low)
  n = at - from
end
from = math.max(low, math.min(from, high))

local found = page(board, from, math.min(from + n, high))
local ranked = ranks(board, from, found)
local rows, players = {}, {}
for i = 1, #found / 2 do
  local member = found[2 * i - 1]
  local player = player_of(board, member)
  local was = previous and find(previous, player)
  players[i] = player
  rows[i] = {
    member, player, name_of(player), found[2 * i], ranked[i],
    was and rank(previous, was[2], was[1]) or false, '',
  }
end
if board.rate then
  for first = 1, #players, MOST do
    local last = math.min(first + MOST - 1, #players)
    for i, state in ipairs(redis.call('HMGET', board.state, unpack(players, first, last))) do
      rows[first + i - 1][7] = state
    end
  end
end
return cmsgpack.pack({head(place), board.size, high - low, from - low, rows,
  redis.call('SISMEMBER', keys.split, place.id)})
