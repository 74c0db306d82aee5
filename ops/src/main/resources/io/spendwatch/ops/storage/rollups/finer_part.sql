-- Promises what is in roll-up {finer} of [$1, $2), as what is added to it.
{finer}_added AS (
  SELECT * FROM spendwatch.{finer} WHERE {finer_time} >= $1 AND {finer_time} < $2
)
