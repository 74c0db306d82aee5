-- Promises that the settings of a node that has started stand in the trail, where they are others than at its last start.
SELECT spendwatch.note_settings($1, $2, $3::text::jsonb)
