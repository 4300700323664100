-- People and bots. Keys are never reused, so that a key in an old event cannot come to mean somebody else.
CREATE TABLE users (
    key           INTEGER PRIMARY KEY AUTOINCREMENT,
    name          TEXT    NOT NULL UNIQUE,
    title         TEXT    NOT NULL,
    admin         INTEGER NOT NULL,
    password_hash TEXT    NOT NULL,
    created_ms    INTEGER NOT NULL
) STRICT;

-- What an administrator changed at run time.
CREATE TABLE settings (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE logins (
    token_sha256 BLOB    PRIMARY KEY,
    id           TEXT    NOT NULL UNIQUE,
    user_key     INTEGER NOT NULL REFERENCES users,
    device       TEXT    NOT NULL,
    created_ms   INTEGER NOT NULL,
    seen_ms      INTEGER NOT NULL,
    expires_ms   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX logins_of_user ON logins (user_key, created_ms);

CREATE TABLE rooms (
    key        INTEGER PRIMARY KEY AUTOINCREMENT,
    id         TEXT    NOT NULL UNIQUE,
    title      TEXT    NOT NULL,
    topic      TEXT    NOT NULL,
    created_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE members (
    room_key INTEGER NOT NULL REFERENCES rooms,
    user_key INTEGER NOT NULL REFERENCES users,
    since_ms INTEGER NOT NULL,
    read_seq INTEGER NOT NULL,
    PRIMARY KEY (room_key, user_key)
) STRICT, WITHOUT ROWID;

CREATE INDEX rooms_of_user ON members (user_key, room_key);

-- The log of every room. A room's head is its greatest seq: nothing else has to be kept in step with it.
-- kind: 1 room_created, 2 member_joined, 3 member_left, 4 message.
-- body: the text of a message; the display name of who joined; {"title", "topic"} of a created room.
-- notices: how many of the room's events up to this one are not messages. Between two events there are as many messages
-- as seq grew more than notices did: when nobody wrote, counting what is unread reads two rows and not the log.
-- The body stands last, so that counting and checking never reads a long text.
CREATE TABLE events (
    room_key   INTEGER NOT NULL,
    seq        INTEGER NOT NULL,
    kind       INTEGER NOT NULL,
    sender_key INTEGER NOT NULL,
    ts         INTEGER NOT NULL,
    notices    INTEGER NOT NULL,
    nonce      TEXT,
    body       TEXT    NOT NULL,
    PRIMARY KEY (room_key, seq)
) STRICT, WITHOUT ROWID;

-- The nonce stands first: clients make nonces that begin with the time, so new entries share one page
-- instead of touching one page per room and sender (docs/decisions/0003-group-commit.md).
CREATE UNIQUE INDEX events_nonce ON events (nonce, sender_key, room_key) WHERE nonce IS NOT NULL;

-- One row that `ping` counts up, to prove that a write becomes durable.
CREATE TABLE pulse (
    key  INTEGER PRIMARY KEY CHECK (key = 1),
    beat INTEGER NOT NULL
) STRICT;

INSERT INTO pulse (key, beat) VALUES (1, 0);
