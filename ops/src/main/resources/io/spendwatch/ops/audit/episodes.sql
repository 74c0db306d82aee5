-- Promises in table found each alert that is missing, that should not be, or that states wrong figures; in still_open, who is in
-- an episode at the end of what is settled.
--
-- After each arrival a user is in an episode exactly if the exposure at the latest event time is greater than the balance
-- then. Until the next arrival nothing but expiry changes that while the balance stays the same: the episode ends at the first instant
-- at which enough has left. Both follow from the rows, and so do the alerts. Not so where the balance changed in between, since the rows do
-- not say when that was noticed, nor before a row that arrived late, since they do not say how far time had passed: the alerts there are
-- taken as they are, their figures checked, and what they amount to is held against the rows at the next arrival.

CREATE TEMPORARY TABLE concerned ON COMMIT DROP AS
SELECT user_id, bool_or(was_open) AS was_open, max(complete_from) AS complete_from
  FROM (
         SELECT user_id, was_open, rows_after + interval '24 hours' AS complete_from
           FROM scope_user
          WHERE alerted
          UNION ALL
         SELECT judged.user_id, false, coalesce(scope_user.rows_after + interval '24 hours', '-infinity')
           FROM judged
           LEFT JOIN scope_user USING (user_id)
          WHERE 'BREACH' IN (judged.verdict, judged.expected_verdict)
       ) AS reason
 GROUP BY user_id;
ANALYZE concerned;

