-- SPDX-License-Identifier: Apache-2.0
-- Findings that were declared an incident, by the agent or here, each as one JSON record that holds what
-- both know. While hold_until_ns lies ahead, nothing of the agent is dropped.

CREATE TABLE incidents (
	agent TEXT NOT NULL,
	finding TEXT NOT NULL,
	hold_until_ns INTEGER NOT NULL,
	json TEXT NOT NULL,
	PRIMARY KEY (agent, finding)
) WITHOUT ROWID;
