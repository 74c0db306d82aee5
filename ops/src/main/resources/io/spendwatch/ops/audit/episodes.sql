-- Promises in table found each alert that is missing, that should not be, or that states wrong figures; in still_open, who is in
-- an episode at the end of what is settled.
--
-- After each arrival a user is in an episode exactly if the exposure at the latest event time is greater than the balance in force there,
-- and so after each version of the balance. Until the next of them nothing but expiry changes that: the episode ends at the first
-- instant at which enough has left. All follows from rows and versions, and so do the alerts. Not so before a row that arrived late, or
-- where a version may have come late, since the tables do not say how far time had passed: the alerts there are taken as they are, their
-- figures checked, and what they amount to is held against the rows at the next arrival.

-- Of each row: up to which instant expiry or a balance had had something announced when it arrived, null where none had. In one pass over
-- both, since a user can have thousands of each.
CREATE TEMPORARY TABLE told_before ON COMMIT DROP AS
SELECT user_id, arrived, told_until
  FROM (
         SELECT user_id, arrived, turn,
                max(told_time) OVER (PARTITION BY user_id ORDER BY arrived, turn ROWS UNBOUNDED PRECEDING) AS told_until
           FROM (
                  SELECT user_id, arrived, 1 AS turn, NULL::timestamptz AS told_time
                    FROM work
                   UNION ALL
                  SELECT user_id, coalesce(knows, arrived), CASE WHEN late AND knows IS NOT NULL THEN 0 ELSE 2 END, event_time
                    FROM told
                   WHERE type = 'CLEARED' OR cause = 'BALANCE'
                ) AS in_turn
       ) AS passed
 WHERE turn = 1;
ANALYZE told_before;

