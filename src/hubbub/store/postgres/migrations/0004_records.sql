-- All that is not a room's log: records of collections, each of which is declared in code (docs/decisions/0014-records.md).
-- key, s1 to s4: bytes that sort as the values of the record's fields do; s1 to s4 are its indexes, in the order in
-- which the collection declares them, and NULL where a record is not in one. What need not be unique ends with the key.
-- revision: another one after each write. body: the record as a JSON object.
-- From expires_ms on a record counts as absent. No index has it, for then each use of a login would write into one:
-- so a new version of the row, for which the page has room, is written into none.
CREATE TABLE records (
    collection text   COLLATE "C" NOT NULL,
    key        bytea  NOT NULL,
    revision   bigint NOT NULL,
    expires_ms bigint,
    s1         bytea,
    s2         bytea,
    s3         bytea,
    s4         bytea,
    body       text   COLLATE "C" NOT NULL,
    PRIMARY KEY (collection, key)
) WITH (fillfactor = 80);

CREATE UNIQUE INDEX records_s1 ON records (collection, s1) WHERE s1 IS NOT NULL;
CREATE UNIQUE INDEX records_s2 ON records (collection, s2) WHERE s2 IS NOT NULL;
CREATE UNIQUE INDEX records_s3 ON records (collection, s3) WHERE s3 IS NOT NULL;
CREATE UNIQUE INDEX records_s4 ON records (collection, s4) WHERE s4 IS NOT NULL;

-- Writes edits of several batches; gives the numbers of those batches that conflict with what is there, of which nothing
-- is written. expected: 0 for a record that is not there or has expired. content: NULL deletes. known: how many slots are
-- given (-1: none, they stay as they are). A value of a slot that is taken fails all of it: the caller tries each batch
-- alone. Records are locked in one order, so that two nodes wait for each other instead of failing.
CREATE FUNCTION write_records(batches bigint[], collections text[], keys bytea[], expected bigint[],
    revisions bigint[], expiries bigint[], contents text[], known bigint[],
    slots1 bytea[], slots2 bytea[], slots3 bytea[], slots4 bytea[], now_ms bigint)
RETURNS TABLE (refused bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    refusals bigint[];
BEGIN
    PERFORM FROM unnest(collections, keys) AS edit (place, id)
        JOIN records ON collection = edit.place AND key = edit.id ORDER BY collection, key FOR UPDATE OF records;
    refusals := ARRAY(
        SELECT DISTINCT edit.batch
        FROM unnest(batches, collections, keys, expected) AS edit (batch, place, id, expected)
        LEFT JOIN records ON collection = edit.place AND key = edit.id AND (expires_ms IS NULL OR expires_ms > now_ms)
        WHERE coalesce(revision, 0) <> edit.expected);
    DELETE FROM records
    USING unnest(batches, collections, keys, expected, contents) AS edit (batch, place, id, expected, content)
    WHERE collection = edit.place AND key = edit.id AND (edit.content IS NULL OR edit.expected = 0)
        AND edit.batch <> ALL (refusals);
    UPDATE records SET revision = edit.revision, expires_ms = edit.expiry, body = edit.content,
        s1 = CASE WHEN edit.known >= 1 THEN edit.s1 ELSE records.s1 END,
        s2 = CASE WHEN edit.known >= 2 THEN edit.s2 ELSE records.s2 END,
        s3 = CASE WHEN edit.known >= 3 THEN edit.s3 ELSE records.s3 END,
        s4 = CASE WHEN edit.known >= 4 THEN edit.s4 ELSE records.s4 END
    FROM unnest(batches, collections, keys, expected, revisions, expiries, contents, known,
            slots1, slots2, slots3, slots4)
        AS edit (batch, place, id, expected, revision, expiry, content, known, s1, s2, s3, s4)
    WHERE collection = edit.place AND key = edit.id AND edit.content IS NOT NULL AND edit.expected <> 0
        AND edit.batch <> ALL (refusals);
    INSERT INTO records (collection, key, revision, expires_ms, s1, s2, s3, s4, body)
    SELECT edit.place, edit.id, edit.revision, edit.expiry, edit.s1, edit.s2, edit.s3, edit.s4, edit.content
    FROM unnest(batches, collections, keys, expected, revisions, expiries, contents, slots1, slots2, slots3, slots4)
        AS edit (batch, place, id, expected, revision, expiry, content, s1, s2, s3, s4)
    WHERE edit.content IS NOT NULL AND edit.expected = 0 AND edit.batch <> ALL (refusals)
    ORDER BY edit.place, edit.id;
    RETURN QUERY SELECT unnest(refusals);
END $$;
