-- What was usual for each user at the begin of a day, for the archive and whoever learns from it (record 0044).
--
-- The guarantee: what a decision of that day could know, and nothing later. Where everybody's features of the day are stored, those are
-- it, as they were computed then; where they are not (any longer), the one function that computes them does, from roll-ups, which have
-- lost no day, whatever has left the table. computed_at tells the two apart: it is of that day, or of now.
CREATE FUNCTION spendwatch.user_features_known(of_day date)
  RETURNS TABLE (user_id text, currency text, computed_at timestamptz, transactions bigint, days_active integer,
                 daily_spend_avg_minor bigint, daily_spend_p90_minor bigint, refund_share double precision, usual_hours text,
                 merchants integer, usual_merchants text)
  LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  IF EXISTS (SELECT FROM spendwatch.user_features_versions AS version WHERE version.as_of = of_day AND version.next_user IS NULL) THEN
    RETURN QUERY
    SELECT stored.user_id::text, stored.currency::text, stored.computed_at, stored.transactions, stored.days_active,
           spendwatch.minor_or_null(stored.daily_spend_avg_minor), spendwatch.minor_or_null(stored.daily_spend_p90_minor),
           stored.refund_share::double precision, array_to_json(stored.usual_hours)::text, stored.merchants,
           array_to_json(stored.usual_merchants)::text
      FROM spendwatch.user_features AS stored
     WHERE stored.as_of = of_day;
  ELSE
    RETURN QUERY
    SELECT computed.user_id, computed.currency::text, now(), computed.transactions, computed.days_active,
           spendwatch.minor_or_null(computed.daily_spend_avg_minor), spendwatch.minor_or_null(computed.daily_spend_p90_minor),
           computed.refund_share::double precision, array_to_json(computed.usual_hours)::text, computed.merchants,
           array_to_json(computed.usual_merchants)::text
      FROM spendwatch.user_features_at(of_day) AS computed;
  END IF;
END
$$;

-- Sums of amounts may be more than one amount can be: then it is null, since a wrong one would teach something.
CREATE FUNCTION spendwatch.minor_or_null(amount_minor numeric) RETURNS bigint
  LANGUAGE sql IMMUTABLE
RETURN CASE WHEN amount_minor BETWEEN -9223372036854775808 AND 9223372036854775807 THEN amount_minor::bigint END;

REVOKE EXECUTE ON FUNCTION spendwatch.user_features_known(date), spendwatch.minor_or_null(numeric) FROM PUBLIC;
COMMENT ON FUNCTION spendwatch.user_features_known(date) IS
  'what was usual for users at the begin of this day (UTC): as it was stored then, else computed by user_features_at';
COMMENT ON FUNCTION spendwatch.minor_or_null(numeric) IS 'the amount; null where it is more than 64 bits hold';
