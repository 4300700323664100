-- All that is not a room's log: records of collections, each of which is declared in code (docs/decisions/0014-records.md).
-- key, s1 to s4: bytes that sort as the values of the record's fields do; s1 to s4 are its indexes, in the order in
-- which the collection declares them, and NULL where a record is not in one. What need not be unique ends with the key.
-- revision: another one after each write. body: the record as a JSON object.
-- From expires_ms on a record counts as absent. No index has it, for then each use of a login would write into one.
CREATE TABLE records (
    collection TEXT    NOT NULL,
    key        BLOB    NOT NULL,
    revision   INTEGER NOT NULL,
    expires_ms INTEGER,
    s1         BLOB,
    s2         BLOB,
    s3         BLOB,
    s4         BLOB,
    body       TEXT    NOT NULL,
    PRIMARY KEY (collection, key)
) STRICT;

CREATE UNIQUE INDEX records_s1 ON records (collection, s1) WHERE s1 IS NOT NULL;
CREATE UNIQUE INDEX records_s2 ON records (collection, s2) WHERE s2 IS NOT NULL;
CREATE UNIQUE INDEX records_s3 ON records (collection, s3) WHERE s3 IS NOT NULL;
CREATE UNIQUE INDEX records_s4 ON records (collection, s4) WHERE s4 IS NOT NULL;
