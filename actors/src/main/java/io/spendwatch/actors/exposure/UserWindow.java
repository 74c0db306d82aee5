package io.spendwatch.actors.exposure;

import io.spendwatch.actors.ports.AccountBalance;
import org.jspecify.annotations.Nullable;

/**
 * What a user's window holds, for who compares it with the tables.
 *
 * @param atMs the exposure is over (atMs − 24 h, atMs]
 * @param transactions how many the exposure sums
 * @param balance null without an account
 * @param openEpisodeId null while not in breach
 */
public record UserWindow(
    String userId,
    long atMs,
    long exposureMinor,
    int transactions,
    @Nullable AccountBalance balance,
    @Nullable String openEpisodeId) {}
