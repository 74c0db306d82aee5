-- Promises that each instant of $1 has a partition of table transactions; creates what is missing, safe to run concurrently.
SELECT spendwatch.ensure_partitions($1::timestamptz[])
