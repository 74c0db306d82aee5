-- Promises that what run $1 missed, and has come meanwhile, is not among its findings any more.
DELETE FROM spendwatch.reconciliation_findings AS finding
 WHERE run_id = $1
   AND kind = 'MISSING_CLEARED'
   AND EXISTS (SELECT
                 FROM spendwatch.alerts AS alert
                WHERE alert.user_id = finding.user_id
                  AND alert.event_time = finding.event_time
                  AND alert.type = 'CLEARED')
