package io.spendwatch.actors.exposure;

import io.spendwatch.protocol.Transaction;

/** A decoded transaction and its place in the partition. */
public record Received(Transaction transaction, long offset) {}
