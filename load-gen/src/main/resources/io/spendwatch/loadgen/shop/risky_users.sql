-- Users whose transactions of the last 24 hours come to more than their balance: rows of 24 hours, by their index.
SELECT u.id, u.balance, sum(t.amount) AS spent
FROM transactions t JOIN users u ON u.id = t.user_id
WHERE t.created_at > ?
GROUP BY u.id, u.balance
HAVING sum(t.amount) > u.balance
