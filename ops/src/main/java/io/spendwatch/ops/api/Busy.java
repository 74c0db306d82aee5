package io.spendwatch.ops.api;

import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;

/** Too many ask, or nobody can tell just now: 503, and when to ask again. */
final class Busy {
  private static final RawHeader SOON = RawHeader.create("Retry-After", "1");

  private Busy() {}

  static HttpResponse response(String detail) {
    return Problem.response(StatusCodes.SERVICE_UNAVAILABLE, detail).addHeader(SOON);
  }
}
