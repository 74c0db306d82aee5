package io.spendwatch.ops.api;

import static org.apache.pekko.http.javadsl.server.Directives.complete;
import static org.apache.pekko.http.javadsl.server.Directives.extractRequest;
import static org.apache.pekko.http.javadsl.server.Directives.mapResponse;

import io.spendwatch.ops.access.Caller;
import io.spendwatch.ops.access.Callers;
import io.spendwatch.ops.access.Hosts;
import io.spendwatch.ops.access.Role;
import io.spendwatch.ops.api.answers.Problem;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.pekko.http.javadsl.model.HttpEntity;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.MediaTypes;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.http.javadsl.server.Route;

/**
 * What every request has to pass before a resource sees it, in this order:
 *
 * <pre>
 *   421   it calls the node by a name that is none of its names: a page of elsewhere whose name was made to lead here
 *   403   a page of another origin has it sent, and it is more than a read
 *   401   it needs a role ({@link NeededRole}), and shows no token, or one that nobody has
 *   403   the token's role is not enough
 *   415   it changes something, and its body is not application/json: a form can be sent by any page
 * </pre>
 *
 * <p>What any page could make of an answer is forbidden to browsers by headers, unless the resource
 * has said more exactly what is allowed. Thread-safe; blocks nobody.
 */
public final class Guard {
  private static final Pattern BEARER =
      Pattern.compile("Bearer +(?<token>[\\w\\-.~+/]+=*)", Pattern.CASE_INSENSITIVE);
  private static final Pattern AUTHORITY =
      Pattern.compile("(?<host>\\[[^\\]]*]|[^:\\[\\]]*)(:\\d{1,5})?");
  private static final String AUTHORIZATION = "Authorization";
  private static final String CHALLENGE = "Bearer realm=\"spendwatch\"";

  private static final List<HttpHeader> SAFE =
      List.of(
          RawHeader.create("X-Content-Type-Options", "nosniff"),
          RawHeader.create("X-Frame-Options", "DENY"),
          RawHeader.create("Referrer-Policy", "no-referrer"),
          RawHeader.create("Cross-Origin-Resource-Policy", "same-origin"),
          RawHeader.create(
              "Content-Security-Policy",
              "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"));

  /** What is about users stays in no cache. */
  private static final HttpHeader NO_STORE = RawHeader.create("Cache-Control", "no-store");

  private final Optional<Callers> callers;
  private final Set<String> names;
  private final Trail trail;
  private final RequestLog log;

  /** Is told of each request that may have changed something. For any thread; must not block. */
  @FunctionalInterface
  public interface Trail {
    /**
     * Somebody had something done.
     *
     * @param from the address that it came from
     * @param what method and path
     * @param status of the answer
     */
    void done(Caller caller, String from, String what, int status);
  }

  /** A request that went no further, or whose it is. */
  private sealed interface Decision {
    record Refused(HttpResponse response, Optional<Caller> caller) implements Decision {}

    record Passed(Caller caller) implements Decision {}
  }

  /**
   * @param callers who are known; empty where anybody may ask everything
   * @param names by which the node may be called besides addresses and localhost; where there are
   *     none and callers are known, by any: a page of elsewhere has no token
   * @param trail is told of what passes and is more than a read or a question
   */
  public Guard(Optional<Callers> callers, Set<String> names, Trail trail, InstantSource clock) {
    this.callers = callers;
    this.names = Set.copyOf(names);
    this.trail = trail;
    this.log = new RequestLog(clock);
  }

  /** Goes on with what passes. */
  Route protect(Supplier<Route> inner) {
    return extractRequest(
        request -> {
          long beganMs = log.begin();
          return switch (decide(request)) {
            case Decision.Refused(HttpResponse response, Optional<Caller> caller) -> {
              log.refused(request, response, caller);
              yield complete(safe(request, response));
            }
            case Decision.Passed(Caller caller) ->
                mapResponse(
                    response -> {
                      log.answered(request, response, caller, beganMs);
                      note(request, response, caller);
                      return safe(request, response);
                    },
                    inner);
          };
        });
  }

  private void note(HttpRequest request, HttpResponse response, Caller caller) {
    if (!NeededRole.isRead(request.method())
        && NeededRole.of(request).filter(Role.OPERATOR::equals).isPresent()) {
      trail.done(
          caller,
          RequestLog.from(request),
          request.method().value() + " " + request.getUri().path(),
          response.status().intValue());
    }
  }

