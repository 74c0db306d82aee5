-- Promises, for each question and in its order, the signed sum over ($3, $4] of the user $1 in currency $2, whatever the
-- verdicts; the nearest bigint, where it is beyond. $5 and $6 span all windows: they let the planner leave out the other days.
SELECT (
         SELECT greatest(least(coalesce(sum(CASE kind WHEN 'REFUND' THEN -greatest(amount_minor, -9223372036854775807)
                                             ELSE amount_minor END), 0),
                               9223372036854775807), -9223372036854775808)::bigint
           FROM spendwatch.transactions
          WHERE user_id = asked.user_id
            AND event_time > asked.window_start
            AND event_time <= asked.window_end
            AND currency = asked.currency::char(3)
            AND event_time > $5::timestamptz
            AND event_time <= $6::timestamptz
       )
  FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::timestamptz[]) WITH ORDINALITY
       AS asked (user_id, currency, window_start, window_end, place)
 ORDER BY asked.place
