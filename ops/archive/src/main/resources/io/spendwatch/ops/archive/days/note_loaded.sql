-- Promises that the day is noted as loaded from these files.
UPDATE loaded_days
   SET revision = ?, archived_at = ?, files = ?, loaded_at = clock_timestamp()
 WHERE day = ?
