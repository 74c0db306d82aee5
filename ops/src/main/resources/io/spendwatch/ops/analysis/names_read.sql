-- Promises what of ours this transaction has read so far: tables and views, by the locks that it holds; but for views of transactions, which
-- hide what is behind them. A planner that finds no partition for what is asked names no table; a lock it has taken all the same.
SELECT ARRAY(SELECT DISTINCT relation.relname::text
               FROM pg_locks AS held
               JOIN pg_database AS here ON here.oid = held.database AND here.datname = current_database()
               JOIN pg_class AS relation ON relation.oid = held.relation
              WHERE held.pid = pg_backend_pid()
                AND held.locktype = 'relation'
                AND relation.relnamespace = 'spendwatch'::regnamespace
                AND relation.relkind IN ('r', 'p', 'v')
                AND NOT relation.relispartition
                AND NOT EXISTS (SELECT FROM pg_rewrite AS rule
                                  JOIN pg_depend AS behind
                                    ON behind.classid = 'pg_rewrite'::regclass AND behind.objid = rule.oid
                                   AND behind.refobjid = 'spendwatch.transactions'::regclass
                                 WHERE rule.ev_class = relation.oid)) AS named
