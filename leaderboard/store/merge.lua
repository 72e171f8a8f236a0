#!lua
-- How the rows of a run (`model.tally` says what they mean) are merged into a player's score.
-- Each function takes the stored score (nil: none) and state (nil: none), the row {player, ...} and
-- the part, and returns the new score (nil: not on the board yet), the new state, and when the
-- score was reached. Instants are texts of fixed width, for Lua's numbers hold no microseconds
-- beyond the year 2255; the times of sessions are numbers of milliseconds.
local EXACT = 2 ^ 53

local function earlier(a, b)
  return a < b and a or b
end

local function later(a, b)
  return a > b and a or b
end

-- the sum, or infinity where it would not be exact
local function plus(a, b)
  return a > EXACT - b and math.huge or a + b
end

local function words(state)
  local found = {}
  for word in string.gmatch(state or '', '%S+') do
    found[#found + 1] = word
  end
  return found
end

local function whole(number)
  return string.format('%.0f', number)
end

local merge = {}

function merge.sum(score, reached, row)
  local added, at = row[2], row[3]
  if not score then
    return added, at, at
  end
  local reach = reached or at
  if added ~= 0 then
    reach = score == 0 and at or later(reach, at)
  elseif score == 0 then
    reach = earlier(reach, at)
  end
  return plus(score, added), reach, reach
end

local function extreme(is_better)
  return function(score, reached, row)
    local new, at = row[2], row[3]
    if not score or is_better(new, score) then
      return new, at, at
    end
    local reach = reached or at
    if new == score then
      reach = earlier(reach, at)
    end
    return score, reach, reach
  end
end

merge.best = extreme(function(a, b) return a > b end)
merge.min = extreme(function(a, b) return a < b end)

function merge.last(score, reached, row)
  local new, at, changed = row[2], row[3], row[4]
  if score == new and changed == 0 then
    at = reached or at
  end
  return new, at, at
end

function merge.rate(_, state, row, part)
  local old = words(state)
  local numerator = plus(tonumber(old[1]) or 0, row[2])
  local denominator = plus(tonumber(old[2]) or 0, row[3])
  local matches = (tonumber(old[3]) or 0) + row[4]
  local at = later(old[4] or row[5], row[5])
  local new = table.concat({whole(numerator), whole(denominator), whole(matches), at}, ' ')
  if numerator == math.huge or denominator == math.huge then
    return math.huge, new, at
  end
  return matches >= part.min_games and numerator / math.max(1, denominator) or nil, new, at
end

-- a streak that runs on from before (current, best, reached) through a row's wins
local function streak(current, best, reached, row)
  local prefix, prefix_at, suffix, most, most_at, broken = unpack(row, 2)
  if current + prefix > best then
    best, reached = current + prefix, prefix_at
  end
  if most > best then
    best, reached = most, most_at
  end
  return broken == 1 and suffix or current + suffix, best, reached
end

function merge.streak(_, state, row)
  local old = words(state)
  local current, best, reached =
    streak(tonumber(old[1]) or 0, tonumber(old[2]) or 0, old[3] or row[6], row)
  return best, table.concat({whole(current), whole(best), reached}, ' '), reached
end

-- state: the best sum, then first, last and sum of every session that may still grow
function merge.session(_, state, row, part)
  local old = words(state)
  local best = tonumber(old[1])
  local found = {}
  for i = 2, #old, 3 do
    found[#found + 1] = {tonumber(old[i]), tonumber(old[i + 1]), tonumber(old[i + 2])}
  end
  for i = 2, #row, 3 do
    found[#found + 1] = {row[i], row[i + 1], row[i + 2]}
  end
  table.sort(found, function(a, b) return a[1] < b[1] end)
  local sessions = {}
  for _, s in ipairs(found) do
    local last = sessions[#sessions]
    if last and s[1] - part.gap_ms < last[2] then
      last[2], last[3] = math.max(last[2], s[2]), plus(last[3], s[3])
    else
      sessions[#sessions + 1] = s
    end
  end
  for _, s in ipairs(sessions) do
    best = math.max(best or s[3], s[3])
  end
  local new = {whole(best)}
  for _, s in ipairs(sessions) do
    if not (part.horizon_ms and part.horizon_holds) or s[2] > part.horizon_ms then
      for _, number in ipairs(s) do
        new[#new + 1] = whole(number)
      end
    end
  end
  return best, table.concat(new, ' ')
end
