package io.spendwatch.ops.access;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Locale;
import java.util.regex.Pattern;

/** What a host in an address says about who can be reached by it. Stateless. */
public final class Hosts {
  private static final Pattern IPV4 = Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}");

  private Hosts() {}

  /**
   * Whether what listens there is reached from this machine only. A name is looked up, which may
   * block; one that is not known is not loopback.
   */
  public static boolean isLoopback(String host) {
    if (host == null || host.isEmpty()) {
      return false;
    }
    try {
      return InetAddress.getByName(bare(host)).isLoopbackAddress();
    } catch (UnknownHostException e) {
      return false;
    }
  }

  /** Whether it is an address itself, or the name of this machine for itself: no DNS decides. */
  public static boolean isLiteral(String host) {
    String bare = bare(host).toLowerCase(Locale.ROOT);
    return IPV4.matcher(bare).matches()
        || bare.contains(":")
        || bare.equals("localhost")
        || bare.endsWith(".localhost");
  }

  /** Without the brackets of an IPv6 address. */
  private static String bare(String host) {
    return host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
  }
}
