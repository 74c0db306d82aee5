-- Promises that each of these balances is a version of its account, in their order; one that is known already changes nothing. They
-- come in rounds, each of which has no user twice: $1 says where each round ends.
SELECT spendwatch.apply_balances($1::integer[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::timestamptz[])
