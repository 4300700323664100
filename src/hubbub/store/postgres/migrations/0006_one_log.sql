-- One log for events of any kind, and what follows from them (docs/decisions/0015).
-- create_room, join_room and leave_room stay for nodes of the version before, which may still be running.

-- about: the message of the same room that the event is about; of a message the one that it answers.
-- kind: see store/codec.py. Of kinds from 5 on the body is a JSON object of the event's own fields with its type.
ALTER TABLE events ADD COLUMN about bigint;

CREATE INDEX events_about ON events (room_key, about, kind, seq) WHERE about IS NOT NULL;

-- members: how many the room has.
ALTER TABLE rooms ADD COLUMN members bigint NOT NULL DEFAULT 0;

UPDATE rooms SET members = (SELECT count(*) FROM members WHERE room_key = rooms.key);

CREATE FUNCTION count_member() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        UPDATE rooms SET members = members + 1 WHERE key = NEW.room_key;
    ELSE
        UPDATE rooms SET members = members - 1 WHERE key = OLD.room_key;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER members_counted AFTER INSERT OR DELETE ON members FOR EACH ROW EXECUTE FUNCTION count_member();

-- What became of messages, of those to which anything happened. last_seq: the last event that changed it.
-- edit_seq: the event that has its text, NULL: its own.
CREATE TABLE message_states (
    room_key bigint  NOT NULL,
    seq      bigint  NOT NULL,
    last_seq bigint  NOT NULL,
    edit_seq bigint,
    deleted  boolean NOT NULL,
    PRIMARY KEY (room_key, seq)
) WITH (fillfactor = 80);

-- Who reacts to a message. at_seq: since that event.
CREATE TABLE reactions (
    room_key bigint NOT NULL,
    seq      bigint NOT NULL,
    emoji    text   COLLATE "C" NOT NULL,
    at_seq   bigint NOT NULL,
    user_key bigint NOT NULL,
    PRIMARY KEY (room_key, seq, emoji, at_seq)
);

-- It begins otherwise than the primary key, so that a query that hides room_key (room_key + 0) finds one reaction by this.
CREATE UNIQUE INDEX reactions_of_user ON reactions (seq, user_key, emoji, room_key);

-- How many react by each emoji; none has no row. place: its emoji stand in the order of this.
CREATE TABLE reaction_counts (
    room_key bigint NOT NULL,
    seq      bigint NOT NULL,
    emoji    text   COLLATE "C" NOT NULL,
    place    bigint NOT NULL,
    count    bigint NOT NULL,
    PRIMARY KEY (room_key, seq, emoji)
) WITH (fillfactor = 80);

-- As before, with one more outcome. 4: the nonce stands for an event of another kind, or for an answer.
CREATE OR REPLACE FUNCTION append_messages(
    room_ids text[], senders bigint[], nonces text[], stamps bigint[], bodies text[])
