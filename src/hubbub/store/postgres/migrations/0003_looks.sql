-- How names and titles look, so that one which looks like another is found (docs/decisions/0013).
-- look, same: hashes. Texts that can be taken for each other have a look in common; texts that people call the same have
-- the same `same`. kind: name, title (of the account `owner`), room (the title of the room `owner`).
CREATE TABLE looks (
    look  bytea NOT NULL,
    kind  text  NOT NULL,
    owner text  NOT NULL,
    same  bytea NOT NULL,
    PRIMARY KEY (look, kind, owner)
);

CREATE INDEX looks_of_owner ON looks (owner, kind);
