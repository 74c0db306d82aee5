-- Promises that the day is noted with the manifest's revision and the size that its files have now.
UPDATE spendwatch.archived_days
   SET revision = ?, bytes = ?
 WHERE day = ?
