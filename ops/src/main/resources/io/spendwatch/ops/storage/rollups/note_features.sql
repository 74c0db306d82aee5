-- Promises that the features of day $1 are there of the users before $2, of all where that is null.
INSERT INTO spendwatch.user_features_versions (as_of, begun_at, next_user)
VALUES ($1, now(), $2)
    ON CONFLICT (as_of) DO UPDATE
   SET next_user = excluded.next_user
