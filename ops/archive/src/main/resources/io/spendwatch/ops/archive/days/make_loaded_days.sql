-- Promises a place for what was loaded: a row for each day, written in the transaction that writes the day's rows.
CREATE TABLE loaded_days (
  day         date PRIMARY KEY,
  archive     text NOT NULL,
  revision    integer,
  archived_at timestamptz,
  files       text[] NOT NULL DEFAULT '{}',
  loaded_at   timestamptz
)