-- In order of arrival, n from 1: rows, and versions of a balance where the user's time passes them. late: before what had been looked
-- at, whether a transaction or what was announced. current_minor: the exposure at the latest event time then. held_minor: the balance
-- in force there. tainted: what was known of versions is in doubt. Of rows that an earlier run has assessed only the last one of a user is here, and only if
-- its window is: what follows it is assessed now.
CREATE TEMPORARY TABLE arrival ON COMMIT DROP AS
SELECT ranked.*, exposed.minor AS current_minor,
       held_minor IS NOT NULL AND NOT is_closing AND coalesce(exposed.minor, 0) > held_minor AS breach,
       -- With nothing in the window a negative balance is a breach that no version opens. A late row may have come after time passed the
       -- versions that follow.
       in_doubt OR is_version AND (n = 1 OR after_late OR held_minor < 0 AND exposed.minor IS NULL) AS tainted
  FROM (
         SELECT seen.*,
                row_number() OVER arrivals AS n,
                lead(event_time) OVER arrivals AS next_time,
                lead(late) OVER arrivals AS next_late,
                lead(in_doubt) OVER arrivals AS next_in_doubt,
                lead(is_version) OVER arrivals AS next_is_version,
                bool_or(late) OVER (PARTITION BY seen.user_id, seen.arrived) AS after_late,
                coalesce(max(arrived) FILTER (WHERE NOT is_version) OVER (PARTITION BY seen.user_id) > arrived, false) AS row_follows
           FROM (
                  SELECT timed.*,
                         CASE WHEN timed.late AND several.user_id IS NOT NULL THEN in_force.balance_minor ELSE timed.balance_minor END
                           AS held_minor,
                         CASE WHEN timed.late AND several.user_id IS NOT NULL THEN coalesce(in_force.currency, timed.currency)
                              ELSE timed.currency END AS held_currency,
                         EXISTS (SELECT FROM doubt
                                  WHERE doubt.user_id = timed.user_id AND timed.arrived > doubt.after_arrival
                                    AND timed.arrived <= doubt.last_arrival) AS in_doubt,
                         false AS is_version, false AS is_closing, 0 AS place
                    FROM (
                           SELECT work.*, greatest(event_time, latest_before) AS latest,
                                  lead(fresh) OVER (PARTITION BY user_id ORDER BY arrived) AS next_fresh,
                                  coalesce(event_time < latest_before, false)
                                  OR coalesce(told_until > event_time, false)
                                  OR coalesce(told_until = event_time, false)
                                     AND EXISTS (SELECT FROM version
                                                  WHERE version.user_id = work.user_id AND version.place > 1
                                                    AND version.as_of = work.event_time) AS late
                             FROM work
                             JOIN told_before USING (user_id, arrived)
                            WHERE latest_before IS NULL OR event_time > latest_before - {window}
                         ) AS timed
                    LEFT JOIN several USING (user_id)
                    LEFT JOIN LATERAL (
                           SELECT CASE WHEN NOT version.is_closing THEN version.balance_minor END AS balance_minor, version.currency
                             FROM version
                            WHERE timed.late AND several.user_id IS NOT NULL
                              AND version.user_id = timed.user_id
                              AND version.in_force_from < timed.latest AND version.in_force_to >= timed.latest
                         ) AS in_force ON true
                   UNION ALL
                  SELECT placed.user_id, placed.currency, placed.as_of, NULL, 0, NULL, placed.balance_minor, placed.balance_version, NULL,
                         placed.kafka_partition, placed.kafka_offset, placed.after_arrival, placed.recorded_at, NULL, true, NULL, NULL, placed.as_of,
                         (SELECT fresh FROM work
                           WHERE work.user_id = placed.user_id AND work.arrived > placed.after_arrival
                           ORDER BY arrived LIMIT 1), false,
                         placed.balance_minor, placed.currency,
                         EXISTS (SELECT FROM doubt
                                  WHERE doubt.user_id = placed.user_id AND placed.after_arrival >= doubt.after_arrival
                                    AND placed.after_arrival <= doubt.last_arrival AND placed.as_of >= doubt.as_of),
                         true, placed.is_closing, placed.place
                    FROM placed
                   WHERE place > 1 AND after_arrival IS NOT NULL
                ) AS seen
           JOIN concerned USING (user_id)
          WHERE CASE WHEN is_version THEN next_fresh IS NOT FALSE ELSE fresh OR next_fresh IS NOT FALSE END
            AND (fresh AND NOT is_version OR latest >= concerned.complete_from)
         WINDOW arrivals AS (PARTITION BY seen.user_id ORDER BY arrived, place)
       ) AS ranked
 CROSS JOIN LATERAL (
         SELECT CASE WHEN ranked.event_time = ranked.latest AND NOT is_version AND held_currency = currency THEN ranked.own_minor
                     ELSE (SELECT sum(signed_minor)::bigint
                             FROM work
                            WHERE work.user_id = ranked.user_id AND work.currency = ranked.held_currency
                              AND work.event_time > ranked.latest - {window} AND work.event_time <= ranked.latest
                              AND work.arrived <= ranked.arrived)
                END AS minor
       ) AS exposed;
CREATE INDEX ON arrival (user_id, n);
CREATE INDEX ON arrival (user_id, arrived, n);
-- latest never falls from one arrival to the next.
CREATE INDEX ON arrival (user_id, latest, n);
ANALYZE arrival;

-- After which arrival each alert was announced: at it where it names it or a transaction revealed it; else in the time after it, 0 before
-- the first. What a version revealed comes after what its batch had before.
CREATE TEMPORARY TABLE heard ON COMMIT DROP AS
SELECT told.*, coalesce(at_arrival.n, 0) AS after_n
  FROM told
  LEFT JOIN LATERAL (
         (SELECT n
            FROM arrival
           WHERE told.by_version
             AND arrival.user_id = told.user_id AND arrival.arrived <= told.arrived
           ORDER BY arrived DESC, n DESC
           LIMIT 1)
          UNION ALL
         (SELECT n
            FROM arrival
           WHERE NOT told.by_version AND (told.late OR told.transaction_id IS NOT NULL)
             AND arrival.user_id = told.user_id AND arrival.arrived = told.arrived AND NOT arrival.is_version
           ORDER BY n DESC
           LIMIT 1)
          UNION ALL
         (SELECT n
            FROM arrival
           WHERE NOT told.by_version AND NOT told.late AND told.transaction_id IS NULL
             AND arrival.user_id = told.user_id AND arrival.latest <= told.event_time
             AND (arrival.latest < told.event_time
                  OR arrival.arrived <= coalesce(told.knows, told.arrived)
                     AND NOT (arrival.is_version AND told.cause IS NOT DISTINCT FROM 'EXPIRY'))
             AND (arrival.arrived <= coalesce(told.knows, told.arrived) OR NOT arrival.late)
           ORDER BY latest DESC, n DESC
           LIMIT 1)
       ) AS at_arrival ON true
 WHERE told.fresh
    -- Assessed before, but to be known here: what followed the first of these arrivals.
    OR at_arrival.n IS NOT NULL AND (told.by_version OR told.transaction_id IS NULL AND NOT told.late);
