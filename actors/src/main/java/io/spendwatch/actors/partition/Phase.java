package io.spendwatch.actors.partition;

import io.spendwatch.actors.partition.PartitionCommand.Assessed;

/** Where a {@link PartitionActor} is; each phase holds what is valid in it and in no other. */
sealed interface Phase {

  /** No batch is open, and nothing is in memory: not even the partition's stored state. */
  record Blank() implements Phase {}

  /** No batch is open: the last one was given up. */
  record Idle() implements Phase {}

  /** No batch is open: this was the answer to the last one, for whoever asks again. */
  record Answered(Assessed reply) implements Phase {}

  /** A batch is open. */
  sealed interface AtWork extends Phase {
    Batch batch();
  }

  /** The stored state of the partition is being read. */
  record Restoring(Batch batch) implements AtWork {}

  /** Users who are to be watched and are not are being found. */
  record Recalling(Batch batch) implements AtWork {}

  /**
   * The users whom the batch needs are being read, part by part. Those who are awake may answer
   * meanwhile; nobody goes on before the last part has come.
   */
  record ReadingUsers(Batch batch) implements AtWork {}

  /** Users assess, or end episodes; some have still to answer. */
  record Assessing(Batch batch) implements AtWork {}

  /** All have answered, and some need to know more, which is being read. */
  record ReadingFacts(Batch batch) implements AtWork {}

  /** Everything is assessed; ids of transactions that alerts name are being read. */
  record Naming(Batch batch) implements AtWork {}
}
