-- epoch: a random number that a room's log is known by. Another one: it is not the log that it was (postgres/origin.py).
ALTER TABLE rooms ADD COLUMN epoch bigint NOT NULL DEFAULT floor(random() * 9007199254740991)::bigint;

-- Which database this is, as it was found last. A restored one has another timeline, or other tables.
-- system: the cluster's identifier. tables: the oid of the table events. lineage: another number after each change.
CREATE TABLE origin (
    key      integer PRIMARY KEY CHECK (key = 1),
    system   bigint  NOT NULL,
    timeline bigint  NOT NULL,
    tables   bigint  NOT NULL,
    lineage  bigint  NOT NULL
);

-- name: the user's, which never changes, so that a page of members by name reads no others. A node of version 0.1 that is
-- still running does not give it.
ALTER TABLE members ADD COLUMN name text COLLATE "C" NOT NULL DEFAULT '';

UPDATE members SET name = users.name FROM users WHERE users.key = user_key;

CREATE UNIQUE INDEX members_by_name ON members (room_key, name);

CREATE FUNCTION name_member() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT users.name INTO NEW.name FROM users WHERE key = NEW.user_key;
    RETURN NEW;
END $$;

CREATE TRIGGER members_named BEFORE INSERT ON members FOR EACH ROW WHEN (NEW.name = '') EXECUTE FUNCTION name_member();
