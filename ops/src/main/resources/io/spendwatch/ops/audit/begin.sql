-- Promises the tables that a run works on: span, what is settled of each partition ({spans}: partition, from and to offset, the
-- number of the last alert that was assessed, the stream time then), and what all shares of the users add to. All of it is the session's.
CREATE TEMPORARY TABLE span (
  kafka_partition integer PRIMARY KEY,
  from_offset     bigint NOT NULL,
  to_offset       bigint NOT NULL,
  from_seq        bigint NOT NULL,
  stream_time     timestamptz
);
INSERT INTO span VALUES {spans};

-- Who has been in several partitions since the topic grew, with their stays there in order of time (moved.sql): empty where it never did.
-- Offsets of two partitions do not compare, so arrivals are ordered by place * 2^42 + offset, which is the offset for everybody else.
CREATE TEMPORARY TABLE moved (
  user_id         text COLLATE "C",
  kafka_partition integer,
  from_offset     bigint,
  to_offset       bigint,
  place           bigint
);

-- The partition in force for users whose alerts are assessed, as far as the topic has grown: time passes for them there.
CREATE TEMPORARY TABLE home (
  user_id         text COLLATE "C",
  kafka_partition integer
);

-- Who has had a late arrival among what is new, with the last one in each partition.
CREATE TEMPORARY TABLE came_late (
  user_id         text,
  kafka_partition integer,
  kafka_offset    bigint,
  event_time      timestamptz
);

CREATE TEMPORARY TABLE still_open (
  user_id           text,
  kafka_partition   integer,
  latest_event_time timestamptz
);

-- An arrival's place in the order of the user's, of the few that a finding names.
CREATE OR REPLACE FUNCTION pg_temp.arrived(of_user text, of_partition integer, with_offset bigint) RETURNS bigint
  LANGUAGE sql
RETURN with_offset + 4398046511104 * coalesce((
  SELECT place
    FROM moved
   WHERE user_id = of_user AND kafka_partition = of_partition AND with_offset >= from_offset AND with_offset < to_offset), 0);

-- The condition for the rows of this user that had arrived up to this offset of this partition (<=), or before it (<).
CREATE OR REPLACE FUNCTION pg_temp.arrived_sql(of_user text, of_partition integer, up_to text, with_offset bigint) RETURNS text
  LANGUAGE sql
RETURN coalesce((
  SELECT '(' || string_agg(
           CASE WHEN stay.place = here.place THEN format('kafka_partition = %s AND kafka_offset %s %s', of_partition, up_to, with_offset)
                WHEN stay.to_offset = 9223372036854775807 THEN format('kafka_partition = %s', stay.kafka_partition)
                ELSE format('kafka_partition = %s AND kafka_offset < %s', stay.kafka_partition, stay.to_offset)
           END, ' OR ' ORDER BY stay.place DESC) || ')'
    FROM moved AS here
    JOIN moved AS stay ON stay.user_id = here.user_id AND stay.place <= here.place
   WHERE here.user_id = of_user AND here.kafka_partition = of_partition
     AND with_offset >= here.from_offset AND with_offset < here.to_offset), format('kafka_offset %s %s', up_to, with_offset));

-- The query that shows an exposure: of this user at this instant, by the rows that had arrived up to this offset of this partition.
CREATE OR REPLACE FUNCTION pg_temp.exposure_sql(of_user text, of_currency text, at_time timestamptz, of_partition integer,
                                                with_offset bigint) RETURNS text
  LANGUAGE sql
RETURN format(
  'SELECT spendwatch.to_decimal(sum(CASE kind WHEN ''REFUND'' THEN -amount_minor ELSE amount_minor END)::bigint, %2$L) '
  'FROM spendwatch.transactions WHERE user_id = %1$L AND currency = %2$L '
  'AND event_time > %3$L::timestamptz - interval ''{window_text}'' AND event_time <= %3$L AND %4$s',
  of_user, of_currency, at_time, pg_temp.arrived_sql(of_user, of_partition, '<=', with_offset));

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
