-- Promises that it stands in the trail; who writes it, and from where, the server says.
INSERT INTO spendwatch.operator_actions (who, origin, action, outcome)
VALUES ($1, $2, $3, $4)
