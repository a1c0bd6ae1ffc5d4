-- SPDX-License-Identifier: Apache-2.0
-- First layout of the collector's store. Later files are applied in order of their number; PRAGMA
-- user_version says how far a database has come. Times are ns since 1970, JSON as the agent sent it.

CREATE TABLE agents (
	name TEXT PRIMARY KEY,
	first_seen_ns INTEGER NOT NULL,
	last_seen_ns INTEGER NOT NULL,
	last_seq INTEGER NOT NULL,
	chain BLOB NOT NULL,
	head_seq INTEGER NOT NULL,
	evidence_key TEXT,
	hello TEXT,
	baseline TEXT
) WITHOUT ROWID;

CREATE TABLE batches (
	agent TEXT NOT NULL,
	first INTEGER NOT NULL,
	last INTEGER NOT NULL,
	chain TEXT NOT NULL,
	received_ns INTEGER NOT NULL,
	PRIMARY KEY (agent, first, last)
) WITHOUT ROWID;

CREATE TABLE records (
	agent TEXT NOT NULL,
	seq INTEGER NOT NULL,
	type TEXT NOT NULL,
	chain BLOB NOT NULL,
	received_ns INTEGER NOT NULL,
	json TEXT NOT NULL,
	PRIMARY KEY (agent, seq)
) WITHOUT ROWID;

CREATE INDEX records_received ON records (received_ns);

-- Current state. A change gives the row a new number, so a follower asks for what is above the last.
CREATE TABLE findings (
	change INTEGER PRIMARY KEY AUTOINCREMENT,
	agent TEXT NOT NULL,
	id TEXT NOT NULL,
	state TEXT NOT NULL,
	last_seen_ns INTEGER NOT NULL,
	json TEXT NOT NULL,
	UNIQUE (agent, id)
);

CREATE TABLE checks (
	agent TEXT NOT NULL,
	id TEXT NOT NULL,
	json TEXT NOT NULL,
	PRIMARY KEY (agent, id)
) WITHOUT ROWID;

CREATE TABLE coverage (
	agent TEXT NOT NULL,
	start_ns INTEGER NOT NULL,
	state TEXT NOT NULL,
	end_ns INTEGER NOT NULL,
	json TEXT NOT NULL,
	PRIMARY KEY (agent, start_ns, state)
) WITHOUT ROWID;
