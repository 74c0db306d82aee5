-- Promises that the day is noted to be in the table again, and that retention leaves it alone until $3.
UPDATE spendwatch.archived_days
   SET table_transactions = ?, table_digest = ?, dropped_at = NULL, kept_until = ?
 WHERE day = ?
