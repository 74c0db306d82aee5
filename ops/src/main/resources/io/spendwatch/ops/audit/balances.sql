-- Promises in table found the fresh rows that name a balance which the account did not have under that version.
INSERT INTO found (kind, user_id, transaction_id, kafka_partition, kafka_offset, event_time, expected, actual, detail, reproduce)
SELECT 'WRONG_BALANCE', audited.user_id, transaction_id, kafka_partition, kafka_offset, event_time,
       spendwatch.to_decimal(version.balance_minor, version.currency) || ' ' || version.currency,
       spendwatch.to_decimal(audited.balance_minor, audited.currency) || ' ' || audited.currency,
       'version ' || balance_version || ' of the account has another balance',
       format('SELECT * FROM spendwatch.account_versions WHERE user_id = %L AND balance_version = %s', audited.user_id,
              balance_version)
  FROM audited
  JOIN spendwatch.account_versions AS version USING (user_id, balance_version)
 WHERE audited.fresh
   AND version.balance_minor <> audited.balance_minor;
