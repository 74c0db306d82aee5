package io.spendwatch.ops.api.answers;

import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;

/** Too many ask, or nobody can tell just now: 503, and when to ask again. */
public final class Busy {
  private static final RawHeader SOON = RawHeader.create("Retry-After", "1");

  private Busy() {}

  /** 503, to be tried again in a second. */
  public static HttpResponse response(String detail) {
    return Problem.response(StatusCodes.SERVICE_UNAVAILABLE, detail).addHeader(SOON);
  }
}
