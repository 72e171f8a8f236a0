#!lua
-- Put the counts of a rebuild in the place of the live ones, all of them or none. KEYS: rebuilds,
-- epoch, offsets, hidden players; then the rebuild's offsets and hidden players. ARGV[1]: msgpack of
-- name, prefix, shadow (the rebuild's prefix), both also as patterns; fields ({field, offset that
-- counts for nothing, or ''}); single and families of names, without prefix.
-- Returns {'done', keys put in place}, or what stands against it, and then nothing was changed:
-- {'superseded'}: it is not the newest rebuild; {'behind', records}: the live counts know more;
-- {'hidden'}: other players are hidden.
-- A scan finds a key twice at most where it is gone already; nothing after the first write fails.
local rebuilds, epoch, offsets, hidden, new_offsets, new_hidden = unpack(KEYS)
local asked = cmsgpack.unpack(ARGV[1])
local STEP = 1000 -- keys of one scan; Lua's unpack takes 8000

if redis.pcall('GET', epoch) == asked.name then
  return {'done', 0} -- the reply to an earlier call was lost
end
if redis.call('LINDEX', rebuilds, 0) ~= asked.name then
  return {'superseded'}
end
local behind = 0
for _, field in ipairs(asked.fields) do
  local live = redis.pcall('HGET', offsets, field[1])
  if type(live) == 'string' and live ~= field[2] then
    local ours = tonumber(redis.call('HGET', new_offsets, field[1]) or 0)
    behind = behind + math.max(0, (tonumber(live) or 0) - ours)
  end
end
if behind > 0 then
  return {'behind', behind}
end
if redis.call('SCARD', hidden) ~= redis.call('SCARD', new_hidden)
  or #redis.call('SDIFF', hidden, new_hidden) > 0 then
  return {'hidden'}
end

local single = {}
for _, name in ipairs(asked.single) do
  single[name] = true
end

local function is_counted(name)
  if single[name] then
    return true
  end
  for _, family in ipairs(asked.families) do
    if string.sub(name, 1, #family) == family then
      return true
    end
  end
  return false
end

-- calls `with` the names of counts under a prefix, some at a time: with the prefix, and without it
local function each(prefix, pattern, with)
  local cursor = '0'
  repeat
    local reply = redis.call('SCAN', cursor, 'MATCH', pattern, 'COUNT', STEP)
    cursor = reply[1]
    local keys, names = {}, {}
    for _, key in ipairs(reply[2]) do
      local name = string.sub(key, #prefix + 1)
      if is_counted(name) then
        keys[#keys + 1] = key
        names[#names + 1] = name
      end
    end
    if #keys > 0 then
      with(keys, names)
    end
  until cursor == '0'
end

local moved = 0
each(asked.prefix, asked.pattern, function(keys)
  for from = 1, #keys, STEP do
    redis.call('UNLINK', unpack(keys, from, math.min(from + STEP - 1, #keys)))
  end
end)
each(asked.shadow, asked.shadow_pattern, function(keys, names)
  for i, key in ipairs(keys) do
    redis.pcall('RENAME', key, asked.prefix .. names[i])
  end
  moved = moved + #keys
end)
redis.call('LREM', rebuilds, 0, asked.name)
return {'done', moved}
