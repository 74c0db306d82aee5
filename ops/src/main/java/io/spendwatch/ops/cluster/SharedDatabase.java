package io.spendwatch.ops.cluster;

import io.spendwatch.streams.database.Statements;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.actor.setup.Setup;

/** The node's database, for those parts that the actor system makes itself, by their class name. */
final class SharedDatabase extends Setup {
  private final Statements statements;

  SharedDatabase(Statements statements) {
    this.statements = statements;
  }

  static Statements of(ActorSystem system) {
    return system
        .settings()
        .setup()
        .get(SharedDatabase.class)
        .orElseThrow(() -> new IllegalStateException("the actor system was given no database"))
        .statements;
  }
}