CREATE TEMPORARY TABLE work ON COMMIT DROP AS
SELECT audited.*, coalesce(judged.expected_minor::bigint, audited.exposure_minor) AS own_minor,
       max(audited.event_time) OVER (PARTITION BY audited.user_id, audited.currency ORDER BY audited.kafka_offset
                                     ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS latest_before
  FROM audited
  JOIN concerned USING (user_id)
  LEFT JOIN judged USING (user_id, currency, event_time, transaction_id);
CREATE INDEX ON work (user_id, event_time);
ANALYZE work;

-- What was announced to these users, and is settled. knows: the last offset of which it takes account. Where it names no transaction, its
-- offset is that of the last record of its batch, or of the one that made time pass: the exposure tells which of the user's own rows
-- were known, knows_from the first of them from which on it held. What came in order before its instant was known, unless that row itself
-- made time pass; of the states since, the first one with that exposure is it. Null where no state of the rows has it.
CREATE TEMPORARY TABLE told ON COMMIT DROP AS
SELECT alert.*, alert.partition_seq > span.from_seq AND alert.event_time >= {checkable_from} AS fresh,
       CASE WHEN alert.late OR alert.transaction_id IS NOT NULL THEN alert.kafka_offset ELSE reached.knows END AS knows,
       reached.knows_from
  FROM spendwatch.alerts AS alert
  JOIN concerned USING (user_id)
  JOIN span ON span.kafka_partition = alert.kafka_partition AND alert.kafka_offset < span.to_offset
  LEFT JOIN LATERAL (
         SELECT least(next_offset - 1, alert.kafka_offset) AS knows, kafka_offset AS knows_from
           FROM (
                  SELECT kafka_offset, lead(kafka_offset, 1, 9223372036854775807) OVER arrivals AS next_offset,
                         sum(signed_minor) OVER arrivals AS exposure_minor,
                         max(kafka_offset) FILTER (WHERE in_order AND kafka_offset <= alert.kafka_offset) OVER () AS known_offset
                    FROM (
                           SELECT kafka_offset, signed_minor, event_time >= coalesce(latest_before, event_time) AS in_order
                             FROM work
                            WHERE work.user_id = alert.user_id AND work.currency = alert.currency
                              AND work.event_time > alert.event_time - interval '24 hours' AND work.event_time <= alert.event_time
                           UNION ALL
                           SELECT -1, 0, true
                         ) AS entry
                  WINDOW arrivals AS (ORDER BY kafka_offset)
                ) AS state
          WHERE state.exposure_minor = alert.exposure_minor
          ORDER BY kafka_offset > alert.kafka_offset, next_offset - 1 < known_offset,
                   CASE WHEN next_offset - 1 < known_offset THEN -kafka_offset ELSE kafka_offset END
          LIMIT 1
       ) AS reached ON NOT alert.late AND alert.transaction_id IS NULL;
CREATE INDEX ON told (user_id, event_time);
ANALYZE told;

-- In order of arrival, n from 1. late: before what had been looked at, whether a transaction or the announced end of an episode.
-- current_minor: the exposure at the latest event time then. Of rows that an earlier run has judged only the last one of a user is here, and only if
-- its window is: what follows it is judged now.
CREATE TEMPORARY TABLE arrival ON COMMIT DROP AS
SELECT ranked.*, exposed.minor AS current_minor, balance_minor IS NOT NULL AND exposed.minor > balance_minor AS breach
  FROM (
         SELECT seen.*,
                row_number() OVER arrivals AS n,
                lead(event_time) OVER arrivals AS next_time,
                lead(late) OVER arrivals AS next_late,
                lead(balance_version) OVER arrivals AS next_version
           FROM (
                  SELECT work.*, greatest(event_time, latest_before) AS latest,
                         lead(fresh) OVER (PARTITION BY user_id ORDER BY kafka_offset) AS next_fresh,
                         coalesce(event_time < latest_before, false)
                         OR EXISTS (SELECT FROM told
                                     WHERE told.user_id = work.user_id AND told.type = 'CLEARED'
                                       AND told.event_time > work.event_time
                                       AND (coalesce(told.knows, told.kafka_offset) < work.kafka_offset
                                            OR told.late AND told.knows = work.kafka_offset)) AS late
                    FROM work
                   WHERE latest_before IS NULL OR event_time > latest_before - interval '24 hours'
                ) AS seen
           JOIN concerned USING (user_id)
          WHERE fresh OR next_fresh IS NOT FALSE AND latest >= concerned.complete_from
         WINDOW arrivals AS (PARTITION BY seen.user_id ORDER BY kafka_offset)
       ) AS ranked
 CROSS JOIN LATERAL (
         SELECT CASE WHEN ranked.event_time = ranked.latest THEN ranked.own_minor
                     ELSE (SELECT sum(signed_minor)::bigint
                             FROM work
                            WHERE work.user_id = ranked.user_id AND work.currency = ranked.currency
                              AND work.event_time > ranked.latest - interval '24 hours' AND work.event_time <= ranked.latest
                              AND work.kafka_offset <= ranked.kafka_offset)
                END AS minor
       ) AS exposed;
CREATE INDEX ON arrival (user_id, n);
CREATE INDEX ON arrival (user_id, kafka_offset);
ANALYZE arrival;

-- After which arrival each alert was announced: at it where it names it or is late; else in the time after it, 0 before the first.
CREATE TEMPORARY TABLE heard ON COMMIT DROP AS
SELECT told.*, coalesce(at_arrival.n, 0) AS after_n
  FROM told
  LEFT JOIN LATERAL (
         SELECT n
           FROM arrival
          WHERE arrival.user_id = told.user_id
            AND CASE WHEN told.late OR told.transaction_id IS NOT NULL THEN arrival.kafka_offset = told.kafka_offset
                     ELSE (arrival.latest < told.event_time
                           OR arrival.latest = told.event_time AND arrival.kafka_offset <= coalesce(told.knows, told.kafka_offset))
                          AND (arrival.kafka_offset <= coalesce(told.knows, told.kafka_offset) OR NOT arrival.late)
                END
          ORDER BY n DESC
          LIMIT 1
       ) AS at_arrival ON true
 WHERE told.fresh
    -- Judged before, but to be known here: what followed the last arrival of the earlier run.
    OR EXISTS (SELECT FROM arrival
                WHERE arrival.user_id = told.user_id AND arrival.n = at_arrival.n AND NOT arrival.fresh
                  AND told.transaction_id IS NULL AND NOT told.late);
CREATE INDEX ON heard (user_id, after_n);
ANALYZE heard;

-- From each arrival to the next one, or to the end of what is settled. steady: nothing but expiry can have changed anything in it.
-- ends: the first instant at which an episode that was open after the arrival is over. was_open: by what was announced, at its end.
CREATE TEMPORARY TABLE stretch ON COMMIT DROP AS
SELECT bounded.*, dip.ends, dip.minor AS ends_minor, dip.entries AS ends_entries,
       bounded.breach AND dip.ends IS NOT NULL AS is_over
  FROM (
         SELECT arrival.*, next_time IS NULL AS is_last, stream_time, account.balance_minor AS balance_now,
                CASE WHEN next_time IS NULL THEN account.balance_version IS NOT DISTINCT FROM arrival.balance_version
                     ELSE next_version IS NOT DISTINCT FROM arrival.balance_version END AS same_balance,
                CASE WHEN next_time IS NULL THEN account.balance_version IS NOT DISTINCT FROM arrival.balance_version
                     ELSE next_version IS NOT DISTINCT FROM arrival.balance_version AND NOT next_late END AS steady,
                -- Expiry at the very instant of the next arrival counts together with it, unless time had got there before it.
                next_time + CASE WHEN EXISTS (SELECT FROM heard
                                               WHERE heard.user_id = arrival.user_id AND heard.after_n = arrival.n
                                                 AND heard.type = 'CLEARED' AND heard.event_time = arrival.next_time
                                                 AND heard.transaction_id IS NULL)
                                 THEN interval '1 microsecond' ELSE interval '0' END AS bound
           FROM arrival
           JOIN span USING (kafka_partition)
           LEFT JOIN spendwatch.accounts AS account USING (user_id)
       ) AS bounded
  LEFT JOIN LATERAL (
         SELECT ends, minor, entries
           FROM (
                  SELECT leaving.ends,
                         bounded.current_minor - sum(leaving.minor) OVER (ORDER BY leaving.ends) AS minor,
                         leaving.entries
                    FROM (
                           SELECT event_time + interval '24 hours' AS ends, sum(signed_minor) AS minor, count(*) AS entries
                             FROM work
                            WHERE bounded.breach
                              AND work.user_id = bounded.user_id AND work.currency = bounded.currency
                              AND work.event_time > bounded.latest - interval '24 hours' AND work.event_time <= bounded.latest
                              AND work.event_time < coalesce(bounded.bound - interval '24 hours', 'infinity')
                              AND work.kafka_offset <= bounded.kafka_offset
                            GROUP BY event_time
                         ) AS leaving
                ) AS left_over
          WHERE left_over.minor <= bounded.balance_minor
          ORDER BY ends
          LIMIT 1
       ) AS dip ON true;
CREATE INDEX ON stretch (user_id, n);

-- What was open, by what was announced: 1 or 0 where all is well.
CREATE TEMPORARY TABLE state ON COMMIT DROP AS
SELECT stretch.user_id, stretch.n,
       sum(heard.step) OVER (PARTITION BY stretch.user_id ORDER BY stretch.n)
         + CASE WHEN first.fresh THEN 0 ELSE first.breach::int END AS open_episodes
  FROM stretch
  JOIN stretch AS first ON first.user_id = stretch.user_id AND first.n = 1
 CROSS JOIN LATERAL (
         SELECT coalesce(sum(CASE type WHEN 'RAISED' THEN 1 ELSE -1 END), 0) AS step
           FROM heard
          WHERE heard.user_id = stretch.user_id
            AND (heard.after_n = stretch.n OR heard.after_n = 0 AND stretch.n = 1)
       ) AS heard;
CREATE INDEX ON state (user_id, n);
ANALYZE state;

-- Every alert that follows from the rows. required: it must be there by now.
CREATE TEMPORARY TABLE expected ON COMMIT DROP AS
SELECT user_id, kafka_partition, kafka_offset, 'CLEARED' AS type, ends AS event_time, NULL AS transaction_id,
       ends_minor AS exposure_minor, balance_minor, currency, 'EXPIRY' AS cause,
       NOT is_last OR ends < stream_time AS required
  FROM stretch
 WHERE steady AND is_over AND NOT late
 UNION ALL
SELECT user_id, kafka_partition, kafka_offset, CASE WHEN breach THEN 'RAISED' ELSE 'CLEARED' END, event_time, transaction_id,
       current_minor, balance_minor, currency,
       CASE WHEN breach THEN NULL WHEN signed_minor < 0 THEN 'REFUND' ELSE 'EXPIRY' END, true
  FROM (
         SELECT stretch.*,
                coalesce(CASE WHEN before.steady THEN before.breach AND NOT before.is_over ELSE state.open_episodes > 0 END, false)
                  AS was_open
           FROM stretch
           LEFT JOIN stretch AS before ON before.user_id = stretch.user_id AND before.n = stretch.n - 1
           LEFT JOIN state ON state.user_id = stretch.user_id AND state.n = stretch.n - 1
          WHERE stretch.fresh AND NOT stretch.late AND stretch.balance_minor IS NOT NULL
       ) AS arrived
 WHERE breach <> was_open;

CREATE TEMPORARY TABLE matched ON COMMIT DROP AS
SELECT heard.alert_id, heard.after_n, expected.user_id IS NOT NULL AND heard.copy = 1 AS is_expected,
       expected.exposure_minor, expected.balance_minor, expected.cause
  FROM (
         SELECT heard.*,
                row_number() OVER (PARTITION BY user_id, type, event_time, transaction_id ORDER BY partition_seq) AS copy
           FROM heard
       ) AS heard
  LEFT JOIN expected
    ON expected.user_id = heard.user_id AND expected.type = heard.type AND expected.event_time = heard.event_time
   AND expected.transaction_id IS NOT DISTINCT FROM heard.transaction_id AND NOT heard.late;

INSERT INTO found (kind, user_id, transaction_id, kafka_partition, kafka_offset, event_time, expected, actual, detail, reproduce)
SELECT CASE type WHEN 'RAISED' THEN 'MISSING_ALERT' ELSE 'MISSING_CLEARED' END,
       user_id, transaction_id, kafka_partition, kafka_offset, event_time,
       format('%s at exposure %s, balance %s %s', type, spendwatch.to_decimal(exposure_minor::bigint, currency),
              spendwatch.to_decimal(balance_minor, currency), currency),
       'no such alert',
       CASE WHEN type = 'RAISED' THEN 'the transaction leaves the exposure above the balance while no episode is open'
            ELSE format('the open episode ends there: %s', cause) END,
       pg_temp.exposure_sql(user_id, currency, event_time, kafka_offset)
  FROM expected
 WHERE required
   AND NOT EXISTS (SELECT FROM told
                    WHERE told.user_id = expected.user_id AND told.type = expected.type AND told.event_time = expected.event_time
                      AND told.transaction_id IS NOT DISTINCT FROM expected.transaction_id AND NOT told.late);

-- Alerts that do not follow from the rows. Those at late rows, and those where the balance changed, are looked at below.
CREATE TEMPORARY TABLE given ON COMMIT DROP AS
SELECT heard.*, matched.is_expected, matched.exposure_minor AS expected_minor, matched.balance_minor AS expected_balance_minor,
       matched.cause AS expected_cause, stretch.currency AS rows_currency,
       heard.alert_id = pg_temp.alert_id(heard.episode_id, heard.type)
       AND coalesce(
         CASE WHEN heard.late THEN stretch.late AND stretch.kafka_offset = heard.kafka_offset
              WHEN heard.transaction_id IS NOT NULL THEN false
              WHEN EXISTS (SELECT FROM stretch AS earlier
                            WHERE earlier.user_id = heard.user_id AND NOT earlier.same_balance AND earlier.n <= heard.after_n
                              AND earlier.n >= (SELECT coalesce(max(n), 1) FROM stretch AS known
                                                 WHERE known.user_id = heard.user_id AND known.kafka_offset <= heard.knows_from))
                THEN true
              ELSE (stretch.late OR NOT stretch.steady) AND heard.type = 'CLEARED' AND heard.cause = 'EXPIRY'
         END, false) AS is_possible
  FROM heard
  JOIN matched USING (alert_id)
  LEFT JOIN stretch ON stretch.user_id = heard.user_id AND stretch.n = heard.after_n
 WHERE heard.fresh;

INSERT INTO found (kind, user_id, transaction_id, alert_id, kafka_partition, kafka_offset, event_time, expected, actual, detail,
                   reproduce)
SELECT 'EXTRA_ALERT', user_id, transaction_id, alert_id, kafka_partition, kafka_offset, event_time, 'no such alert',
       format('%s at exposure %s, balance %s %s', type, spendwatch.to_decimal(exposure_minor, currency),
              spendwatch.to_decimal(balance_minor, currency), currency),
       'nothing of the user''s transactions and balances leads to it',
       pg_temp.alerts_sql(user_id)
  FROM given
 WHERE NOT is_expected AND NOT is_possible;

INSERT INTO found (kind, user_id, transaction_id, alert_id, kafka_partition, kafka_offset, event_time, expected, actual, detail,
                   reproduce)
SELECT 'WRONG_ALERT', user_id, transaction_id, alert_id, kafka_partition, kafka_offset, event_time,
       format('exposure %s, balance %s%s', spendwatch.to_decimal(expected_minor::bigint, currency),
              spendwatch.to_decimal(expected_balance_minor, currency), ', cause ' || expected_cause),
       format('exposure %s, balance %s%s', spendwatch.to_decimal(exposure_minor, currency),
              spendwatch.to_decimal(balance_minor, currency), ', cause ' || cause),
       format('the %s states other figures than the rows give', type),
       pg_temp.exposure_sql(user_id, rows_currency, event_time, kafka_offset)
  FROM given
 WHERE is_expected
   AND (exposure_minor, balance_minor, cause) IS DISTINCT FROM (expected_minor::bigint, expected_balance_minor, expected_cause)
 UNION ALL
SELECT 'WRONG_ALERT', user_id, transaction_id, alert_id, kafka_partition, kafka_offset, event_time,
       format('exposure %s', spendwatch.to_decimal(rows.minor, rows_currency)),
       format('%s at exposure %s, balance %s', type, spendwatch.to_decimal(exposure_minor, currency),
              spendwatch.to_decimal(balance_minor, currency)),
       'the alert states another exposure than the rows give, or one that does not lead to it',
       pg_temp.exposure_sql(user_id, rows_currency, event_time, kafka_offset)
  FROM given
 CROSS JOIN LATERAL (
         SELECT coalesce(sum(signed_minor), 0)::bigint AS minor, count(*) FILTER (WHERE event_time = given.event_time) AS at_once
           FROM work
          WHERE work.user_id = given.user_id AND work.currency = given.rows_currency
            AND work.event_time > given.event_time - interval '24 hours' AND work.event_time <= given.event_time
            AND work.kafka_offset <= given.kafka_offset
       ) AS rows
 WHERE NOT is_expected AND is_possible
   AND (-- Late alerts of several rows in one millisecond may be about some of them.
        CASE WHEN late THEN at_once < 2 AND exposure_minor <> rows.minor ELSE knows IS NULL END
        OR type = 'RAISED' AND exposure_minor <= balance_minor
        OR type = 'CLEARED' AND exposure_minor > balance_minor AND cause <> 'BALANCE');

-- An end without a beginning, where the rows do not say already which is missing.
INSERT INTO found (kind, user_id, transaction_id, alert_id, kafka_partition, kafka_offset, event_time, expected, actual, detail,
                   reproduce)
SELECT 'MISSING_ALERT', user_id, transaction_id, alert_id, kafka_partition, kafka_offset, event_time,
       'RAISED of episode ' || episode_id, 'no such alert', 'the episode has been CLEARED, and was never RAISED',
       pg_temp.alerts_sql(user_id)
  FROM told AS cleared
 WHERE fresh AND type = 'CLEARED'
   AND NOT EXISTS (SELECT FROM told AS raised
                    WHERE raised.user_id = cleared.user_id AND raised.episode_id = cleared.episode_id AND raised.type = 'RAISED')
   AND NOT EXISTS (SELECT FROM found
                    WHERE found.alert_id = cleared.alert_id
                       OR found.user_id = cleared.user_id AND found.kind = 'MISSING_ALERT'
                      AND found.event_time <= cleared.event_time);

-- What late rows and changed balances amount to, where the rows say it again. What follows from an error is not one more.
INSERT INTO found (kind, user_id, transaction_id, kafka_partition, kafka_offset, event_time, expected, actual, detail, reproduce)
SELECT DISTINCT ON (user_id)
       CASE WHEN must_be THEN 'MISSING_ALERT' ELSE 'MISSING_CLEARED' END,
       user_id, transaction_id, kafka_partition, kafka_offset, event_time,
       CASE WHEN must_be THEN 'an open episode' ELSE 'no open episode' END,
       CASE WHEN open_episodes > 0 THEN 'an open episode' ELSE 'no open episode' END,
       format('after this row, which arrived late, the exposure is %s and the balance %s', spendwatch.to_decimal(current_minor, currency),
              spendwatch.to_decimal(balance_minor, currency)),
       pg_temp.exposure_sql(user_id, currency, latest, kafka_offset)
  FROM (
         SELECT stretch.*, state.open_episodes,
                breach AND NOT (is_over AND (NOT is_last OR ends < stream_time)) AS must_be,
                is_last AND is_over AND ends >= stream_time AS may_be_over
           FROM stretch
           JOIN state USING (user_id, n)
          WHERE fresh AND late AND steady AND balance_minor IS NOT NULL
       ) AS reviewed
 WHERE must_be <> (open_episodes > 0)
   AND NOT (may_be_over AND open_episodes = 0)
   AND NOT EXISTS (SELECT FROM found WHERE found.user_id = reviewed.user_id AND found.kafka_offset <= reviewed.kafka_offset)
 ORDER BY user_id, n;

-- At the end, under a balance that has changed since: it is over if what is left is no more than either.
INSERT INTO found (kind, user_id, kafka_partition, kafka_offset, event_time, expected, actual, detail, reproduce)
SELECT 'MISSING_CLEARED', user_id, kafka_partition, kafka_offset, stream_time, 'no open episode', 'an open episode',
       format('at the stream time the exposure is %s, and the balance %s', spendwatch.to_decimal(rest.minor, currency),
              spendwatch.to_decimal(balance_now, currency)),
       pg_temp.exposure_sql(user_id, currency, stream_time, kafka_offset)
  FROM stretch
  JOIN state USING (user_id, n)
 CROSS JOIN LATERAL (
         SELECT coalesce(sum(signed_minor), 0)::bigint AS minor
           FROM work
          WHERE work.user_id = stretch.user_id AND work.currency = stretch.currency
            AND work.event_time > stretch.stream_time - interval '24 hours'
       ) AS rest
 WHERE is_last AND NOT steady AND open_episodes > 0
   AND stream_time > latest
   AND rest.minor <= least(balance_minor, balance_now)
   AND NOT EXISTS (SELECT FROM found WHERE found.user_id = stretch.user_id);

INSERT INTO still_open
SELECT user_id, kafka_partition, latest
  FROM stretch
  JOIN state USING (user_id, n)
 WHERE is_last AND open_episodes > 0;
