-- Promises each roll-up that is kept.
SELECT name, time_column, built
  FROM spendwatch.rollups
 ORDER BY name