CREATE INDEX ON heard (user_id, after_n);
ANALYZE heard;

-- From each arrival to the next one, or to the end of what is settled. steady: nothing but expiry can have changed anything in it,
-- as far as can be told.
-- ends: the first instant at which an episode that was open after the arrival is over. was_open: by what was announced, at its end.
CREATE TEMPORARY TABLE stretch ON COMMIT DROP AS
SELECT bounded.*, dip.ends, dip.minor AS ends_minor, dip.entries AS ends_entries,
       bounded.breach AND dip.ends IS NOT NULL AS is_over
  FROM (
         SELECT arrival.*, next_time IS NULL AS is_last, stream_time,
                NOT tainted AND NOT coalesce(next_late OR next_in_doubt OR next_is_version AND after_late, false) AS steady,
                -- Expiry at the very instant of the next arrival counts together with it, unless time had got there before it; before a
                -- version.
                next_time + CASE WHEN next_is_version OR EXISTS (SELECT FROM heard
                                               WHERE heard.user_id = arrival.user_id AND heard.after_n = arrival.n
                                                 AND heard.type = 'CLEARED' AND heard.event_time = arrival.next_time
                                                 AND heard.transaction_id IS NULL)
                                 THEN interval '1 microsecond' ELSE interval '0' END AS bound
           FROM arrival
           LEFT JOIN home USING (user_id)
           -- Time passes for a user at home, wherever the last arrival was.
           JOIN span ON span.kafka_partition = coalesce(home.kafka_partition, arrival.kafka_partition)
       ) AS bounded
  LEFT JOIN LATERAL (
         SELECT ends, minor, entries
           FROM (
                  SELECT leaving.ends,
                         bounded.current_minor - sum(leaving.minor) OVER (ORDER BY leaving.ends) AS minor,
                         leaving.entries
                    FROM (
                           SELECT event_time + {window} AS ends, sum(signed_minor) AS minor, count(*) AS entries
                             FROM work
                            WHERE bounded.breach
                              AND work.user_id = bounded.user_id AND work.currency = bounded.held_currency
                              AND work.event_time > bounded.latest - {window} AND work.event_time <= bounded.latest
                              AND work.event_time < coalesce(bounded.bound - {window}, 'infinity')
                              AND work.arrived <= bounded.arrived
                            GROUP BY event_time
                         ) AS leaving
                ) AS left_over
          WHERE left_over.minor <= bounded.held_minor
          ORDER BY ends
          LIMIT 1
       ) AS dip ON true;
CREATE INDEX ON stretch (user_id, n);

