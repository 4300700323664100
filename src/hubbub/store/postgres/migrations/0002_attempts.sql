-- What is counted against guessing, for all nodes and over restarts: token buckets, and marks that stand for a while.
-- key: a keyed hash, so that neither names nor addresses are in here.
-- level: how many tokens were left at at_ms; a mark has none. Nothing of it counts any more from until_ms on.
CREATE TABLE attempts (
    key      bytea            PRIMARY KEY,
    level    double precision NOT NULL,
    at_ms    bigint           NOT NULL,
    until_ms bigint           NOT NULL
);

CREATE INDEX attempts_over ON attempts (until_ms);
