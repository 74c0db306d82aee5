package io.spendwatch.ops.node;

import io.spendwatch.errors.OperatorException;
import java.net.BindException;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.TimeoutException;
import org.apache.pekko.remote.RemoteTransportException;

/** Why a node does not listen, as an operator is told. Stateless. */
final class ListenFailure {
  private ListenFailure() {}

  /**
   * Of the cluster's port.
   *
   * @param port for people
   * @param listensAt for people
   * @return the failure itself, if the port has nothing to do with it
   */
  static RuntimeException ofCluster(
      RuntimeException failure, String port, String listensAt, Duration startTimeout) {
    if (isTimeout(failure)) {
      return tooSlow("listening for the cluster", startTimeout, failure);
    }
    if (isBindFailure(failure)) {
      return new OperatorException(
          String.format(
              Locale.ROOT,
              "port %s is taken: the node cannot listen for the cluster on %s",
              port,
              listensAt),
          failure);
    }
    return failure;
  }

  /** Of the port of HTTP. */
  static OperatorException ofHttp(Throwable failure, String host, int port, Duration startTimeout) {
    if (isTimeout(failure)) {
      return tooSlow("listening for HTTP", startTimeout, failure);
    }
    return new OperatorException(
        String.format(
            Locale.ROOT,
            "port %d is taken: the node cannot listen for HTTP on %s:%d",
            port,
            host,
            port),
        failure);
  }

  private static boolean isBindFailure(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof BindException || cause instanceof RemoteTransportException) {
        return true;
      }
    }
    return false;
  }

  /** Not what a busy machine is to be told: that somebody else has the port. */
  private static boolean isTimeout(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof TimeoutException
          || String.valueOf(cause.getMessage()).contains("timed out")) {
        return true;
      }
    }
    return false;
  }

  private static OperatorException tooSlow(String what, Duration after, Throwable cause) {
    return new OperatorException(
        String.format(
            Locale.ROOT,
            "%s has not begun after %d s: on a busy machine set SPENDWATCH_START_TIMEOUT to more",
            what,
            after.toSeconds()),
        cause);
  }
}
