package io.spendwatch.ops.api;

import io.spendwatch.ops.access.Role;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.StreamSupport;
import org.apache.pekko.http.javadsl.model.HttpMethod;
import org.apache.pekko.http.javadsl.model.HttpMethods;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.Query;

/**
 * Which role a request needs.
 *
 * <pre>
 *   none       the dashboard's and the documentation's files, openapi.yaml, /health/live, /health/ready: what says
 *              nothing about anybody, and must be there before anybody is asked
 *   VIEWER     /api/v1/status, /metrics, the list of reports, events without alerts: how the system is
 *   ANALYST    everything about users: what is read, what a transaction would do, windows in memory; and whatever
 *              else is read, by a path that nobody has thought of
 *   OPERATOR   everything that changes something
 * </pre>
 *
 * <p>A test holds it against {@code openapi.yaml}. Stateless.
 */
final class NeededRole {
  private static final List<String> OPEN = List.of("assets", "docs", "openapi.yaml");
  private static final List<String> PROBES = List.of("live", "ready");
  private static final String EVENTS_ABOUT_USERS = "alert";

  private NeededRole() {}

  /** Empty where nobody needs to be asked. */
  static Optional<Role> of(HttpRequest request) {
    List<String> path =
        StreamSupport.stream(request.getUri().pathSegments().spliterator(), false).toList();
    boolean reads = isRead(request.method());
    String first = path.isEmpty() ? "" : path.getFirst();
    if (reads && isOpen(first, path)) {
      return Optional.empty();
    }
    if (reads && path.equals(List.of("metrics"))) {
      return Optional.of(Role.VIEWER);
    }
    if (!first.equals("api") || path.size() < 3) {
      return Optional.of(reads ? Role.ANALYST : Role.OPERATOR);
    }
    List<String> resource = path.subList(2, path.size());
    return Optional.of(
        reads ? toRead(resource, request.getUri().query()) : toDo(request.method(), resource));
  }

  private static boolean isOpen(String first, List<String> path) {
    return path.stream().allMatch(String::isEmpty)
        || OPEN.contains(first)
        || (path.size() == 2 && first.equals("health") && PROBES.contains(path.get(1)));
  }

  /** Whether it only reads, by its method. */
  static boolean isRead(HttpMethod method) {
    return method.equals(HttpMethods.GET) || method.equals(HttpMethods.HEAD);
  }

  private static Role toRead(List<String> resource, Query query) {
    boolean isAboutTheSystem =
        switch (resource.getFirst()) {
          case "status", "analysis" -> resource.size() == 1;
          case "events" -> resource.size() == 1 && hasNoAlerts(query);
          default -> false;
        };
    return isAboutTheSystem ? Role.VIEWER : Role.ANALYST;
  }

  /** Questions that are too long for a query change nothing. */
  private static Role toDo(HttpMethod method, List<String> resource) {
    boolean isQuestion =
        method.equals(HttpMethods.POST)
            && (resource.equals(List.of("check"))
                || (resource.size() == 3
                    && resource.getFirst().equals("partitions")
                    && resource.getLast().equals("windows")));
    return isQuestion ? Role.ANALYST : Role.OPERATOR;
  }

  /** Who does not say which events means all. */
  private static boolean hasNoAlerts(Query query) {
    List<String> types =
        query.toMultiMap().getOrDefault("types", List.of()).stream()
            .flatMap(list -> Arrays.stream(list.split(",", -1)))
            .toList();
    return types.stream().noneMatch(type -> type.isEmpty() || type.equals(EVENTS_ABOUT_USERS))
        && !types.isEmpty();
  }
}
