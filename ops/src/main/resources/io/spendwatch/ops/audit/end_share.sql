-- Makes room for the next share of users.
DROP VIEW audited;

DROP TABLE scope_user, suspect, late, judged, concerned, work, told, arrival, heard, stretch, state, expected, matched, given;
