package io.spendwatch.actors.exposure;

import io.spendwatch.protocol.Alert;

/**
 * An alert to be written and published.
 *
 * @param knownVersion highest number of a version of the user's balance that was known; 0 for none
 */
public record Announcement(Alert alert, long knownVersion) {}