-- Every alert that may follow from the rows and versions: all that do (by_rows), and, where rows alone do not say what was open before, those
-- that do if it was, or was not. required: it must be there by now. copy: several versions of one instant can lead to alerts that differ in
-- nothing else.
CREATE TEMPORARY TABLE follows ON COMMIT DROP AS
SELECT possible.*, row_number() OVER (PARTITION BY user_id, type, event_time, transaction_id ORDER BY n) AS copy,
       row_number() OVER (PARTITION BY user_id, type, event_time, transaction_id, by_rows ORDER BY n) AS copy_by_rows
  FROM (
         SELECT user_id, n, kafka_partition, kafka_offset, 'CLEARED' AS type, ends AS event_time, NULL AS transaction_id,
                ends_minor AS exposure_minor, held_minor AS balance_minor, held_currency AS currency, 'EXPIRY' AS cause,
                row_follows OR ends < stream_time - {clear_grace} AS required, true AS by_rows
           FROM stretch
          WHERE steady AND is_over AND NOT late
          UNION ALL
         SELECT user_id, n, kafka_partition, kafka_offset, CASE WHEN breach THEN 'RAISED' ELSE 'CLEARED' END, event_time, transaction_id,
                coalesce(current_minor, 0), held_minor, held_currency,
                CASE WHEN is_version THEN 'BALANCE' WHEN breach THEN NULL WHEN signed_minor < 0 THEN 'REFUND' ELSE 'EXPIRY' END,
                NOT is_version OR row_follows OR event_time < stream_time - {clear_grace}, was_open IS NOT NULL
           FROM (
                  SELECT stretch.*,
                         CASE WHEN before.user_id IS NULL
                                THEN CASE WHEN stretch.user_id NOT IN (SELECT user_id FROM open_before) THEN false END
                              WHEN before.steady AND NOT before.late THEN before.breach AND NOT before.is_over END AS was_open
                    FROM stretch
                    LEFT JOIN stretch AS before ON before.user_id = stretch.user_id AND before.n = stretch.n - 1
                   WHERE stretch.fresh AND NOT stretch.late AND NOT stretch.tainted AND stretch.held_minor IS NOT NULL
                ) AS arrived
          WHERE breach IS DISTINCT FROM was_open
       ) AS possible;
CREATE INDEX ON follows (user_id, event_time);
ANALYZE follows;

-- What was announced and is new. is_possible: if it does not follow, it can all the same be right: at late rows, and where versions are in
-- doubt. may_follow: as far as the rows say; of what was announced twice, the first.
CREATE TEMPORARY TABLE plausible ON COMMIT DROP AS
SELECT heard.alert_id, heard.user_id, heard.type, heard.after_n,
       NOT heard.late
       AND EXISTS (SELECT FROM follows
                    WHERE follows.user_id = heard.user_id AND follows.type = heard.type AND follows.event_time = heard.event_time
                      AND follows.transaction_id IS NOT DISTINCT FROM heard.transaction_id AND follows.copy = heard.copy) AS may_follow,
       heard.alert_id = pg_temp.alert_id(heard.episode_id, heard.type)
       AND coalesce(
         CASE WHEN heard.by_version THEN EXISTS (SELECT FROM placed WHERE placed.user_id = heard.user_id)
              WHEN heard.late THEN stretch.late AND stretch.arrived = heard.arrived
              WHEN heard.transaction_id IS NOT NULL THEN stretch.tainted
              WHEN EXISTS (SELECT FROM stretch AS earlier
                            WHERE earlier.user_id = heard.user_id AND earlier.tainted
                              AND earlier.n <= (SELECT coalesce(min(n), 9223372036854775807) FROM stretch AS next
                                                 WHERE next.user_id = heard.user_id AND next.n > heard.after_n
                                                   AND NOT next.late AND NOT next.is_version)
                              AND earlier.n >= (SELECT coalesce(max(n), 1) FROM stretch AS known
                                                 WHERE known.user_id = heard.user_id AND known.arrived <= heard.knows_from
                                                   AND NOT known.is_version))
                THEN true
              ELSE (stretch.late OR NOT stretch.steady) AND heard.type = 'CLEARED' AND heard.cause = 'EXPIRY'
         END, false)
         OR heard.after_n = 0 AND heard.user_id IN (SELECT user_id FROM open_before) AS is_possible
  FROM (
         SELECT heard.*,
                row_number() OVER (PARTITION BY user_id, type, event_time, transaction_id, late ORDER BY stay, partition_seq) AS copy
           FROM heard
       ) AS heard
  LEFT JOIN stretch ON stretch.user_id = heard.user_id AND stretch.n = heard.after_n
 WHERE heard.fresh;

-- What follows from an error is not one more: what is open is told without announcements that nothing can have led to, and with those that
-- follow from the rows and are missing.
CREATE TEMPORARY TABLE mended ON COMMIT DROP AS
SELECT user_id, after_n, CASE type WHEN 'RAISED' THEN -1 ELSE 1 END AS step
  FROM plausible
 WHERE NOT may_follow AND NOT is_possible
 UNION ALL
