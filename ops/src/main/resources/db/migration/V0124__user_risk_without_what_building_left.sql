-- Building user_risk wrote each user once for each day that has transactions of theirs, in one transaction, so the table had room for all of
-- these ever after: 105 MB for 10,000 users with 180 days, a page of its own for each. Built now, it writes them once (Rollups); what is
-- there is written anew, in the order of the key, with the room in its pages that V0123 has asked for.
--
-- Meanwhile reports near-limit and risk-summary wait, and the roll-ups' next step: four seconds for a million users. Writes do not.
CLUSTER spendwatch.user_risk USING user_risk_pkey;
ALTER TABLE spendwatch.user_risk SET WITHOUT CLUSTER;
