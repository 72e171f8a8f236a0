-- Whole boards, to be united or intersected: {{head, players in all}, ...} and, unless they are
-- more than `asked.most` in all, {{member, score, ...}, ...}.
local heads, all = {}, {}
local boards, total = {}, 0
for i, place in ipairs(asked.places) do
  boards[i] = open(place)
  heads[i] = {head(place), boards[i].size}
  total = total + boards[i].size
end
if total <= asked.most then
  for i, board in ipairs(boards) do
    all[i] = redis.call('ZRANGE', board.key, 0, -1, 'WITHSCORES')
  end
end
return cmsgpack.pack({heads, all})