SELECT user_id, n, CASE type WHEN 'RAISED' THEN 1 ELSE -1 END
  FROM follows
 WHERE by_rows AND required
   AND copy_by_rows > (SELECT count(*) FROM told
                        WHERE told.user_id = follows.user_id AND told.type = follows.type AND told.event_time = follows.event_time
                          AND told.transaction_id IS NOT DISTINCT FROM follows.transaction_id AND NOT told.late);
CREATE INDEX ON mended (user_id, after_n);

-- What was open, by what was announced: 1 or 0 where all is well.
CREATE TEMPORARY TABLE state ON COMMIT DROP AS
SELECT stretch.user_id, stretch.n,
       sum(heard.step + mended.step) OVER (PARTITION BY stretch.user_id ORDER BY stretch.n)
         + CASE WHEN first.fresh AND NOT first.is_version
                  THEN CASE WHEN stretch.user_id IN (SELECT user_id FROM open_before) THEN 1 ELSE 0 END
                WHEN NOT first.tainted AND NOT first.late THEN first.breach::int
                -- What was announced before.
                ELSE (SELECT coalesce(sum(CASE type WHEN 'RAISED' THEN 1 ELSE -1 END), 0)
                        FROM told
                       WHERE told.user_id = stretch.user_id AND NOT fresh
                         AND NOT EXISTS (SELECT FROM heard WHERE heard.alert_id = told.alert_id)) END AS open_episodes
  FROM stretch
  JOIN stretch AS first ON first.user_id = stretch.user_id AND first.n = 1
 CROSS JOIN LATERAL (
         SELECT coalesce(sum(CASE type WHEN 'RAISED' THEN 1 ELSE -1 END), 0) AS step
           FROM heard
          WHERE heard.user_id = stretch.user_id
            AND (heard.after_n = stretch.n OR heard.after_n = 0 AND stretch.n = 1)
       ) AS heard
 CROSS JOIN LATERAL (
         SELECT coalesce(sum(mended.step), 0) AS step
           FROM mended
          WHERE mended.user_id = stretch.user_id
            AND (mended.after_n = stretch.n OR mended.after_n = 0 AND stretch.n = 1)
       ) AS mended;
CREATE INDEX ON state (user_id, n);
ANALYZE state;

-- The late rows after which the rows say whether an episode is open, and what was announced says otherwise.
CREATE TEMPORARY TABLE astray ON COMMIT DROP AS
SELECT *
  FROM (
         SELECT stretch.*, state.open_episodes,
                breach AND NOT (is_over AND (row_follows OR ends < stream_time - {clear_grace})) AS must_be,
                NOT row_follows AND is_over AND ends >= stream_time - {clear_grace} AS may_be_over
           FROM stretch
           JOIN state USING (user_id, n)
          WHERE fresh AND late AND steady AND held_minor IS NOT NULL
       ) AS reviewed
 WHERE must_be <> (open_episodes > 0)
   AND NOT (may_be_over AND open_episodes = 0);
CREATE INDEX ON astray (user_id, n);
ANALYZE astray;

-- Every alert that follows from the rows and versions, and from what was announced before.
CREATE TEMPORARY TABLE expected ON COMMIT DROP AS
SELECT follows.user_id, follows.n, kafka_partition, kafka_offset, type, event_time, transaction_id, exposure_minor, balance_minor,
       currency, cause, required, by_rows,
       row_number() OVER (PARTITION BY follows.user_id, type, event_time, transaction_id ORDER BY follows.n) AS copy
  FROM follows
  LEFT JOIN state ON state.user_id = follows.user_id AND state.n = follows.n - 1
 WHERE by_rows
    OR (type = 'RAISED')
       <> coalesce(open_episodes > 0,
                   follows.user_id IN (SELECT user_id FROM open_before)
                   AND NOT EXISTS (SELECT FROM heard
                                    WHERE heard.user_id = follows.user_id AND heard.after_n = 0 AND heard.type = 'CLEARED'));

