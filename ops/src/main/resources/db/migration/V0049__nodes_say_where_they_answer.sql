-- Where each node answers HTTP, so that whoever has the database finds a node to ask.
--
-- The guarantee: http is that of the life that the row is of; null for a node of a version that does not say. Such a node goes on to
-- register by the function without it, which leaves what a later life has said alone.

ALTER TABLE spendwatch.nodes ADD COLUMN http text;
COMMENT ON COLUMN spendwatch.nodes.http IS 'host:port at which it answers everybody; null where it does not say';

CREATE FUNCTION spendwatch.register_node(
    id text, cluster_address text, at_host text, at_port integer, started timestamptz, expiry interval, answers_at text) RETURNS void
  LANGUAGE sql
  SET search_path = pg_catalog, pg_temp
AS $$
  SELECT spendwatch.register_node(id, cluster_address, at_host, at_port, started, expiry);

  UPDATE spendwatch.nodes SET http = answers_at
   WHERE node_id = id AND started_at = started AND http IS DISTINCT FROM answers_at;
$$;
