-- Promises each roll-up that is kept, those after the others that are made of one of them.
SELECT name, time_column, built, made_of
  FROM spendwatch.rollups
 ORDER BY made_of IS NOT NULL, name
