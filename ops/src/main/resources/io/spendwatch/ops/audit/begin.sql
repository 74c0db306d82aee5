-- Promises the tables that a run works on: span, what is settled of each partition ({spans}: partition, from and to offset, the
-- number of the last alert that was judged, the stream time then). All of it is gone at the end of the transaction.
-- Compiling takes longer than what it saves here.
SET LOCAL jit = off;

CREATE TEMPORARY TABLE span (
  kafka_partition integer PRIMARY KEY,
  from_offset     bigint NOT NULL,
  to_offset       bigint NOT NULL,
  from_seq        bigint NOT NULL,
  stream_time     timestamptz
) ON COMMIT DROP;
INSERT INTO span VALUES {spans};

CREATE TEMPORARY TABLE still_open (
  user_id           text,
  kafka_partition   integer,
  latest_event_time timestamptz
) ON COMMIT DROP;

-- The query that shows an exposure: of this user at this instant, by the rows that had arrived with this offset.
CREATE OR REPLACE FUNCTION pg_temp.exposure_sql(of_user text, of_currency text, at_time timestamptz, arrived bigint) RETURNS text
  LANGUAGE sql
RETURN format(
  'SELECT spendwatch.to_decimal(sum(CASE kind WHEN ''REFUND'' THEN -amount_minor ELSE amount_minor END)::bigint, %2$L) '
  'FROM spendwatch.transactions WHERE user_id = %1$L AND currency = %2$L '
  'AND event_time > %3$L::timestamptz - interval ''24 hours'' AND event_time <= %3$L AND kafka_offset <= %4$s',
  of_user, of_currency, at_time, arrived);

CREATE OR REPLACE FUNCTION pg_temp.alerts_sql(of_user text) RETURNS text
  LANGUAGE sql
RETURN format('SELECT * FROM spendwatch.alerts_readable WHERE user_id = %L ORDER BY event_time', of_user);

-- The id that an alert must have: a function of its episode and type (a UUID of version 8 out of SHA-256, each part with its length).
CREATE OR REPLACE FUNCTION pg_temp.alert_id(of_episode text, of_type text) RETURNS text
  LANGUAGE sql
BEGIN ATOMIC
  SELECT encode(set_byte(set_byte(hash, 6, get_byte(hash, 6) & 15 | 128), 8, get_byte(hash, 8) & 63 | 128), 'hex')::uuid::text
    FROM (SELECT substring(sha256(string_agg(int4send(octet_length(part)) || convert_to(part, 'UTF8'), '' ORDER BY place))
                           FROM 1 FOR 16) AS hash
            FROM unnest(ARRAY['alert', of_episode, of_type]) WITH ORDINALITY AS parts (part, place)) AS hashed;
END;
