-- Promises what is counted next into daily_habits of days before $1: a day, from which user on, and before which, so that they have about $2
-- transactions; up to the last user where that is null. No row where all of it is there. Days that were dropped stay as they are. Reads an
-- index of daily_users as far as it needs to.
WITH work AS (
  SELECT position.day AS reached, position.user_id,
         (SELECT users.day
            FROM spendwatch.daily_users AS users
           WHERE users.day >= greatest(position.day, (SELECT (dropped_before AT TIME ZONE 'UTC')::date FROM spendwatch.settings))
             AND users.day < $1::date
           ORDER BY users.day
           LIMIT 1) AS day
    FROM spendwatch.daily_habits_position AS position
), share AS (
  SELECT day, CASE WHEN day = reached THEN user_id ELSE '' END AS from_user
    FROM work
   WHERE day IS NOT NULL
)
SELECT share.day, share.from_user,
       (SELECT so_far.user_id
          FROM (SELECT users.user_id, sum(sum(users.transactions)) OVER (ORDER BY users.user_id) AS transactions
                  FROM spendwatch.daily_users AS users
                 WHERE users.day = share.day AND users.user_id >= share.from_user
                 GROUP BY users.user_id) AS so_far
         WHERE so_far.transactions > $2::bigint AND so_far.user_id > share.from_user
         ORDER BY so_far.user_id
         LIMIT 1) AS before_user
  FROM share
