-- Promises that partition $1, if it is still under epoch $2, stands still for the count $3.
UPDATE spendwatch.claims
   SET held_for = $3
 WHERE kafka_partition = $1
   AND epoch = $2
RETURNING kafka_partition
