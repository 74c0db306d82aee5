-- Whoever was taken out of the cluster is refused its lease, however late it asks.
--
-- The guarantee: of the sides into which a cluster falls, one goes on, even where another notices much later that it has lost the rest.
-- A grant's time (cluster_leases) answers those that ask soon after. How soon a node notices depends on how regular it has found its
-- neighbours, and one on a busy machine can be later than a grant lasts. So each grant notes the members that it gives up, each a life of a
-- node, and these are refused from then on. A later life under the same address is another member.
-- Longer than a paused process is expected to be away, an entry is of no use: whoever comes back then hears from the others that it is out.

CREATE TABLE spendwatch.cluster_exclusions (
  lease       text COLLATE "C" NOT NULL,
  member      text COLLATE "C" NOT NULL,
  excluded_at timestamptz      NOT NULL,
  PRIMARY KEY (lease, member)
);
COMMENT ON TABLE spendwatch.cluster_exclusions IS 'members that the cluster has given up, for a day: they may not take others out of it';
COMMENT ON COLUMN spendwatch.cluster_exclusions.member IS 'address and incarnation, as the cluster tells members apart';

-- Whether the lease is the asker's now. asker: who it is granted to, the same over its lives. member: this life. lost: the members that
-- are out of its reach, which are given up if it is granted. waited: since when it wants it.
CREATE FUNCTION spendwatch.acquire_cluster_lease(
    lease_name text, asker text, asking_member text, lost text[], held interval, waited interval) RETURNS boolean
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF EXISTS (SELECT FROM spendwatch.cluster_exclusions WHERE lease = lease_name AND member = asking_member) THEN
    RETURN false;
  END IF;
  IF NOT spendwatch.acquire_cluster_lease(lease_name, asker, held, waited) THEN
    RETURN false;
  END IF;
  DELETE FROM spendwatch.cluster_exclusions WHERE excluded_at < now() - interval '1 day';
  INSERT INTO spendwatch.cluster_exclusions (lease, member, excluded_at)
  SELECT lease_name, given_up, now() FROM unnest(lost) AS given_up
      ON CONFLICT DO NOTHING;
  RETURN true;
END
$$;
