-- Makes room for the next share of users.
DROP VIEW audited;

DROP TABLE scope_user, version, suspect, late, judged, doubtful_row, concerned, work, told, several, known, placed, doubt, arrival, heard, stretch,
  follows, plausible, mended, state, expected, matched, given;
