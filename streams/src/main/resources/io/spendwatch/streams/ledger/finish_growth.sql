-- Promises that the count $1 is in force, if a growth to it is under way and every partition stands still for it; else nothing.
SELECT spendwatch.finish_growth($1)
