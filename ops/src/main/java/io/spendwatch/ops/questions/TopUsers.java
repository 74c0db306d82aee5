package io.spendwatch.ops.questions;

import io.spendwatch.actors.exposure.UserWindow;
import java.util.List;

/**
 * Users in the order of what they were asked for by, the greatest first.
 *
 * @param missingPartitions that have not answered, or that nobody consumes just now
 */
public record TopUsers(List<UserWindow> users, List<Integer> missingPartitions) {
  public TopUsers {
    users = List.copyOf(users);
    missingPartitions = List.copyOf(missingPartitions);
  }
}
