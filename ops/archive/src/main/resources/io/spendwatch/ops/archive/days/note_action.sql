-- Promises that it stands in the operators' trail what a command has done; who wrote it, and from where, the server says.
INSERT INTO spendwatch.operator_actions (who, origin, action, outcome)
VALUES (?, 'command', ?, ?)
