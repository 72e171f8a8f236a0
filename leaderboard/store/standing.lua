-- Single players: some on one board (`asked.players`), one on many boards (`asked.places`), or one
-- in the windows of a board (`asked.windows`: how many).
if asked.players then -- {head, players in all, {player, name, standing or false}, ...}
  local board = open(asked.place)
  local reply = {head(asked.place), board.size}
  for i, player in ipairs(asked.players) do
    reply[i + 2] = {player, name_of(player), standing(board, player)}
  end
  return cmsgpack.pack(reply)
end

if asked.windows then -- {head, {label, end, players in all, standing or false}, ...}
  local place = asked.place
  local kept =
    redis.call('ZREVRANGE', keys.windows .. place.board, 0, asked.windows - 1, 'WITHSCORES')
  local reply = {{redis.call('EXISTS', keys.player .. asked.player), watermark()}}
  for i = 1, #kept, 2 do
    place.id = place.board .. ':' .. kept[i] .. (place.game and ':' .. place.game or '')
    local board = open(place)
    reply[#reply + 1] = {kept[i], kept[i + 1], board.size, standing(board, asked.player)}
  end
  return cmsgpack.pack(reply)
end

-- {{is there such a player, watermark}, {number of the place, game, players in all, standing,
-- previous rank or false}, ...}, where the player stands
local reply = {{redis.call('EXISTS', keys.player .. asked.player), watermark()}}
for i, place in ipairs(asked.places) do
  local id, before = place.id, place.previous and place.previous.id
  for _, game in ipairs(place.by_game and redis.call('SMEMBERS', keys.games .. place.place) or {''}) do
    local suffix = game ~= '' and ':' .. game or ''
    place.id = id .. suffix
    local board = open(place)
    local now = standing(board, asked.player)
    if now then
      local was = false
      if before then
        place.previous.id = before .. suffix
        local previous = open(place.previous)
        local own = find(previous, asked.player)
        was = own and rank(previous, own[2], own[1]) or false
      end
      reply[#reply + 1] = {i, game, board.size, now, was}
    end
  end
end
return cmsgpack.pack(reply)
