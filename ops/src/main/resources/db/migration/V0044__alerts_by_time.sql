-- Alerts of everybody are listed by time, and those of open episodes too, page by page, without a look at the others.
--
-- What it holds up: alerts cannot be written while the first index is built, some 10 s for ten million of them. Nodes wait, and go on.
-- Each alert costs one index entry more, each episode another while it is open; transactions cost nothing more.
CREATE INDEX alerts_time ON spendwatch.alerts (event_time, alert_id);
CREATE INDEX open_episodes_raised ON spendwatch.open_episodes (raised_at);
