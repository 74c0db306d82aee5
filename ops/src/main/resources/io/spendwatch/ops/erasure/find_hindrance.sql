-- Promises why nobody can be erased at this moment, or null: each of these has users halfway from one table to another.
SELECT CASE WHEN EXISTS (SELECT FROM spendwatch.rollups WHERE NOT built) THEN 'a roll-up is being counted anew'
            WHEN EXISTS (SELECT FROM spendwatch.user_features_versions WHERE next_user IS NOT NULL)
              THEN 'features of users are being computed'
       END
