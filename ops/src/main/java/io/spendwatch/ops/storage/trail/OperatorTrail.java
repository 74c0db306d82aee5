package io.spendwatch.ops.storage.trail;

import io.spendwatch.streams.base.Retry;
import io.spendwatch.streams.database.SqlText;
import io.spendwatch.streams.database.Statements;
import io.vertx.sqlclient.Tuple;
import java.util.concurrent.CompletionStage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who had what done to an installation: table {@code operator_actions}, which is only ever added
 * to. What was done is done before it is noted: where the server is away, the log alone has it.
 * Thread-safe.
 */
public final class OperatorTrail {
  private static final Logger LOG = LoggerFactory.getLogger(OperatorTrail.class);
  private static final String NOTE = SqlText.load(OperatorTrail.class, "note_action");
  private static final String NOTE_SETTINGS = SqlText.load(OperatorTrail.class, "note_settings");

  /** Where a command comes from. */
  private static final String COMMAND = "command";

  /** Texts are cut to it: they are foreign, in part. */
  private static final int CHARACTERS_MAX = 500;

  private final Statements database;

  /**
   * @param database may add to it
   */
  public OperatorTrail(Statements database) {
    this.database = database;
  }

  /**
   * Notes what somebody had done.
   *
   * @param who has asked for it
   * @param origin where that came from
   * @param action what was asked for
   * @param outcome what became of it
   * @return completes when it is noted; a failure is in the log, and completes it, too
   */
  public CompletionStage<Void> note(String who, String origin, String action, String outcome) {
    return database
        .execute(NOTE, Tuple.of(text(who), text(origin), text(action), text(outcome)))
        .handle(
            (_, failure) -> {
              if (failure != null) {
                LOG.atWarn()
                    .addKeyValue("who", who)
                    .addKeyValue("from", origin)
                    .addKeyValue("action", action)
                    .addKeyValue("outcome", outcome)
                    .addKeyValue("reason", Retry.reason(failure))
                    .log("Not in operator_actions");
              }
              return null;
            });
  }

  /** Notes what a command has done, which whoever is logged in on this machine had done. */
  public void noteCommand(String action, String outcome) {
    var _ = note(user(), COMMAND, action, outcome).toCompletableFuture().join();
  }

  /**
   * Notes with which settings a node has started, and what is different; nothing where they are
   * those of its last start.
   *
   * @param settings what somebody has set, without secrets: an object of JSON, by names
   * @return completes when they are noted, and fails where the server does not do it
   */
  public CompletionStage<Void> noteSettings(String node, String settings) {
    return database
        .execute(NOTE_SETTINGS, Tuple.of(text(node), text(user()), settings))
        .thenApply(_ -> null);
  }

  /** Whoever is logged in on this machine. */
  private static String user() {
    return System.getProperty("user.name", "unknown");
  }

  /** No zero, which a text of PostgreSQL cannot have. */
  private static String text(String from) {
    String stored = from.replace('\0', '?');
    return stored.length() <= CHARACTERS_MAX ? stored : stored.substring(0, CHARACTERS_MAX);
  }
}
