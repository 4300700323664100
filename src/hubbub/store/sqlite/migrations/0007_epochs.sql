-- epoch: a random number that a room's log is known by. Another one: it is not the log that it was (sqlite/witness.py).
ALTER TABLE rooms ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0;

UPDATE rooms SET epoch = random() & 9007199254740991;

-- name: the user's, which never changes, so that a page of members by name reads no others.
ALTER TABLE members ADD COLUMN name TEXT NOT NULL DEFAULT '';

UPDATE members SET name = (SELECT name FROM users WHERE key = user_key);

CREATE UNIQUE INDEX members_by_name ON members (room_key, name);