RETURNS TABLE (outcome smallint, seq bigint, ts bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    PERFORM FROM rooms WHERE id = ANY (room_ids) ORDER BY key FOR NO KEY UPDATE;
    RETURN QUERY
    WITH drafts AS (
        SELECT draft.*, rooms.key AS room_key, rooms.head, rooms.notices,
            sender.is_member AS member, stored.seq AS stored_seq, stored.ts AS stored_ts, stored.other,
            sender.is_member AND stored.seq IS NULL AND draft.n = min(draft.n) OVER (
                PARTITION BY rooms.key, draft.sender, draft.nonce) AS fresh
        FROM unnest(room_ids, senders, nonces, stamps, bodies)
            WITH ORDINALITY AS draft (room, sender, nonce, stamp, body, n)
        LEFT JOIN rooms ON rooms.id = draft.room
        LEFT JOIN LATERAL (
            SELECT true AS is_member FROM members WHERE room_key = rooms.key AND user_key = draft.sender LIMIT 1
        ) AS sender ON true
        LEFT JOIN LATERAL (
            SELECT seq, ts, kind <> 4 OR about IS NOT NULL AS other FROM events
            WHERE nonce = draft.nonce AND sender_key = draft.sender AND room_key + 0 = rooms.key LIMIT 1
        ) AS stored ON true
    ), placed AS (
        SELECT drafts.*, head + count(*) FILTER (WHERE fresh) OVER (PARTITION BY room_key ORDER BY n) AS place
        FROM drafts
    ), inserted AS (
        INSERT INTO events (room_key, seq, sender_key, ts, notices, kind, nonce, body)
        SELECT room_key, place, sender, stamp, notices, 4, nonce, body FROM placed WHERE fresh
    ), moved AS (
        UPDATE rooms SET head = last.place
        FROM (SELECT room_key, max(place) AS place FROM placed WHERE fresh GROUP BY room_key) AS last
        WHERE rooms.key = last.room_key
    )
    SELECT (CASE WHEN room_key IS NULL THEN 2 WHEN member IS NULL THEN 3 WHEN fresh THEN 0 WHEN other THEN 4
            ELSE 1 END)::smallint,
        coalesce(stored_seq, first_value(place) OVER same), coalesce(stored_ts, first_value(stamp) OVER same)
    FROM placed WINDOW same AS (PARTITION BY room_key, sender, nonce ORDER BY n) ORDER BY n;
END $$;

-- Why a message can't be edited, deleted, answered or reacted to; NULL: it can. emoji: of a new reaction, else NULL.
CREATE FUNCTION refusal_about(room bigint, message bigint, actor bigint, own boolean, new_emoji text)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    author bigint;
BEGIN
    SELECT sender_key INTO author FROM events WHERE room_key = room AND seq = message AND kind = 4;
    IF NOT FOUND THEN
        RETURN 'unknown_message';
    END IF;
    IF EXISTS (SELECT FROM message_states WHERE room_key = room AND seq = message AND deleted) THEN
        RETURN 'message_deleted';
    END IF;
    IF own AND author <> actor THEN
        RETURN 'not_yours';
    END IF;
    IF new_emoji IS NOT NULL
        AND NOT EXISTS (SELECT FROM reaction_counts WHERE room_key = room AND seq = message AND emoji = new_emoji)
        AND (SELECT count(*) FROM reaction_counts WHERE room_key = room AND seq = message) >= 20 THEN
        RETURN 'too_many_reactions';
    END IF;
    RETURN NULL;
END $$;

-- Adds or takes back a reaction.
CREATE FUNCTION react(room bigint, message bigint, new_emoji text, actor bigint, at bigint, adds boolean)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF adds THEN
        INSERT INTO reactions (room_key, seq, emoji, at_seq, user_key) VALUES (room, message, new_emoji, at, actor);
        INSERT INTO reaction_counts AS counts (room_key, seq, emoji, place, count)
        VALUES (room, message, new_emoji, at, 1)
        ON CONFLICT (room_key, seq, emoji) DO UPDATE SET count = counts.count + 1;
    ELSE
        DELETE FROM reactions WHERE seq = message AND user_key = actor AND emoji = new_emoji AND room_key + 0 = room;
        UPDATE reaction_counts SET count = count - 1 WHERE room_key = room AND seq = message AND emoji = new_emoji;
        DELETE FROM reaction_counts WHERE room_key = room AND seq = message AND emoji = new_emoji AND count = 0;
    END IF;
END $$;

-- The texts of a message and its reactions go.
CREATE FUNCTION erase(room bigint, message bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE events SET body = '' WHERE room_key = room AND seq = message;
    UPDATE events SET body = '{"type":"message_edited","text":""}'
    WHERE room_key = room AND about = message AND kind = 5;
    DELETE FROM reactions WHERE room_key = room AND seq = message;
    DELETE FROM reaction_counts WHERE room_key = room AND seq = message;
END $$;

-- What follows from an event, which is the last one of its room.
CREATE FUNCTION take_effect(
    event_kind smallint, room bigint, place bigint, actor bigint, stamp bigint, message bigint,
    new_title text, new_topic text, new_emoji text)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    CASE event_kind
    WHEN 2 THEN
        INSERT INTO members (room_key, user_key, since_ms, read_seq) VALUES (room, actor, stamp, place - 1);
    WHEN 3 THEN
        DELETE FROM members WHERE room_key = room AND user_key = actor;
    WHEN 9 THEN
        UPDATE rooms SET title = new_title, topic = new_topic WHERE key = room;
    WHEN 5, 6, 7, 8 THEN
        INSERT INTO message_states AS states (room_key, seq, last_seq, edit_seq, deleted)
        VALUES (room, message, place, CASE event_kind WHEN 5 THEN place END, event_kind = 6)
        ON CONFLICT (room_key, seq) DO UPDATE SET last_seq = excluded.last_seq, deleted = excluded.deleted,
            edit_seq = CASE WHEN excluded.deleted THEN NULL ELSE coalesce(excluded.edit_seq, states.edit_seq) END;
        IF event_kind = 6 THEN
            PERFORM erase(room, message);
        ELSIF event_kind <> 5 THEN
            PERFORM react(room, message, new_emoji, actor, place, event_kind = 7);
        END IF;
    ELSE NULL;
    END CASE;
END $$;

-- Appends events of any kind; one row per draft, in their order, each after those before it have taken effect.
-- What is checked stands in store/protocols.py, EventStore.append. refusal: NULL, or what was wrong.
-- Who creates rooms waits for others who do, before anything is locked: they could meet at two new ids crosswise.
-- Rooms and then memberships are locked in one order, as in append_messages and mark_read.
CREATE FUNCTION append_events(
    room_ids text[], senders bigint[], kinds smallint[], abouts bigint[], nonces text[], bodies text[],
    stamps bigint[], owns boolean[], expected_heads bigint[], titles text[], topics text[], emoji text[])
RETURNS TABLE (refusal text, seq bigint, ts bigint, repeat boolean) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    d record;
    stored record;
    found_room rooms;
    size integer := (SELECT count(DISTINCT id) FROM unnest(room_ids) AS id);
    -- of each room of the call, by its number among them; a key of 0: not looked for yet, NULL: there is none
    keys bigint[] := array_fill(0::bigint, ARRAY[size]);
    heads bigint[] := array_fill(0::bigint, ARRAY[size]);
    notices_of bigint[] := array_fill(0::bigint, ARRAY[size]);
    moved boolean[] := array_fill(false, ARRAY[size]);
    made bigint;
    is_member boolean;
    reacts boolean;
BEGIN
    IF 1 = ANY (kinds) THEN
        PERFORM pg_advisory_xact_lock(1215652355, hashtext(current_schema()));
    END IF;
    PERFORM FROM rooms WHERE id = ANY (room_ids) ORDER BY key FOR NO KEY UPDATE;
    IF 3 = ANY (kinds) THEN
        PERFORM FROM unnest(room_ids, senders, kinds) AS draft (room, sender, kind)
        JOIN rooms ON rooms.id = draft.room
        JOIN members ON members.room_key = rooms.key AND members.user_key = draft.sender
        WHERE draft.kind = 3 ORDER BY rooms.id COLLATE "C", members.user_key FOR UPDATE OF members;
    END IF;
    FOR d IN
        SELECT draft.*, dense_rank() OVER (ORDER BY draft.room COLLATE "C") AS r
        FROM unnest(room_ids, senders, kinds, abouts, nonces, bodies, stamps, owns, expected_heads, titles, topics, emoji)
            WITH ORDINALITY
            AS draft (room, sender, kind, about, nonce, body, stamp, own, expected, title, topic, emoji, n)
        ORDER BY n
    LOOP
        refusal := NULL;
        repeat := false;
        ts := d.stamp;
        IF keys[d.r] = 0 THEN
            SELECT * INTO found_room FROM rooms WHERE id = d.room;
            keys[d.r] := found_room.key;
            heads[d.r] := found_room.head;
            notices_of[d.r] := found_room.notices;
        END IF;
        is_member := EXISTS (SELECT FROM members WHERE room_key = keys[d.r] AND user_key = d.sender LIMIT 1);
        IF d.kind IN (1, 2) AND NOT EXISTS (SELECT FROM users WHERE key = d.sender) THEN
            refusal := CASE WHEN d.kind = 1 AND keys[d.r] IS NOT NULL THEN 'room_exists'
                WHEN d.kind = 2 AND keys[d.r] IS NULL THEN 'unknown_room' ELSE 'unknown_user' END;
        ELSIF d.kind = 1 THEN
            IF keys[d.r] IS NULL THEN
                INSERT INTO rooms (id, title, topic, created_ms) VALUES (d.room, d.title, d.topic, d.stamp)
                ON CONFLICT (id) DO NOTHING RETURNING key INTO made;
                keys[d.r] := made;
                heads[d.r] := 0;
                notices_of[d.r] := 0;
                refusal := CASE WHEN made IS NULL THEN 'room_exists' END;
            ELSE
                refusal := 'room_exists';
            END IF;
        ELSIF keys[d.r] IS NULL THEN
            refusal := 'unknown_room';
        ELSIF d.kind NOT IN (2, 3) AND NOT is_member THEN
            refusal := 'room_forbidden';
        ELSE
            IF d.nonce IS NOT NULL THEN
                SELECT events.seq, events.ts, events.kind, events.about INTO stored FROM events
                WHERE nonce = d.nonce AND sender_key = d.sender AND room_key + 0 = keys[d.r] LIMIT 1;
                IF FOUND THEN
                    IF stored.kind <> d.kind OR stored.about IS DISTINCT FROM d.about THEN
                        refusal := 'nonce_reused';
                    END IF;
                    seq := stored.seq;
                    ts := stored.ts;
                    repeat := true;
                    RETURN NEXT;
                    CONTINUE;
                END IF;
            END IF;
            IF d.expected <> heads[d.r] THEN
                refusal := 'head_moved';
            ELSIF d.about IS NOT NULL THEN
                refusal := refusal_about(keys[d.r], d.about, d.sender, d.own, CASE d.kind WHEN 7 THEN d.emoji END);
            END IF;
            IF refusal IS NULL AND d.kind IN (7, 8) THEN
                reacts := EXISTS (SELECT FROM reactions WHERE reactions.seq = d.about AND user_key = d.sender
                    AND reactions.emoji = d.emoji AND room_key + 0 = keys[d.r]);
            END IF;
            repeat := refusal IS NULL
                AND CASE d.kind WHEN 2 THEN is_member WHEN 3 THEN NOT is_member WHEN 7 THEN reacts
                    WHEN 8 THEN NOT reacts ELSE false END;
        END IF;
        IF refusal IS NULL AND NOT repeat THEN
            heads[d.r] := heads[d.r] + 1;
            notices_of[d.r] := notices_of[d.r] + CASE d.kind WHEN 4 THEN 0 ELSE 1 END;
            moved[d.r] := true;
            INSERT INTO events (room_key, seq, sender_key, ts, notices, kind, about, nonce, body)
            VALUES (keys[d.r], heads[d.r], d.sender, d.stamp, notices_of[d.r], d.kind, d.about, d.nonce, d.body);
            PERFORM take_effect(d.kind, keys[d.r], heads[d.r], d.sender, d.stamp, d.about, d.title, d.topic, d.emoji);
        END IF;
        seq := heads[d.r];
        RETURN NEXT;
    END LOOP;
    UPDATE rooms SET head = changed.head, notices = changed.notices
    FROM unnest(keys, heads, notices_of, moved) AS changed (key, head, notices, moved)
    WHERE rooms.key = changed.key AND changed.moved;
END $$;
