-- Who had what done to this installation: requests that change something, and commands that do. Nothing of it is changed or deleted: the
-- roles may not, and a trigger holds up the owner's mistakes. Not his intentions: he can take the trigger away.

CREATE TABLE spendwatch.operator_actions (
  action_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at        timestamptz NOT NULL DEFAULT now(),
  who       text        NOT NULL,
  origin    text        NOT NULL,
  action    text        NOT NULL,
  outcome   text        NOT NULL,
  login     text        NOT NULL DEFAULT session_user,
  client    inet        DEFAULT inet_client_addr()
);
COMMENT ON TABLE spendwatch.operator_actions IS 'who had what done: requests and commands that change something; only ever added to';
COMMENT ON COLUMN spendwatch.operator_actions.who IS
  'the name of the token; anybody, where nodes ask for none; of a command the user of the operating system, who may claim any';
COMMENT ON COLUMN spendwatch.operator_actions.origin IS 'the address that the request came from; command';
COMMENT ON COLUMN spendwatch.operator_actions.outcome IS 'the status of the answer; of a command what became of it';
COMMENT ON COLUMN spendwatch.operator_actions.login IS 'as whom the node, or the command, was logged in to the server';
COMMENT ON COLUMN spendwatch.operator_actions.client IS 'from where; null for a local socket';
CREATE INDEX operator_actions_at ON spendwatch.operator_actions (at);

CREATE FUNCTION spendwatch.keep_operator_actions() RETURNS trigger
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RAISE EXCEPTION 'what was done has been done: operator_actions is only ever added to' USING ERRCODE = 'restrict_violation';
END
$$;
REVOKE EXECUTE ON FUNCTION spendwatch.keep_operator_actions() FROM PUBLIC;
CREATE TRIGGER keep_operator_actions BEFORE UPDATE OR DELETE OR TRUNCATE ON spendwatch.operator_actions
  FOR EACH STATEMENT EXECUTE FUNCTION spendwatch.keep_operator_actions();
