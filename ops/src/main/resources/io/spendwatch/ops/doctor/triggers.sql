-- Promises the triggers of accounts that keep versions and push changes, and are missing or switched off.
SELECT wanted
  FROM unnest('{keep_version,begin_account,push_inserts,push_updates,push_deletes,push_truncates}'::text[]) AS wanted
 WHERE NOT EXISTS (
   SELECT FROM pg_trigger
    WHERE tgrelid = 'spendwatch.accounts'::regclass
      AND tgname = wanted
      AND tgenabled IN ('O', 'A'))
 ORDER BY 1
