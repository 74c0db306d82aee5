-- Promises that what audits have found of user $1 is said of $2, also in the queries that show it, where ids are literals. Goes through all
-- findings. Answers from which place on the chain of runs has to be made anew; null for nowhere.
WITH erasure AS (
  SELECT ?::text AS user_id, ?::text AS pseudonym
), found AS (
  UPDATE spendwatch.reconciliation_findings AS finding
     SET user_id = erasure.pseudonym,
         expected = replace(finding.expected, quote_literal(erasure.user_id), quote_literal(erasure.pseudonym)),
         actual = replace(finding.actual, quote_literal(erasure.user_id), quote_literal(erasure.pseudonym)),
         detail = replace(finding.detail, quote_literal(erasure.user_id), quote_literal(erasure.pseudonym)),
         -- The end of a range of users that has one has the id and one more character.
         reproduce = replace(replace(finding.reproduce, quote_literal(erasure.user_id), quote_literal(erasure.pseudonym)),
                             quote_literal(erasure.user_id || E'\x01'), quote_literal(erasure.pseudonym || E'\x01'))
    FROM erasure
   WHERE finding.user_id = erasure.user_id
  RETURNING finding.run_id
)
SELECT min(run.place)
  FROM found
  JOIN spendwatch.reconciliation_runs AS run USING (run_id)
