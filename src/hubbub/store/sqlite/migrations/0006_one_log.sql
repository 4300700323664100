-- One log for events of any kind, and what follows from them (docs/decisions/0015).

-- about: the message of the same room that the event is about; of a message the one that it answers.
-- kind: see store/codec.py. Of kinds from 5 on the body is a JSON object of the event's own fields with its type.
ALTER TABLE events ADD COLUMN about INTEGER;

CREATE INDEX events_about ON events (room_key, about, kind) WHERE about IS NOT NULL;

-- members: how many the room has.
ALTER TABLE rooms ADD COLUMN members INTEGER NOT NULL DEFAULT 0;

UPDATE rooms SET members = (SELECT count(*) FROM members WHERE room_key = rooms.key);

CREATE TRIGGER members_added AFTER INSERT ON members BEGIN
    UPDATE rooms SET members = members + 1 WHERE key = NEW.room_key;
END;

CREATE TRIGGER members_removed AFTER DELETE ON members BEGIN
    UPDATE rooms SET members = members - 1 WHERE key = OLD.room_key;
END;

-- What became of messages, of those to which anything happened. last_seq: the last event that changed it.
-- edit_seq: the event that has its text, NULL: its own.
CREATE TABLE message_states (
    room_key INTEGER NOT NULL,
    seq      INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    edit_seq INTEGER,
    deleted  INTEGER NOT NULL,
    PRIMARY KEY (room_key, seq)
) STRICT, WITHOUT ROWID;

-- Who reacts to a message. at_seq: since that event.
CREATE TABLE reactions (
    room_key INTEGER NOT NULL,
    seq      INTEGER NOT NULL,
    emoji    TEXT    NOT NULL,
    user_key INTEGER NOT NULL,
    at_seq   INTEGER NOT NULL,
    PRIMARY KEY (room_key, seq, emoji, user_key)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX reactions_in_order ON reactions (room_key, seq, emoji, at_seq);

-- How many react by each emoji; none has no row. place: its emoji stand in the order of this.
CREATE TABLE reaction_counts (
    room_key INTEGER NOT NULL,
    seq      INTEGER NOT NULL,
    emoji    TEXT    NOT NULL,
    place    INTEGER NOT NULL,
    count    INTEGER NOT NULL,
    PRIMARY KEY (room_key, seq, emoji)
) STRICT, WITHOUT ROWID;