CREATE TEMPORARY TABLE matched ON COMMIT DROP AS
SELECT heard.alert_id, heard.after_n, expected.user_id IS NOT NULL AS is_expected,
       expected.exposure_minor, expected.balance_minor, expected.cause
  FROM (
         SELECT heard.*,
                row_number() OVER (PARTITION BY user_id, type, event_time, transaction_id, late ORDER BY stay, partition_seq) AS copy
           FROM heard
       ) AS heard
  LEFT JOIN expected
    ON expected.user_id = heard.user_id AND expected.type = heard.type AND expected.event_time = heard.event_time
   AND expected.transaction_id IS NOT DISTINCT FROM heard.transaction_id AND expected.copy = heard.copy AND NOT heard.late;

CREATE TEMPORARY TABLE missing ON COMMIT DROP AS
SELECT *
  FROM expected
 WHERE required
   AND copy > (SELECT count(*) FROM told
                WHERE told.user_id = expected.user_id AND told.type = expected.type AND told.event_time = expected.event_time
                  AND told.transaction_id IS NOT DISTINCT FROM expected.transaction_id AND NOT told.late);

-- From where on what was announced before is no measure of what follows, where the rows do not say it: something is wrong there.
CREATE TEMPORARY TABLE misled ON COMMIT DROP AS
SELECT user_id, min(n) AS n
  FROM (
         SELECT user_id, n FROM astray
          UNION ALL
         SELECT user_id, n FROM missing WHERE NOT by_rows
          UNION ALL
         SELECT user_id, plausible.after_n
           FROM plausible
           JOIN matched USING (alert_id)
          WHERE may_follow AND NOT is_expected AND NOT is_possible
       ) AS wrong
 GROUP BY user_id;

-- Alerts that do not follow from the rows. Those at late rows, and those where versions are in doubt, are looked at below.
CREATE TEMPORARY TABLE given ON COMMIT DROP AS
SELECT heard.*, matched.is_expected, matched.exposure_minor AS expected_minor, matched.balance_minor AS expected_balance_minor,
       matched.cause AS expected_cause,
       plausible.is_possible OR plausible.may_follow AND coalesce(heard.after_n > misled.n, false) AS is_possible
  FROM heard
  JOIN matched USING (alert_id)
  JOIN plausible USING (alert_id)
  LEFT JOIN misled ON misled.user_id = heard.user_id;
CREATE INDEX ON given (user_id);

INSERT INTO found (kind, user_id, transaction_id, alert_id, kafka_partition, kafka_offset, event_time, expected, actual, detail,
                   reproduce)
SELECT 'EXTRA_ALERT', user_id, transaction_id, alert_id, kafka_partition, kafka_offset, event_time, 'no such alert',
       format('%s at exposure %s, balance %s %s', type, spendwatch.to_decimal(exposure_minor, currency),
              spendwatch.to_decimal(balance_minor, currency), currency),
       'nothing of the user''s transactions and balances leads to it',
       pg_temp.alerts_sql(user_id)
  FROM given
 WHERE NOT is_expected AND NOT is_possible;

-- Where what was announced before tells that one is missing, and an alert among that is extra, that one is what is wrong.
INSERT INTO found (kind, user_id, transaction_id, kafka_partition, kafka_offset, event_time, expected, actual, detail, reproduce)
SELECT CASE type WHEN 'RAISED' THEN 'MISSING_ALERT' ELSE 'MISSING_CLEARED' END,
       user_id, transaction_id, kafka_partition, kafka_offset, event_time,
       format('%s at exposure %s, balance %s %s', type, spendwatch.to_decimal(exposure_minor::bigint, currency),
              spendwatch.to_decimal(balance_minor, currency), currency),
       'no such alert',
       CASE WHEN type = 'RAISED' THEN format('the %s leaves the exposure above the balance while no episode is open',
                                             CASE cause WHEN 'BALANCE' THEN 'version of the balance' ELSE 'transaction' END)
            ELSE format('the open episode ends there: %s', cause) END,
       pg_temp.exposure_sql(user_id, currency, event_time, kafka_partition, kafka_offset)
  FROM missing
 WHERE by_rows
    OR NOT EXISTS (SELECT FROM misled WHERE misled.user_id = missing.user_id AND misled.n < missing.n)
       AND NOT EXISTS (SELECT FROM given
                        WHERE given.user_id = missing.user_id AND given.after_n < missing.n
                          AND NOT given.is_expected AND NOT given.is_possible AND given.type <> missing.type);

