-- What boards there are: {watermark, {players, windows kept, {label, ...}, {game, ...}, late, out of
-- bounds}, ...}, a board for each of `asked.places`, with the newest `asked.most` windows.
local reply = {watermark()}
for i, place in ipairs(asked.places) do
  local windows = keys.windows .. place.board
  local games = place.by_game and redis.call('SMEMBERS', keys.games .. place.place) or {}
  local missed = redis.call('HMGET', keys.board_counts, 'late:' .. place.board,
    'out_of_bounds:' .. place.board)
  reply[i + 1] = {
    redis.call('ZCARD', keys.board .. place.id), redis.call('ZCARD', windows),
    redis.call('ZREVRANGE', windows, 0, asked.most - 1), games,
    missed[1] or '0', missed[2] or '0',
  }
end
return cmsgpack.pack(reply)
