-- What is remembered of a user's purchases is put in order when something has to go, and no longer with each that comes (record 0060). What is
-- there is as it has to be: its first is the largest.
COMMENT ON COLUMN spendwatch.user_risk.largest IS
  'purchases of the last hour, the largest first: whichever leaves, the largest of the rest is among them';
