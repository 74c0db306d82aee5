package io.spendwatch.ops.access;

import java.util.List;
import java.util.Optional;

/** Tells by their bearer token who asks. Thread-safe; asking does not block. */
@FunctionalInterface
public interface Callers {

  /** Whose token this is; empty where it is nobody's, or no longer valid. */
  Optional<Caller> of(String token);

  /** Whoever one of these knows. */
  static Callers anyOf(List<Callers> all) {
    List<Callers> each = List.copyOf(all);
    return token -> each.stream().flatMap(callers -> callers.of(token).stream()).findFirst();
  }
}
