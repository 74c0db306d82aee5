package io.spendwatch.actors.exposure;

import io.spendwatch.protocol.AlertType;
import io.spendwatch.protocol.Transaction;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Tries a transaction on a copy of its user: the very code that will assess the record says what it
 * would say, and the user never hears of it. The balance is as fresh as an alert needs it to be: it
 * is read anew, whatever the copy knows. Not thread-safe.
 */
public final class Trial {
  private final UserExposure user;
  private final Received received;
  private final long toMs;
  private final long streamTimeMs;
  private final Facts facts = new Facts();
  private final List<Transition> transitions = new ArrayList<>();

  private Trial(UserExposure user, Transaction transaction, long streamTimeMs, long toMs) {
    this.user = user;
    this.received = new Received(transaction, -1);
    this.toMs = toMs;
    this.streamTimeMs = streamTimeMs;
  }

  /**
   * On a copy of a user who is in memory.
   *
   * @param copy nobody else has it; it {@link UserExposure#covers} the transaction's event time
   * @param streamTimeMs of the partition
   * @param toMs until when time has passed before this record
   */
  public static Trial onCopy(
      UserExposure copy, Transaction transaction, long streamTimeMs, long toMs) {
    return new Trial(copy, transaction, streamTimeMs, toMs);
  }

  /**
   * On a user who was read for it, versions of the balance included.
   *
   * @param versionsFromMs the instant from which on they were read
   */
  public static Trial onRead(
      UserExposure restored,
      Transaction transaction,
      long streamTimeMs,
      long toMs,
      long versionsFromMs) {
    var trial = new Trial(restored, transaction, streamTimeMs, toMs);
    trial.facts.learn(new Facts.Answers(versionsFromMs, List.of(), Set.of(), Map.of(), Map.of()));
    return trial;
  }

  /** What it says; empty where something has to be read first, which {@link #wanted} names. */
  public Optional<CheckAnswer> answer() {
    if (!facts.versionsRead(user.reachMs())) {
      facts.wantVersions(user.reachMs());
      return Optional.empty();
    }
    Assessment assessment = user.assess(received, toMs, facts, transitions);
    if (assessment == null) {
      return Optional.empty();
    }
    return Optional.of(
        CheckAnswer.of(
            assessment,
            received.transaction().currency(),
            () -> user.view(streamTimeMs),
            revealsBreach()));
  }

  /** What has been asked for since the last call. */
  public Facts.Wanted wanted() {
    return facts.takeWanted();
  }

  /** What was read; then {@link #answer} goes on. */
  public void learn(Facts.Answers answers) {
    facts.learn(answers);
    if (answers.hasVersions()) {
      user.learn(
          answers.versions(), answers.versionsFromMs(), toMs, received.offset(), transitions);
    }
  }

  private boolean revealsBreach() {
    String transactionId = received.transaction().transactionId();
    return transitions.stream()
        .anyMatch(
            transition ->
                transition.type() == AlertType.RAISED
                    && transactionId.equals(transition.revealedBy()));
  }
}
