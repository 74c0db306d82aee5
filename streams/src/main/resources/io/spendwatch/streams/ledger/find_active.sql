-- Promises those of the users $1 who have transactions later than 24 h before the instant in $2; one probe each. $3 is 24 h before the
-- least of the instants: it lets the planner leave out older days.
SELECT asked.user_id
  FROM unnest($1::text[], $2::timestamptz[]) AS asked (user_id, since)
 CROSS JOIN LATERAL (
         SELECT
           FROM spendwatch.transactions
          WHERE user_id = asked.user_id
            AND event_time > asked.since - {window}
            AND event_time > $3::timestamptz
          LIMIT 1
       ) AS active
