package io.spendwatch.ops.api;

import io.spendwatch.ops.access.Caller;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.pekko.http.javadsl.model.AttributeKeys;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Who asked what, one line a request: what is more than a read, and what was refused; all others
 * with {@code io.spendwatch.ops.api.RequestLog=DEBUG}. Of refusals no more than one each second,
 * which says how many there were since: whoever tries tokens does not fill the disk. Paths have
 * ids; queries and bodies are left out. Thread-safe.
 */
final class RequestLog {
  private static final Logger LOG = LoggerFactory.getLogger(RequestLog.class);
  private static final long REFUSALS_EVERY_MS = 1_000;

  private final InstantSource clock;
  private final AtomicLong refusedMs = new AtomicLong(Long.MIN_VALUE / 2);
  private final AtomicLong untold = new AtomicLong();

  RequestLog(InstantSource clock) {
    this.clock = clock;
  }

  /** Now, for the end. */
  long begin() {
    return clock.millis();
  }

  void answered(HttpRequest request, HttpResponse response, Caller caller, long beganMs) {
    LOG.atLevel(NeededRole.isRead(request.method()) ? Level.DEBUG : Level.INFO)
        .addKeyValue("who", caller.name())
        .addKeyValue("role", caller.role().word())
        .addKeyValue("from", from(request))
        .addKeyValue("method", request.method().value())
        .addKeyValue("path", request.getUri().path())
        .addKeyValue("status", response.status().intValue())
        .addKeyValue("ms", Math.max(0, clock.millis() - beganMs))
        .log("Request");
  }

  void refused(HttpRequest request, HttpResponse response, Optional<Caller> caller) {
    long nowMs = clock.millis();
    long last = refusedMs.get();
    if (nowMs - last < REFUSALS_EVERY_MS || !refusedMs.compareAndSet(last, nowMs)) {
      untold.incrementAndGet();
      return;
    }
    // A page that was opened without a token asks for it.
    boolean isFirst =
        response.status().equals(StatusCodes.UNAUTHORIZED)
            && request.getHeader("Authorization").isEmpty();
    LOG.atLevel(isFirst ? Level.INFO : Level.WARN)
        .addKeyValue("who", caller.map(Caller::name).orElse("nobody known"))
        .addKeyValue("from", from(request))
        .addKeyValue("method", request.method().value())
        .addKeyValue("path", request.getUri().path())
        .addKeyValue("status", response.status().intValue())
        .addKeyValue("untold", untold.getAndSet(0))
        .log("Request refused");
  }

  /** The address that it came from, as far as that is known. */
  static String from(HttpRequest request) {
    return request
        .getAttribute(AttributeKeys.remoteAddress)
        .flatMap(address -> address.getAddress())
        .map(address -> address.getHostAddress())
        .orElse("unknown");
  }
}
