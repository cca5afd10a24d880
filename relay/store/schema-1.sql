-- A relay's memory, version 1. What has no column here cannot be seized: no arrival time, no address, no sender.

-- The key begins with mailbox and day, so that a page for a collector is one walk along it, however long the backlog.
-- It has no counter and no rowid, so no column tells an order of arrival.
CREATE TABLE envelope (
  mailbox    BLOB    NOT NULL CHECK (length(mailbox) = 32),
  expires    INTEGER NOT NULL, -- the last day it is kept, in days since 1970, or UNDATED and a period (store/base.py);
                               -- the hour of arrival is written nowhere
  hash       BLOB    NOT NULL CHECK (length(hash) = 32),       -- SHA-256 of body
  commitment BLOB    NOT NULL CHECK (length(commitment) = 32),
  body       BLOB    NOT NULL CHECK (length(body) IN (8192, 65536)),
  PRIMARY KEY (mailbox, expires, hash)
) WITHOUT ROWID;

-- Written with the envelope and left behind by an acknowledgement, so that a letter sent again over a bad line is
-- neither kept twice nor comes back. The id is SHA-256 of mailbox and hash: after the acknowledgement no mailbox shows.
CREATE TABLE seen (
  id      BLOB    PRIMARY KEY CHECK (length(id) = 32),
  expires INTEGER NOT NULL
) WITHOUT ROWID;

-- Mailboxes somebody has collected from. A season, in the code an activity epoch, is 90 days: no
-- day of a visit is kept.
CREATE TABLE proven (
  mailbox BLOB    PRIMARY KEY CHECK (length(mailbox) = 32),
  season  INTEGER NOT NULL
) WITHOUT ROWID;

-- Organisations' cards: public, signed, the newest of each.
CREATE TABLE card (
  root    BLOB    PRIMARY KEY CHECK (length(root) = 32),
  seq     INTEGER NOT NULL,
  expires INTEGER NOT NULL, -- Unix seconds, as the card itself says
  note    BLOB    NOT NULL
) WITHOUT ROWID;

PRAGMA user_version = 1;