INSERT INTO found (kind, user_id, transaction_id, alert_id, kafka_partition, kafka_offset, event_time, expected, actual, detail,
                   reproduce)
SELECT 'WRONG_ALERT', user_id, transaction_id, alert_id, kafka_partition, kafka_offset, event_time,
       format('exposure %s, balance %s%s', spendwatch.to_decimal(expected_minor::bigint, currency),
              spendwatch.to_decimal(expected_balance_minor, currency), ', cause ' || expected_cause),
       format('exposure %s, balance %s%s', spendwatch.to_decimal(exposure_minor, currency),
              spendwatch.to_decimal(balance_minor, currency), ', cause ' || cause),
       format('the %s states other figures than the rows give', type),
       pg_temp.exposure_sql(user_id, currency, event_time, kafka_partition, kafka_offset)
  FROM given
 WHERE is_expected
   AND (exposure_minor, balance_minor, cause) IS DISTINCT FROM (expected_minor::bigint, expected_balance_minor, expected_cause)
 UNION ALL
SELECT 'WRONG_ALERT', user_id, transaction_id, alert_id, kafka_partition, kafka_offset, event_time,
       format('exposure %s', spendwatch.to_decimal(rows.minor, currency)),
       format('%s at exposure %s, balance %s', type, spendwatch.to_decimal(exposure_minor, currency),
              spendwatch.to_decimal(balance_minor, currency)),
       'the alert states another exposure than the rows give, or one that does not lead to it',
       pg_temp.exposure_sql(user_id, currency, event_time, kafka_partition, kafka_offset)
  FROM given
 CROSS JOIN LATERAL (
         SELECT coalesce(sum(signed_minor), 0)::bigint AS minor, count(*) FILTER (WHERE event_time = given.event_time) AS at_once
           FROM work
          WHERE work.user_id = given.user_id AND work.currency = given.currency
            AND work.event_time > given.event_time - {window} AND work.event_time <= given.event_time
            AND work.arrived <= given.arrived
       ) AS rows
 WHERE NOT is_expected AND is_possible
   AND (-- Late alerts of several rows in one millisecond may be about some of them.
        CASE WHEN by_version THEN at_once < 2 AND knows IS NULL
             WHEN NOT late AND transaction_id IS NULL THEN knows IS NULL
             ELSE at_once < 2 AND exposure_minor <> rows.minor END
        OR type = 'RAISED' AND exposure_minor <= balance_minor
        OR type = 'CLEARED' AND exposure_minor > balance_minor
           AND NOT EXISTS (SELECT FROM version
                            WHERE version.user_id = given.user_id AND is_closing AND version.as_of <= given.event_time)
        -- It is the balance of no version that can have been in force there.
        OR NOT EXISTS (SELECT FROM version
                        WHERE version.user_id = given.user_id AND NOT is_closing
                          AND version.balance_minor = given.balance_minor AND version.currency = given.currency
                          AND (version.as_of <= given.event_time
                               OR NOT EXISTS (SELECT FROM version AS earlier
                                               WHERE earlier.user_id = version.user_id AND earlier.as_of < given.event_time
                                                 AND earlier.balance_version < version.balance_version))));

-- What an alert names: the transaction at its instant, or the version there; what revealed it came with it.
INSERT INTO found (kind, user_id, transaction_id, alert_id, kafka_partition, kafka_offset, event_time, expected, actual, detail,
                   reproduce)
