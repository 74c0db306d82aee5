-- Promises that whoever has the fence $1 keeps the turn for $2 milliseconds; no row if it was lost.
UPDATE spendwatch.archive_rounds
   SET held_until = clock_timestamp() + $2 * interval '1 ms'
 WHERE fence = $1 AND held_until > clock_timestamp()
RETURNING fence
