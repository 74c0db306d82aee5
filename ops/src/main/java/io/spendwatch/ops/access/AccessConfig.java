package io.spendwatch.ops.access;

import io.spendwatch.streams.base.ConfigSection;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How is told who asks: {@code spendwatch.http.access}.
 *
 * @param file with the hashes of tokens
 * @param oidc whose tokens are taken as well
 */
public record AccessConfig(Optional<String> file, Optional<Oidc> oidc) {
  private static final String PATH = "spendwatch.http.access";

  /**
   * An issuer of tokens.
   *
   * @param issuer as its tokens name it
   * @param audience that a token must be for
   * @param keys its public keys, a JWK set: a file, or {@code https://…}
   * @param interval between two looks at them
   * @param nameClaim who it is, for the log
   * @param rolesClaim the caller's roles, a list or words; dots lead into objects
   * @param roles what each of ours is called there
   */
  public record Oidc(
      String issuer,
      String audience,
      String keys,
      Duration interval,
      String nameClaim,
      String rolesClaim,
      Map<Role, String> roles) {
    public Oidc {
      roles = Map.copyOf(roles);
      ConfigSection.check(!audience.isBlank(), PATH + ".oidc.audience", audience, "a name");
      ConfigSection.check(!keys.isBlank(), PATH + ".oidc.keys", keys, "a file, or https://…");
      ConfigSection.check(
          !keys.contains("://") || isSafe(keys), PATH + ".oidc.keys", keys, "https://…");
      ConfigSection.checkPositive(PATH + ".oidc.interval", interval);
    }

    /** Whoever can change what comes by the way could make tokens. */
    private static boolean isSafe(String address) {
      try {
        URI uri = URI.create(address);
        return "https".equals(uri.getScheme())
            || ("http".equals(uri.getScheme()) && Hosts.isLoopback(uri.getHost()));
      } catch (IllegalArgumentException e) {
        return false;
      }
    }
  }

  /** Reads {@code access} below {@code spendwatch.http}. */
  public static AccessConfig from(ConfigSection http) {
    ConfigSection section = http.section("access");
    ConfigSection oidc = section.section("oidc");
    String issuer = oidc.string("issuer");
    String audience = oidc.string("audience");
    String keys = oidc.string("keys");
    Duration interval = oidc.duration("interval");
    String nameClaim = oidc.string("name-claim");
    String rolesClaim = oidc.string("roles-claim");
    Map<Role, String> roles =
        Map.of(
            Role.VIEWER, oidc.string("viewer"),
            Role.ANALYST, oidc.string("analyst"),
            Role.OPERATOR, oidc.string("operator"));
    oidc.rejectUnknown();
    var config =
        new AccessConfig(
            Optional.of(section.string("file")).filter(file -> !file.isBlank()),
            issuer.isBlank()
                ? Optional.empty()
                : Optional.of(
                    new Oidc(issuer, audience, keys, interval, nameClaim, rolesClaim, roles)));
    section.rejectUnknown();
    return config;
  }

  /** Whether it is told at all. */
  public boolean isOn() {
    return file.isPresent() || oidc.isPresent();
  }

  /**
   * Who are known by this. Blocks while files are read.
   *
   * @return empty where nobody is told apart
   * @throws IllegalArgumentException naming the file that is not what it should be
   */
  public Optional<Callers> callers(InstantSource clock) {
    List<Callers> all = new ArrayList<>();
    file.ifPresent(name -> all.add(AccessFile.read(PATH + ".file", name, clock)));
    oidc.ifPresent(issuer -> all.add(OidcTokens.start(PATH + ".oidc.keys", issuer, clock)));
    return all.isEmpty() ? Optional.empty() : Optional.of(Callers.anyOf(all));
  }

  /** Whether a name of a file, and not an address. */
  static boolean isFile(String keys) {
    return !keys.contains("://") && !Path.of(keys).toString().isEmpty();
  }
}
