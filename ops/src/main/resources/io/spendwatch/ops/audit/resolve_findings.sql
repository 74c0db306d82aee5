-- Promises that what was open, and would have been found again by run $1, is resolved: drift of the users $2, whom it compared, lost
-- records, of which every run looks at all, and the rest if it looked at all that is stored ($3).
UPDATE spendwatch.reconciliation_findings
   SET resolved_run_id = $1
 WHERE resolved_run_id IS NULL
   AND last_run_id < $1
   AND CASE kind WHEN 'ACTOR_DRIFT' THEN user_id = ANY ($2) WHEN 'LOST_RECORDS' THEN true ELSE $3 END
