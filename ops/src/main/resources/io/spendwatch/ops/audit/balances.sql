-- Promises in table found the fresh rows that name another balance than that in force at their event time, as far as it was known.
--
-- What is known of a user's versions is always all up to some number, which the row has. So a row is right if the version that it names
-- is the one in force at its event time among all up to that number, and none that beats it, with a higher number, was there for
-- {grace} before the row was ingested. A row that was there before a late version stays as it is.
CREATE TEMPORARY TABLE doubtful_row ON COMMIT DROP AS
SELECT audited.*, in_force.balance_version AS version_now
  FROM audited
  JOIN version AS in_force
    ON in_force.user_id = audited.user_id
   AND in_force.in_force_from < audited.event_time AND in_force.in_force_to >= audited.event_time
 WHERE audited.fresh
   AND audited.ingested_at >= {in_time_since}
   AND (audited.balance_version, audited.balance_minor, audited.currency)
       IS DISTINCT FROM (CASE WHEN NOT in_force.is_closing THEN in_force.balance_version END,
                         CASE WHEN NOT in_force.is_closing THEN in_force.balance_minor END,
                         CASE WHEN in_force.is_closing THEN audited.currency ELSE in_force.currency END);

INSERT INTO found (kind, user_id, transaction_id, kafka_partition, kafka_offset, event_time, expected, actual, detail, reproduce)
SELECT 'WRONG_BALANCE', row.user_id, transaction_id, kafka_partition, kafka_offset, event_time,
       CASE WHEN better.is_closing THEN 'no balance'
            ELSE format('%s %s', spendwatch.to_decimal(coalesce(better.balance_minor, named.balance_minor),
                                                       coalesce(better.currency, named.currency)),
                        coalesce(better.currency, named.currency)) END,
       CASE WHEN row.balance_version IS NULL THEN 'no balance'
            ELSE format('%s %s', spendwatch.to_decimal(row.balance_minor, row.currency), row.currency) END,
       CASE WHEN better.is_closing THEN format('the account went at %s', better.as_of)
            WHEN better.user_id IS NOT NULL
              THEN format('version %s, of %s, was in force then, and known since %s', better.balance_version, better.as_of,
                          better.recorded_at)
            WHEN named.user_id IS NULL THEN format('the account has no version %s', row.balance_version)
            ELSE format('version %s of the account has another balance', row.balance_version) END,
       format('SELECT * FROM spendwatch.account_versions WHERE user_id = %L ORDER BY as_of, balance_version', row.user_id)
  FROM doubtful_row AS row
  LEFT JOIN version AS named
    ON named.user_id = row.user_id AND named.balance_version = row.balance_version AND NOT named.is_closing
  -- In force rather than the one named: later in the order, if it had begun; before the first of all, earlier in it.
  LEFT JOIN LATERAL (
         SELECT *
           FROM version
          WHERE version.user_id = row.user_id
            AND (version.recorded_at < row.ingested_at - {grace} OR version.balance_version <= row.known_version)
            AND (row.balance_version IS NULL
                 OR version.as_of < row.event_time AND (version.place > named.place OR named.as_of >= row.event_time)
                 OR named.as_of >= row.event_time AND version.place < named.place)
            -- Where none is named, one that ended before does not count, nor where the account had gone.
            AND (row.balance_version IS NOT NULL
                 OR NOT is_closing
                    AND NOT EXISTS (SELECT FROM version AS gone
                                     WHERE gone.user_id = row.user_id AND gone.is_closing
                                       AND gone.as_of < row.event_time AND gone.place > version.place))
          ORDER BY version.as_of < row.event_time DESC,
                   CASE WHEN version.as_of < row.event_time THEN -version.place ELSE version.place END
          LIMIT 1
       ) AS better ON true
 WHERE better.user_id IS NOT NULL
    OR (named.balance_minor, named.currency) IS DISTINCT FROM (row.balance_minor, row.currency) AND named.user_id IS NOT NULL
    OR named.user_id IS NULL
       AND row.balance_version > (SELECT max(balance_version) FROM version WHERE version.user_id = row.user_id)
       AND NOT EXISTS (SELECT FROM spendwatch.accounts AS account
                        WHERE account.user_id = row.user_id AND account.balance_version >= row.balance_version);
