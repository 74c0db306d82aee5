-- Promises that nobody else loads this day until the transaction ends, and what was loaded of it: which files, none for nothing yet.
INSERT INTO loaded_days AS known (day, archive)
VALUES (?, ?)
    ON CONFLICT (day) DO UPDATE SET archive = known.archive
RETURNING files
