package io.spendwatch.ops.status;

import java.util.Optional;
import javax.net.ssl.SSLContext;

/**
 * What somebody who asks a node shows, and whom they trust.
 *
 * @param token that says who asks
 * @param tls with the authorities that vouch for nodes; empty for Java's own
 */
public record NodeLogin(Optional<String> token, Optional<SSLContext> tls) {
  /** Who needs none. */
  public static final NodeLogin NONE = new NodeLogin(Optional.empty(), Optional.empty());

  /** The value of the header that has the token. */
  public Optional<String> authorization() {
    return token.map(shown -> "Bearer " + shown);
  }

  /** Without the token. */
  @Override
  public String toString() {
    return "NodeLogin[token=" + (token.isPresent() ? "***" : "none") + "]";
  }
}