SELECT 'WRONG_ALERT', user_id, transaction_id, alert_id, kafka_partition, kafka_offset, event_time, wrong.expected,
       format('transaction %s, cause %s, revealed by %s', coalesce(transaction_id, '-'), coalesce(cause, '-'),
              coalesce(revealed_by, '-')),
       'the alert names what is not at its place', pg_temp.alerts_sql(user_id)
  FROM given
 CROSS JOIN LATERAL (
         SELECT CASE WHEN transaction_id IS NOT NULL
                      AND NOT EXISTS (SELECT FROM work
                                       WHERE work.user_id = given.user_id AND work.transaction_id = given.transaction_id
                                         AND work.event_time = given.event_time)
                       THEN 'a transaction at the instant of the alert'
                     WHEN revealed_by IS NOT NULL AND NOT late THEN 'revealed by nothing: it is not late'
                     WHEN revealed_by IS NOT NULL
                      AND NOT EXISTS (SELECT FROM work
                                       WHERE work.user_id = given.user_id AND work.transaction_id = given.revealed_by
                                         AND work.arrived = given.arrived)
                       THEN 'revealed by the transaction that came with its offset'
                     WHEN type = 'RAISED' AND (transaction_id IS NULL) <> (cause IS NOT DISTINCT FROM 'BALANCE')
                       THEN 'cause BALANCE exactly where there is no transaction'
                     WHEN type = 'RAISED' AND transaction_id IS NULL AND NOT late
                      AND NOT EXISTS (SELECT FROM version WHERE version.user_id = given.user_id AND version.as_of = given.event_time)
                       THEN 'a version of the balance at the instant of the alert'
                END AS expected
       ) AS wrong
 WHERE wrong.expected IS NOT NULL
   AND NOT EXISTS (SELECT FROM found WHERE found.alert_id = given.alert_id);

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
       CASE WHEN must_be THEN 'no open episode' ELSE 'an open episode' END,
       format('after this row, which arrived late, the exposure is %s and the balance %s',
              spendwatch.to_decimal(current_minor, held_currency), spendwatch.to_decimal(held_minor, held_currency)),
       pg_temp.exposure_sql(user_id, held_currency, latest, kafka_partition, kafka_offset)
  FROM astray
 WHERE NOT EXISTS (SELECT FROM found
                    WHERE found.user_id = astray.user_id
                      AND pg_temp.arrived(found.user_id, found.kafka_partition, found.kafka_offset) <= astray.arrived)
 ORDER BY user_id, n;

-- At the end, where it is in doubt what was known: it is over if what is left is no more than any balance that can be in force.
INSERT INTO found (kind, user_id, kafka_partition, kafka_offset, event_time, expected, actual, detail, reproduce)
SELECT 'MISSING_CLEARED', user_id, kafka_partition, kafka_offset, stream_time, 'no open episode', 'an open episode',
       format('at the stream time the exposure is %s, and the balance %s', spendwatch.to_decimal(rest.minor, held_currency),
              spendwatch.to_decimal(least(held_minor, lowest.minor), held_currency)),
       pg_temp.exposure_sql(user_id, held_currency, stream_time, kafka_partition, kafka_offset)
  FROM stretch
  JOIN state USING (user_id, n)
 CROSS JOIN LATERAL (
         SELECT coalesce(sum(signed_minor), 0)::bigint AS minor
           FROM work
          WHERE work.user_id = stretch.user_id
            AND work.event_time > stretch.stream_time - {clear_grace} - {window}
       ) AS rest
 CROSS JOIN LATERAL (
         SELECT min(balance_minor) AS minor, min(currency) = max(currency) AND bool_and(NOT is_closing) AS is_comparable
           FROM version
          WHERE version.user_id = stretch.user_id
       ) AS lowest
 WHERE is_last AND NOT steady AND open_episodes > 0
   AND stream_time - {clear_grace} > latest
   AND lowest.is_comparable
   AND rest.minor <= least(held_minor, lowest.minor)
   AND NOT EXISTS (SELECT FROM found WHERE found.user_id = stretch.user_id);

INSERT INTO still_open
SELECT user_id, kafka_partition,
       coalesce((SELECT max(latest) FROM stretch AS row WHERE row.user_id = stretch.user_id AND NOT row.is_version), latest)
  FROM stretch
  JOIN state USING (user_id, n)
 WHERE is_last AND open_episodes > 0;
