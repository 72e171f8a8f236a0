-- The games of a board of one window: {head, {game, ...}}.
return cmsgpack.pack({head(asked.place), redis.call('SMEMBERS', keys.games .. asked.place.place)})
