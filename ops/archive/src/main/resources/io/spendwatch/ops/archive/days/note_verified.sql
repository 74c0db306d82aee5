-- Promises that all files of this revision of the day's manifest are noted as read and found as they should be.
UPDATE spendwatch.archived_days
   SET verified_revision = ?
 WHERE day = ? AND revision = ?