  private Decision decide(HttpRequest request) {
    String authority = header(request, "Host").orElse("");
    boolean reads = NeededRole.isRead(request.method());
    if (!isOurs(hostOf(authority))) {
      return refused(
          Problem.response(
              StatusCodes.MISDIRECTED_REQUEST,
              "this node is not called so (SPENDWATCH_HTTP_NAMES has its names)"));
    }
    if (!reads && !isOfThisOrigin(request, authority)) {
      return refused(
          Problem.response(StatusCodes.FORBIDDEN, "a page of another origin may not ask this"));
    }
    Optional<Role> needed = NeededRole.of(request);
    Decision decision =
        callers.isPresent() && needed.isPresent()
            ? recognized(request, callers.get(), needed.get())
            : new Decision.Passed(Caller.ANYBODY);
    return decision instanceof Decision.Passed(Caller caller)
            && !reads
            && needed.filter(Role.OPERATOR::equals).isPresent()
            && isOfTheApi(request)
            && !isJson(request.entity())
        ? new Decision.Refused(
            Problem.response(
                StatusCodes.UNSUPPORTED_MEDIA_TYPE, "expected: Content-Type: application/json"),
            Optional.of(caller))
        : decision;
  }

  private static Decision refused(HttpResponse response) {
    return new Decision.Refused(response, Optional.empty());
  }

  private static Decision recognized(HttpRequest request, Callers callers, Role needed) {
    Optional<String> shown = header(request, AUTHORIZATION);
    Optional<Caller> caller =
        shown
            .map(BEARER::matcher)
            .filter(Matcher::matches)
            .flatMap(bearer -> callers.of(bearer.group("token")));
    if (caller.isEmpty()) {
      // Why it is not taken is nothing for who has made it.
      return refused(
          Problem.response(
                  StatusCodes.UNAUTHORIZED,
                  shown.isEmpty() ? "this needs a token" : "this token is not valid")
              .addHeader(
                  RawHeader.create(
                      "WWW-Authenticate",
                      shown.isEmpty() ? CHALLENGE : CHALLENGE + ", error=\"invalid_token\"")));
    }
    if (!caller.get().role().includes(needed)) {
      return new Decision.Refused(
          Problem.response(
              StatusCodes.FORBIDDEN,
              String.format(
                  Locale.ROOT,
                  "this needs the role %s; the token has %s",
                  needed.word(),
                  caller.get().role().word())),
          caller);
    }
    return new Decision.Passed(caller.get());
  }

  private boolean isOurs(String host) {
    return names.contains(host)
        || Hosts.isLiteral(host)
        || (names.isEmpty() && callers.isPresent());
  }

  /** Who is no browser has no origin; a page of ours has that by which it was served. */
  private boolean isOfThisOrigin(HttpRequest request, String authority) {
    Optional<String> origin = header(request, "Origin");
    if (origin.isEmpty()) {
      return header(request, "Sec-Fetch-Site").filter("cross-site"::equals).isEmpty();
    }
    // Without its scheme: what encrypts may stand before the node.
    String theirs = origin.get().replaceFirst("^https?://", "");
    return !theirs.equals(origin.get())
        && (theirs.equalsIgnoreCase(authority) || names.contains(hostOf(theirs)));
  }

  private static boolean isOfTheApi(HttpRequest request) {
    var path = request.getUri().pathSegments().iterator();
    return path.hasNext() && path.next().equals("api");
  }

  /** Nothing at all is no form either. */
  private static boolean isJson(HttpEntity entity) {
    return entity.isKnownEmpty()
        || entity.getContentType().mediaType().equals(MediaTypes.APPLICATION_JSON);
  }

  /** Lower case; empty for what is none. */
  private static String hostOf(String authority) {
    Matcher parts = AUTHORITY.matcher(authority);
    return parts.matches() ? parts.group("host").toLowerCase(Locale.ROOT) : "";
  }

  private static Optional<String> header(HttpRequest request, String name) {
    return request.getHeader(name).map(HttpHeader::value);
  }

  private static HttpResponse safe(HttpRequest request, HttpResponse response) {
    if (response.status().equals(StatusCodes.NOT_MODIFIED)) {
      // Its headers would take the place of those that the browser has kept: the resource's own.
      return response;
    }
    List<HttpHeader> missing =
        SAFE.stream().filter(header -> response.getHeader(header.name()).isEmpty()).toList();
    HttpResponse safe = response.addHeaders(missing);
    return isOfTheApi(request) && response.getHeader(NO_STORE.name()).isEmpty()
        ? safe.addHeader(NO_STORE)
        : safe;
  }
}
