-- Where the nodes of the cluster are, and who of them may go on when they lose each other.
--
-- The guarantee of nodes: whoever reads it sees every node that has said within the expiry that it is there, so two nodes that start
-- together see each other and form one cluster. An entry is one life of a node: a later life under the same id replaces it, an
-- earlier one that comes back (a process that was paused) does not get it back.
-- The guarantee of cluster_leases: of the sides into which a cluster falls, one is granted the lease, however long the others
-- took to ask. An asker who has waited is refused when anybody else was granted it since it began to wait. A grant is not taken
-- back, it runs out: a side that was cut off from here must find on its return that the other has gone on.
-- Times are this server's: the nodes' clocks do not matter, except that lives of one node id are told apart by their start.
-- Neither table is needed for what is decided about transactions; pipelines.epoch fences that.

CREATE TABLE spendwatch.nodes (
  node_id         text COLLATE "C" PRIMARY KEY,
  address         text        NOT NULL,
  host            text        NOT NULL,
  management_port integer     NOT NULL,
  started_at      timestamptz NOT NULL,
  renewed_at      timestamptz NOT NULL
);
COMMENT ON TABLE spendwatch.nodes IS 'the nodes that run; each renews its row every second or so, and removes it at its end';
COMMENT ON COLUMN spendwatch.nodes.address IS 'within the cluster';
COMMENT ON COLUMN spendwatch.nodes.management_port IS 'where the other nodes ask, at host, whether it is in a cluster yet';

-- Says that a node is there, and clears away those that have not said so for the expiry. Several nodes do it at once: who is being
-- cleared away or renewed by another is left alone.
CREATE FUNCTION spendwatch.register_node(
    id text, cluster_address text, at_host text, at_port integer, started timestamptz, expiry interval) RETURNS void
  LANGUAGE sql
AS $$
  INSERT INTO spendwatch.nodes AS known (node_id, address, host, management_port, started_at, renewed_at)
  VALUES (id, cluster_address, at_host, at_port, started, now())
      ON CONFLICT (node_id) DO UPDATE
         SET address = excluded.address, host = excluded.host, management_port = excluded.management_port,
             started_at = excluded.started_at, renewed_at = excluded.renewed_at
       WHERE known.started_at <= excluded.started_at;

  DELETE FROM spendwatch.nodes
   WHERE node_id IN (SELECT node_id FROM spendwatch.nodes WHERE renewed_at < now() - expiry FOR UPDATE SKIP LOCKED);
$$;

CREATE TABLE spendwatch.cluster_leases (
  name       text COLLATE "C" PRIMARY KEY,
  owner      text        NOT NULL,
  granted_at timestamptz NOT NULL
);
COMMENT ON TABLE spendwatch.cluster_leases IS 'who was last allowed to take lost nodes out of the cluster';

-- Whether the lease is the asker's now. waited: since when it wants it.
CREATE FUNCTION spendwatch.acquire_cluster_lease(
    lease text, asker text, held interval, waited interval) RETURNS boolean
  LANGUAGE sql
AS $$
  INSERT INTO spendwatch.cluster_leases AS current (name, owner, granted_at)
  VALUES (lease, asker, now())
      ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, granted_at = excluded.granted_at
       WHERE current.owner = excluded.owner OR current.granted_at < now() - held - waited;

  SELECT owner = asker FROM spendwatch.cluster_leases WHERE name = lease;
$$;

DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'spendwatch_oltp') THEN
    GRANT SELECT, INSERT, UPDATE, DELETE ON spendwatch.nodes TO spendwatch_oltp;
    GRANT SELECT, INSERT, UPDATE ON spendwatch.cluster_leases TO spendwatch_oltp;
  END IF;
END
$$;
